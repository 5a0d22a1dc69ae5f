"""Which runs may be concurrent: most of them run together, but one that shows a cause runs alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

SHARED = "PROCESSING_CONFORMANCE_TURNS"
"""The variable by which sessions that run at a time on one engine share the directory of their turns."""


class Turns:
    """Locks a directory, which workers of pytest-xdist have in common as well as threads; nothing is written there."""

    def __init__(self, directory: Path) -> None:
        """Use a directory that is there."""
        self._directory = directory

    @classmethod
    def of(cls, report: Path) -> Turns:
        """Those of a session with reports of its own, which it may share with others."""
        return cls(Path(os.environ.get(SHARED, report)))

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
