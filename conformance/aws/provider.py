"""Who answers the calls of jobs to AWS: each run has one of its own, or all runs share one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from conformance.aws.order import Order
from conformance.outcome.calls import Calls

LONGEST_PATH = 100
"""A socket's path has at most 107 bytes on Linux (unix(7)), of which the name of a host takes some."""

SHORT_PATH = "/tmp"  # noqa: S108 - every Linux has it, and the directory below it is nobody else's


def new_directory() -> str:
    """Make a directory below which the path of a socket is short enough."""
    place = tempfile.gettempdir()
    return tempfile.mkdtemp(dir=place if len(place) < LONGEST_PATH // 2 else SHORT_PATH)


@dataclass
class Run:
    """The AWS of one run; `calls` are there once it has ended."""

    order: Order
    calls: Calls = field(default_factory=Calls)

    def read(self) -> None:
        """Read what its containers called; nothing is written down where nobody called at once."""
        written = Path(self.order.calls)
        if written.exists():
            self.calls = Calls.parse(written.read_bytes())


class Provider(Protocol):
    """Has an AWS for each run of a job."""

    def start(self) -> None:
        """Begin to load what it needs."""

    def of_run(self, order_in: Callable[[str], Order], /) -> AbstractContextManager[Run]:
        """An AWS that is there while the block runs; `order_in` gives its order, with this directory.

        Raises:
            JobError: it cannot be made, or did not last until the end.
        """

    def close(self) -> None:
        """End it, and all that it holds."""
