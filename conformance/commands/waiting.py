"""Waiting for a job in a program that Ctrl-C and SIGTERM end."""

from __future__ import annotations

import contextlib
import queue
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from types import FrameType
from typing import TypeVar

from conformance.errors import JobError

Result = TypeVar("Result")

CANCEL_SECONDS = 1.0
"""How long what was cancelled has to end before that is tried again."""

NUMBERS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Signals:
    """SIGINT and SIGTERM, as news that can be waited for."""

    # Its `put` may be called by a handler in the middle of its `get`.
    _news: queue.SimpleQueue[signal.Signals | None] = field(default_factory=queue.SimpleQueue)

    def first(self) -> signal.Signals:
        """Wait for a signal."""
        while (number := self._news.get()) is None:
            pass
        return number

    def wait(
        self, future: Future[Result], stop: Callable[[signal.Signals], None], cancel: Callable[[], None]
    ) -> Result:
        """Wait for what runs in another thread: the first signal has it stop, any further one cancels it.

        Raises:
            Exception: what it raised.
        """
        future.add_done_callback(lambda _: self._news.put(None))
        stops = 0
        while not future.done():
            number = self._news.get()
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

    def take(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal down, as its handler."""
        self._news.put(signal.Signals(number))


@contextlib.contextmanager
def signals() -> Iterator[Signals]:
    """Take down signals while the block runs, in the main thread; what is ignored stays so."""
    taken = Signals()
    before = {number: signal.getsignal(number) for number in NUMBERS}
    try:
        for number in NUMBERS:
            if before[number] is not signal.SIG_IGN:
                signal.signal(number, taken.take)
        yield taken
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
