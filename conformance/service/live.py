"""What passes between a run and whoever waits for it: what is told while it goes on, and the order to stop it.

The runs that are judged have none of this. A job that is run for its own sake has, see `LocalService.perform`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from conformance.service.results.delivery import Delivery
from conformance.service.usage import Usage


class Stream(StrEnum):
    """Where a program writes what becomes its log."""

    STDOUT = "stdout"
    STDERR = "stderr"


class Watcher(Protocol):
    """Hears of a run while it goes on; each host tells it from a thread of its own."""

    def started(self, host: str) -> None:
        """The container of a host is about to start."""

    def said(self, host: str, stream: Stream, chunk: bytes) -> None:
        """A host has written something, which may end within a line or a character.

        The host waits, once the engine's buffer is full, until this has returned.
        """

    def measured(self, host: str, usage: Usage) -> None:
        """What a host has used, where that is asked for."""

    def ended(self, host: str) -> None:
        """A host has ended, and says nothing more."""


@dataclass
class StopOrder:
    """The order to stop a job: it is given once, at any time and from any thread, and never taken back."""

    _given: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    @property
    def is_given(self) -> bool:
        """Whether it has been."""
        return self._given.is_set()

    def give(self) -> None:
        """Give it, and return when all that wait for it have been told; a second time changes nothing."""
        with self._lock:
            told = [] if self._given.is_set() else list(self._waiting)
            self._given.set()
        for each in told:
            each()

    @contextlib.contextmanager
    def telling(self, tell: Callable[[], None]) -> Iterator[None]:
        """Call this once when the order is given while the block runs, or at once where it already is."""
        with self._lock:
            given = self._given.is_set()
            self._waiting.append(tell)
        try:
            if given:
                tell()
            yield
        finally:
            with self._lock:
                self._waiting.remove(tell)


@dataclass(frozen=True)
class Live:
    """Who hears of a run, what stops it, and what takes its outputs to where they belong.

    `measure_seconds` is how often a host is measured; 0 is never.
    """

    watcher: Watcher
    stop: StopOrder
    delivery: Delivery
    measure_seconds: float = 0.0
