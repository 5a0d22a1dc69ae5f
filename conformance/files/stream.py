"""What is found in a stream of bytes while it passes, so that none of it needs to be kept."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """The first byte that is not UTF-8: its position and its value, where they are known, and what is wrong there."""

    position: int | None
    byte: int | None
    reason: str


@dataclass
class Utf8:
    """Validates a stream strictly: `feed` each piece, then `end`; `fault` is the first one."""

    fault: Fault | None = None
    _passed: int = 0
    _decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def feed(self, piece: bytes, *, final: bool = False) -> None:
        """Take the next piece."""
        if self.fault is not None:
            return
        begun, _ = self._decoder.getstate()
        try:
            self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            # The beginning of a character that the piece before ended with is looked at once more.
            position = self._passed - len(begun) + error.start
            self.fault = Fault(position, error.object[error.start], error.reason)
        self._passed += len(piece)

    def end(self) -> Fault | None:
        """Nothing more comes: a character that has only begun is a fault too."""
        self.feed(b"", final=True)
        return self.fault


def fault_of(content: bytes) -> Fault | None:
    """What keeps some bytes from being UTF-8."""
    reader = Utf8()
    reader.feed(content)
    return reader.end()


class Search:
    """Finds words in a stream, also where they stand across the border of two pieces."""

    def __init__(self, words: Iterable[str]) -> None:
        """Look for these words; an empty one is none."""
        self._wanted = {word: word.encode() for word in words if word}
        self._longest = max(map(len, self._wanted.values()), default=1)
        self._before = b""
        self._found: set[str] = set()

    @property
    def found(self) -> frozenset[str]:
        """The words that were found so far."""
        return frozenset(self._found)

    def feed(self, piece: bytes) -> None:
        """Take the next piece."""
        window = self._before + piece
        self._found.update(word for word, wanted in self._wanted.items() if wanted in window)
        self._before = window[max(len(window) - self._longest + 1, 0) :]
