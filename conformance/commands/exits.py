"""How the program ends."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """The exit status of the program."""

    COMPLETED = 0
    FAILED = 1
    STOPPED = 3
    USAGE = 4
    ERROR = 6
    """The job could not be run to its end, for a reason that lies with the engine or this machine."""
