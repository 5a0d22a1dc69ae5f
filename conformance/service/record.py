"""What the probe wrote down in a host's container, which mostly lies among the files that are read back anyway.

An engine takes 50 ms of processor time for an archive, whatever is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from tarfile import TarError
from typing import IO

from docker.errors import APIError

from conformance.errors import JobError
from conformance.files import archive
from conformance.files.tree import File
from conformance.outcome.trace import Trace
from conformance.probe import HANDED_OVER, RECORD, WITNESS
from conformance.probe.bundle import READ_BYTES, read_record
from conformance.service.containers import Container


@dataclass
class Records:
    """The records of one container that has ended; `files` is read before they are asked for."""

    container: Container
    _handed: tuple[bytes, bytes] | None = None

    def files(self, collector: archive.Peek, linked: archive.Linked) -> Iterator[File]:
        """What is below `/opt/ml`, but for the records; see `Container.entries`."""

        def peek(file: File, content: IO[bytes]) -> File:
            if not self._is_own(file):
                return collector(file, content)
            length = content.readline(32)
            if length.strip().isdigit():
                record = content.read(min(int(length), READ_BYTES))
                self._handed = record, content.read(READ_BYTES)
            return file

        return (file for file in self.container.entries(peek, linked) if not self._is_own(file))

    def trace(self) -> Trace:
        """What the tracer recorded; empty where a process of the container left something else in its place.

        A copy counts only where it has all that the tracer saw: anybody may have left a file there.
        """
        key = self.container.probe.key
        if self._handed is not None:
            found = Trace.parse(self._handed[0], key)
            if found.complete:
                return found
            self._handed = None
        return Trace.parse(self.whole(), key)

    def witness(self) -> bytes:
        """What a stand-in wrote down, which writes to a record of its own beside a tracer; `trace` comes before."""
        if not self.container.probe.traced_argv:
            return self.whole()
        return self._written_down(WITNESS) if self._handed is None else self._handed[1]

    def whole(self) -> bytes:
        """All that the probe wrote to its record."""
        return self._written_down(RECORD)

    def _is_own(self, file: File) -> bool:
        return file.path == HANDED_OVER and bool(self.container.probe.traced_argv)

    def _written_down(self, path: str) -> bytes:
        try:
            chunks = self.container.get(path)
        except APIError:
            return b""
        try:
            return read_record(chunks)
        except JobError:
            # It is larger than any record.
            return b""
        except TarError as error:
            raise JobError(f"the engine's archive of {path} cannot be read: {error}") from error
