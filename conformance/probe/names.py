"""The plan of a name server: which names there are, and when a client first gets to know them.

The probe answers by it, see `conformance/probe/src/resolver.c`; `conformance.outcome.resolution` reads what it was
asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from conformance.probe.bundle import words

LIMIT_BYTES = 8 << 20
"""How much a name server records, which is some 30,000 queries; past that it answers on, and says that it was cut."""

MOST_NAMES = 128
"""How many names it can have; a job has at most 100 hosts (API model, `ProcessingClusterConfig`)."""

_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


class Refusal(StrEnum):
    """What a client gets for a name that is not to be known yet."""

    NO_SUCH_NAME = "nxdomain"
    SERVER_FAILURE = "servfail"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Name:
    """A name and its IPv4 address, which no client learns before both delays are over.

    `after_seconds` counts from the start of the name server. `after_queries` is how often each client is refused: A and
    AAAA that are asked together count once, and a query that is repeated for want of a reply counts again.

    Raises:
        ValueError: the name or the address is none, or a delay is negative.
    """

    name: str
    address: str
    after_seconds: float = 0.0
    after_queries: int = 0
    refusal: Refusal = Refusal.NO_SUCH_NAME

    def __post_init__(self) -> None:
        """Refuse here what the name server could not read."""
        if _HOST_NAME.fullmatch(self.name) is None:
            raise ValueError(f"{self.name!r} is no name of a host")
        IPv4Address(self.address)
        if self.after_seconds < 0 or self.after_queries < 0:
            raise ValueError(f"{self.name} cannot be known before it is asked for")


def answer(names: Iterable[Name], *, limit_bytes: int = LIMIT_BYTES, refuses: bool = False) -> str:
    """The plan of a name server that knows these names and no others.

    With `refuses` it answers for the addresses of hosts that have ended, of which its stdin has one on each line.

    Raises:
        ValueError: there are more than it can have, or one of them twice.
    """
    names = tuple(names)
    if len(names) > MOST_NAMES:
        raise ValueError(f"a name server has at most {MOST_NAMES} names, not {len(names)}")
    if len({each.name.lower() for each in names}) < len(names):
        raise ValueError("a name server has each name once")
    return "\n".join((words("answer", limit_bytes), *([words("refuse")] if refuses else []), *map(_line, names)))


def _line(each: Name) -> str:
    milliseconds = round(each.after_seconds * 1000)
    return words("name", each.name, each.address, milliseconds, each.after_queries, each.refusal.value)
