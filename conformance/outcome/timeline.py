"""When a run's hosts were made, started, stopped, read back and removed: what the service did, in the order of time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What happened at a moment."""

    CREATED = "created"
    FILLED = "filled"
    STARTED = "started"
    SIGNAL = "signal"
    CUT_OFF = "cut off"
    ENDED = "ended"
    READ_BACK = "read back"
    REMOVED = "removed"
    UPLOADED = "uploaded"
    NAMES_ANSWERED = "names answered"
    """The name server of several hosts began to answer."""
    AWS_REACHABLE = "AWS reachable"


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened, to which host, so many seconds after the run began; `said` is the signal, or how many files.

    `host` is empty for what all hosts share.
    """

    seconds: float
    host: str
    step: Step
    said: str = ""
