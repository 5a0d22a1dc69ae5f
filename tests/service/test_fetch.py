"""Archives that an engine gives: one that is empty is asked for again, since no archive is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import docker
import pytest

from conformance.errors import JobError
from conformance.service import engine


@dataclass
class Client:
    """Gives these archives, one at each call, and the last one from then on."""

    archives: list[list[bytes]]
    hooks: dict[str, list[object]] = field(default_factory=lambda: {"response": []})

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


@pytest.mark.engine
@pytest.mark.parametrize("exported", [True, False])
def test_who_gives_an_archive_up_leaves_the_container_free(
    client: docker.APIClient, tag: Callable[[str], str], *, exported: bool
) -> None:
    """The engine holds it as long as somebody may still read, and would not remove it until then."""
    container = client.create_container(tag("reference"))["Id"]
    chunks = engine.export(client, container) if exported else engine.fetch(client, container, "/usr")[0]

    assert next(chunks)
    assert isinstance(chunks, Generator)
    chunks.close()
    client.remove_container(container)
