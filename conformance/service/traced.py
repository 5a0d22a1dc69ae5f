"""Whether a host is traced, what its record tells of it, and whether the tracer itself changed what happened."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

from conformance.errors import JobError
from conformance.job.conditions import Conditions
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host
from conformance.outcome.record import EMPTY
from conformance.outcome.trace import UNBEGUN, UNENDED, Trace
from conformance.service.ending import KILLED
from conformance.service.engine import Engine

LOOKED = "the probe ran instead of the command, to look for a GPU"

INSTEAD = "the probe ran instead of its program"
"""Why a run with a stand-in is not traced."""

UNWATCHED = "it was run without the tracer"

DISTURBED = "it runs programs that change privileges, which fails under a tracer"

FROM_OUTSIDE = "killed from outside of its container: by somebody else, or since the engine's machine ran out of memory"

DENIED = "the tracer may not execute its command, which the engine itself may"


def why_untraced(engine: Engine, variation: Variation, conditions: Conditions) -> str:
    """Why the hosts of a run are not traced; empty where they are."""
    if not conditions.traced:
        return UNWATCHED
    if variation is Variation.DEFAULT_COMMAND:
        return "only its start is observed, without the tracer"
    if engine.is_foreign:
        return f"the engine runs on {engine.architecture}, but the probe requires x86_64"
    return LOOKED if variation is Variation.LOOK_AT_GPUS else ""


def with_trace(host: Host, trace: Trace) -> Host:
    """The host with what the probe saw, which may be that the command could not begin.

    What is denied to the tracer is left to a run without it.

    Raises:
        JobError: something outside of the container killed it, which is not the program's doing.
    """
    if trace.failed_errno is not None and trace.failed_errno != errno.EACCES:
        reason = f"exec {trace.failed_command!r}: {os.strerror(trace.failed_errno)}"
        return replace(host, end=End.NOT_STARTED, start_error=reason, stop=None)
    # The kernel lets no process of a container kill process 1 of it (pid_namespaces(7)), with which the tracer ends.
    is_cut = trace.fault in {EMPTY, UNBEGUN, UNENDED}
    if host.end is End.EXITED and host.exit_code == KILLED and not host.out_of_memory and is_cut:
        raise JobError(f"{host.name} was {FROM_OUTSIDE}")
    if host.stop is not None and host.stop.killed:
        trace = trace.killed_from_outside()
    return replace(host, trace=trace, untraced=trace.fault)


def why_not_to_be_traced(host: Host) -> str:
    """Why a host has to be run once more without the tracer; empty where it does not.

    As a user other than root, a runtime may still have its own privileges when it becomes the command, as runc 1.3 has,
    while the tracer has none.
    """
    if host.trace is None:
        return ""
    return DENIED if host.trace.failed_errno is not None else DISTURBED if host.trace.disturbed else ""
