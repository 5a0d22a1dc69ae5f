"""Which runs may be concurrent: most of them run together, but one that shows a cause runs alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class Turns:
    """Locks a directory, which workers of pytest-xdist have in common as well as threads; nothing is written there."""

    def __init__(self, directory: Path) -> None:
        """Use a directory that is there."""
        self._directory = directory

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Run beside others."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Run when no other one does."""
        with self._locked(fcntl.LOCK_EX):
            yield

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            # Closing it gives the lock back.
            os.close(descriptor)
