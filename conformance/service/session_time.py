"""How long all runs of a session may take together: what a run may still take of that, and what is said past it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from conformance.errors import LimitError
from conformance.outcome.outcome import End, Host
from conformance.service.ending import Limits


@dataclass
class SessionTime:
    """`seconds` from now on, 0 for any."""

    seconds: float
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        """It begins now."""
        self._until = time.monotonic() + (self.seconds or math.inf)

    def bounded(self, limits: Limits) -> Limits:
        """What a run may take that begins now, as `limits` unless the session ends before.

        Raises:
            LimitError: it has ended.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise self._is_over()
        return limits if limits.seconds < left else replace(limits, seconds=left, end=End.SUITE_LIMIT)

    def check(self, hosts: Iterable[Host]) -> None:
        """Raise LimitError if it is what ended one of them."""
        if time.monotonic() >= self._until and any(host.end is End.SUITE_LIMIT for host in hosts):
            raise self._is_over()

    def _is_over(self) -> LimitError:
        return LimitError(
            f"the session reached its time limit of {self.seconds:g} s",
            hint="--image-limit=session=SECONDS sets it",
        )
