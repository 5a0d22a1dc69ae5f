"""Waiting for a job in a program that Ctrl-C and SIGTERM end."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from types import FrameType
from typing import TypeVar

from conformance.errors import JobError

Result = TypeVar("Result")

CANCEL_SECONDS = 1.0
"""How long what was cancelled has to end before that is tried again."""

NUMBERS = (signal.SIGINT, signal.SIGTERM)

NO_SIGNAL = b"\0"
"""In the place of a signal's number: what is waited for may have ended."""


@dataclass(frozen=True)
class Signals:
    """SIGINT and SIGTERM, as news that can be waited for.

    The interpreter writes the number of a signal to a socket at once, in whichever thread the signal comes: one that
    comes just before the main thread begins to wait for a lock or a queue would not wake it.
    """

    _read: socket.socket
    _write: socket.socket

    def first(self) -> signal.Signals:
        """Wait for a signal."""
        while (number := self._news()) is None:
            pass
        return number

    def _news(self) -> signal.Signals | None:
        (number,) = self._read.recv(1)
        return signal.Signals(number) if number in NUMBERS else None

    def wait(
        self, future: Future[Result], stop: Callable[[signal.Signals], None], cancel: Callable[[], None]
    ) -> Result:
        """Wait for what runs in another thread: the first signal has it stop, any further one cancels it.

        Raises:
            Exception: what it raised.
        """
        future.add_done_callback(lambda _: self._write.send(NO_SIGNAL))
        stops = 0
        while not future.done():
            number = self._news()
            if number is None:
                continue
            stops += 1
            if stops == 1:
                stop(number)
                continue
            while not future.done():
                # What was just being made is there when it is tried again.
                with contextlib.suppress(JobError):
                    cancel()
                wait([future], CANCEL_SECONDS)
        return future.result()


@contextlib.contextmanager
def signals() -> Iterator[Signals]:
    """Take down signals while the block runs, in the main thread; what is ignored stays so."""
    read, write = socket.socketpair()
    with read, write:
        # Of a signal handler nothing is waited for.
        write.setblocking(False)  # noqa: FBT003 - the only way to say it
        woken = signal.set_wakeup_fd(write.fileno())
        before = {number: signal.getsignal(number) for number in NUMBERS}
        try:
            for number in NUMBERS:
                if before[number] is not signal.SIG_IGN:
                    signal.signal(number, _taken)
            yield Signals(read, write)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(woken)


def _taken(_number: int, _frame: FrameType | None) -> None:
    """What a handler is for is done already: the news is written."""
