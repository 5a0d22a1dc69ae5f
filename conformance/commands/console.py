"""What a job says, line by line on a terminal or in a file, as it comes from any number of hosts."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

from conformance import text
from conformance.service.live import Stream

LONGEST_LINE_BYTES = 64 << 10
"""A longer line is shown in pieces: a program may never end one."""


@dataclass
class Lines:
    """Makes whole lines of chunks that may end anywhere."""

    rest: bytes = b""

    def take(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that are complete by now."""
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        yield from lines
        while len(self.rest) > LONGEST_LINE_BYTES:
            piece, self.rest = self.rest[:LONGEST_LINE_BYTES], self.rest[LONGEST_LINE_BYTES:]
            yield piece

    def end(self) -> Iterator[bytes]:
        """What was left without the end of a line."""
        rest, self.rest = self.rest, b""
        if rest:
            yield rest


@dataclass
class Console:
    """Prints what hosts say; with `names`, each line begins with the name of its host.

    Nothing that a program writes steers the terminal or a CI service: what would is shown as an escape.
    """

    out: TextIO
    names: bool
    _lines: dict[tuple[str, Stream], Lines] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_broken: bool = False

    def started(self, host: str) -> None:
        """Have a place for what it says."""
        for stream in Stream:
            self._lines[host, stream] = Lines()

    def said(self, host: str, stream: Stream, chunk: bytes) -> None:
        """Print what is complete of it."""
        self._print(host, self._lines[host, stream].take(chunk))

    def ended(self, host: str) -> None:
        """Print what is left of it."""
        for stream in Stream:
            self._print(host, self._lines[host, stream].end())

    def _print(self, host: str, lines: Iterator[bytes]) -> None:
        begins = f"{host} | " if self.names else ""
        shown = [begins + text.line(line.removesuffix(b"\r").decode("utf-8", "backslashreplace")) for line in lines]
        if not shown or self._is_broken:
            return
        with self._lock:
            try:
                self.out.write("\n".join(shown) + "\n")
                self.out.flush()
            except BrokenPipeError:
                # Nobody reads any more, as behind `| head`; the job goes on.
                self._is_broken = True
                self._discard()

    def _discard(self) -> None:
        """Have Python find somebody who reads when it flushes at its end."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.out.fileno())
            os.close(nowhere)
