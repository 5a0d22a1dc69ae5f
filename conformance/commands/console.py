"""What a job says, line by line on a terminal or in a file, as it comes from any number of hosts."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

from conformance import text
from conformance.service.lines import Lines
from conformance.service.live import Stream
from conformance.service.usage import Usage

PROGRESS_SECONDS = 5.0


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

    def measured(self, host: str, usage: Usage) -> None:
        """Nobody asks for it."""

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
                discard(self.out)


def discard(out: TextIO) -> None:
    """Have whatever is still written there go nowhere, and whoever reads it find its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, out.fileno())
        os.close(nowhere)


def say(line: str) -> None:
    """Tell something of the program's own, beside what a job says."""
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(text.line(line) + "\n")
        sys.stderr.flush()


def say_sometimes() -> Callable[[str], None]:
    """What tells of progress: of news that come all the time, some."""
    next_seconds = 0.0

    def tell(line: str) -> None:
        nonlocal next_seconds
        if time.monotonic() >= next_seconds:
            next_seconds = time.monotonic() + PROGRESS_SECONDS
            say(line)

    return tell
