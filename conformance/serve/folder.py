"""A folder for files of a server's own, which the next one removes where the server was killed before it could."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

PREFIX = "processing-conformance-"

JUST_MADE_SECONDS = 60.0
"""A folder that is younger may not be held yet by whoever is making it."""


class Folder:
    """It is there until `close`, and this process holds a lock on it as long as it lives."""

    def __init__(self) -> None:
        """Make it, and remove those that no process holds any more."""
        _remove_left_behind()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Remove it with all that is in it; once is enough."""
        shutil.rmtree(self.path, ignore_errors=True)
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)


def _remove_left_behind() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        # What is no folder, or somebody else's, is not looked into; nor is one that is held.
        with contextlib.suppress(OSError):
            _remove_unless_held(path)


def _remove_unless_held(path: Path) -> None:
    found = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        facts = os.fstat(found)
        if facts.st_uid == os.geteuid() and time.time() - facts.st_mtime > JUST_MADE_SECONDS:
            fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(found)
