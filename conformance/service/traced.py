"""What a host's record tells of it, and whether the tracer itself changed what happened."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

from conformance.outcome.outcome import End, Host
from conformance.outcome.trace import Trace

DISTURBED = "it runs programs that change privileges, which fails under a tracer"

DENIED = "the tracer may not execute its command, which the engine itself may"


def with_trace(host: Host, trace: Trace) -> Host:
    """The host with what the probe saw, which may be that the command could not begin.

    What is denied to the tracer is left to a run without it.
    """
    if trace.failed_errno is not None and trace.failed_errno != errno.EACCES:
        reason = f"exec {trace.failed_command!r}: {os.strerror(trace.failed_errno)}"
        return replace(host, end=End.NOT_STARTED, start_error=reason, stop=None)
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
