"""What a check uses: the kinds of evidence in an outcome, and the fields of `Host` and `Outcome` of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Sight(StrEnum):
    """A kind of evidence that a check declares in `sees`; it also gets all others, but must not depend on them."""

    ENDS = "ends"
    """How each container started and ended."""
    TIMES = "times"
    """How long it took, when what was done, and how busy it was before a limit stopped it."""
    STOPS = "stops"
    """How it was stopped while running."""
    FILES = "files"
    """What it wrote below /opt/ml and elsewhere."""
    UPLOADS = "uploads"
    """What was uploaded, at the end or while it ran."""
    MESSAGE = "message"
    """The content of `/opt/ml/output/message`; that the file exists is part of `FILES`."""
    LOGS = "logs"
    """What it wrote to stdout and stderr."""
    PROCESSES = "processes"
    """Its processes and signals, which only the tracer sees."""
    NAMES = "names"
    """The queries of hosts to their name server."""
    CALLS = "calls"
    """What it asked of AWS, where there was one for the job."""
    WITNESSES = "witnesses"
    """What the probe saw as the stand-in for a program."""
    GPUS = "gpus"
    """Which GPUs the containers had, and what the probe saw of them."""
    PIPES = "pipes"
    """Which FIFOs of Pipe inputs were opened."""
    TRIALS = "trials"
    """The conditions of the run, and how other runs of the same job ended."""
    ANSWER = "answer"
    """What the service derives from that, as DescribeProcessingJob reports it."""


FIELDS: Mapping[Sight, frozenset[str]] = MappingProxyType(
    {
        Sight.ENDS: frozenset({"end", "exit_code", "start_error", "out_of_memory"}),
        Sight.TIMES: frozenset({"seconds", "processor_seconds", "timeline"}),
        Sight.STOPS: frozenset({"stop"}),
        Sight.FILES: frozenset({"files", "changed"}),
        Sight.UPLOADS: frozenset({"uploads", "sightings"}),
        Sight.MESSAGE: frozenset({"message", "message_fault", "message_found"}),
        Sight.LOGS: frozenset({"stdout", "stderr"}),
        Sight.PROCESSES: frozenset({"trace", "untraced"}),
        Sight.NAMES: frozenset({"queries"}),
        Sight.CALLS: frozenset({"calls"}),
        Sight.WITNESSES: frozenset({"witnesses"}),
        Sight.GPUS: frozenset({"gpus", "look", "utilization"}),
        Sight.PIPES: frozenset({"feeds"}),
        Sight.TRIALS: frozenset({"conditions", "trials", "unsteady"}),
        Sight.ANSWER: frozenset({"status", "failure_reason", "exit_message"}),
    }
)
"""The fields of `Host` and `Outcome` by kind."""

GIVEN = frozenset(
    {
        "request",
        "variation",
        "hosts",
        "stand_in",
        "emulated_on",
        "on_aws",
        "name",
        "argv",
        "address",
        "secrets",
        "memory_bytes",
        "cut_off_seconds",
    }
)
"""The other fields, which are the suite's own input. Every check may use them."""
