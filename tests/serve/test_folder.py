"""The folder of a server: it goes with it, or with the next one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from conformance.serve.folder import JUST_MADE_SECONDS, Folder

SERVER = (
    "from conformance.serve.folder import Folder; folder = Folder(); (folder.path / 'file').touch();"
    "print(folder.path, flush=True); input()"
)


@pytest.fixture(name="place")
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where folders are made in a test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def age(path: Path) -> None:
    """Make a folder older than one that is just being made."""
    then = path.stat().st_mtime - 2 * JUST_MADE_SECONDS
    os.utime(path, (then, then))


def test_what_a_killed_server_left_is_removed_by_the_next(place: Path) -> None:
    """And nothing that a living one holds, nor what is young, or somebody else's link."""
    with (
        subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed,
        subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as living,
    ):
        assert killed.stdout is not None
        assert living.stdout is not None
        left, held = (Path(each.readline().decode().strip()) for each in (killed.stdout, living.stdout))
        killed.kill()
        killed.wait()
        (young := place / "processing-conformance-young").mkdir()
        (other := place / "other").mkdir()
        (link := place / "processing-conformance-link").symlink_to(other)
        for path in (left, held, other):
            age(path)
        Folder().close()

        assert [False, True, True, True, True] == [path.exists() for path in (left, held, young, other, link)]
        living.kill()


def test_it_goes_with_its_server(place: Path) -> None:
    """With all that is in it."""
    folder = Folder()
    (folder.path / "file").touch()
    folder.close()
    folder.close()

    assert [] == list(place.iterdir())
