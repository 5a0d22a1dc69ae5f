"""Archives that an engine gives: one that is empty is asked for again, since no archive is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from conformance.errors import JobError
from conformance.service import engine


@dataclass
class Client:
    """Gives these archives, one at each call, and the last one from then on."""

    archives: list[list[bytes]]

    def get_archive(self, container: str, path: str, chunk_size: int) -> tuple[Iterator[bytes], dict[str, Any]]:
        """As docker-py does."""
        assert ("host", "/record") == (container, path)
        assert chunk_size
        found = self.archives.pop(0) if len(self.archives) > 1 else self.archives[0]
        return iter(found), {"name": "record"}


def test_an_empty_archive_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Podman answers with nothing where the container has only just ended."""
    monkeypatch.setattr(engine, "FETCH_PAUSE_SECONDS", 0)
    chunks, found = engine.fetch(Client([[], [], [b"a", b"b"]]), "host", "/record")  # type: ignore[arg-type] # it gives archives

    assert ([b"a", b"b"], {"name": "record"}) == (list(chunks), found)


def test_an_archive_that_stays_empty_is_trouble_of_the_suites_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty record would say that nothing ran."""
    monkeypatch.setattr(engine, "FETCH_PAUSE_SECONDS", 0)

    with pytest.raises(JobError, match="the engine returned an empty archive of /record"):
        engine.fetch(Client([[]]), "host", "/record")  # type: ignore[arg-type] # as above
