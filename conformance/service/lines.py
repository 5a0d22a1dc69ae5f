"""Whole lines of what a container says, which comes in chunks that may end anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
