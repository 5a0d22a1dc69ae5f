"""What a check looks at: the kinds of evidence in an outcome, and the fields of `Host` and `Outcome` that each has."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Sight(StrEnum):
    """A kind of evidence that a check declares in `sees`; it gets all other kinds too, and must not depend on them."""

    ENDS = "ends"
    """How each container started and ended."""
    TIMES = "times"
    """How long it took, and how busy it was before a limit ended it."""
    STOPS = "stops"
    """How it was stopped while running."""
    FILES = "files"
    """What it left below /opt/ml, and changed elsewhere."""
    UPLOADS = "uploads"
    """What became an object, at the end or while it ran."""
    MESSAGE = "message"
    """What `/opt/ml/output/message` holds; that there is such a file is among the `FILES`."""
    LOGS = "logs"
    """What it wrote to stdout and stderr."""
    PROCESSES = "processes"
    """What its processes and signals did, which is seen only with the tracer."""
    NAMES = "names"
    """What hosts asked their name server."""
    WITNESSES = "witnesses"
    """What the probe found where it stood in for a program."""
    GPUS = "gpus"
    """What the containers had of GPUs, and what the probe saw of one."""
    PIPES = "pipes"
    """Which FIFOs of Pipe inputs were opened."""
    TRIALS = "trials"
    """Under which conditions the run was made, and how other runs of the same job ended."""
    ANSWER = "answer"
    """What the service makes of all that, as DescribeProcessingJob tells it."""


FIELDS: Mapping[Sight, frozenset[str]] = MappingProxyType(
    {
        Sight.ENDS: frozenset({"end", "exit_code", "start_error", "out_of_memory"}),
        Sight.TIMES: frozenset({"seconds", "processor_seconds"}),
        Sight.STOPS: frozenset({"stop"}),
        Sight.FILES: frozenset({"files", "changed"}),
        Sight.UPLOADS: frozenset({"uploads", "sightings"}),
        Sight.MESSAGE: frozenset({"message", "message_fault", "message_found"}),
        Sight.LOGS: frozenset({"stdout", "stderr"}),
        Sight.PROCESSES: frozenset({"trace", "untraced"}),
        Sight.NAMES: frozenset({"queries"}),
        Sight.WITNESSES: frozenset({"witnesses"}),
        Sight.GPUS: frozenset({"gpus", "look"}),
        Sight.PIPES: frozenset({"feeds"}),
        Sight.TRIALS: frozenset({"conditions", "trials", "unsteady"}),
        Sight.ANSWER: frozenset({"status", "failure_reason", "exit_message"}),
    }
)
"""The fields of `Host` and `Outcome` by kind."""

GIVEN = frozenset(
    {"request", "variation", "hosts", "name", "argv", "address", "secret", "memory_bytes", "cut_off_seconds"}
)
"""The other fields, which no container had a hand in: what the suite asked for, and where. Every check may use them."""
