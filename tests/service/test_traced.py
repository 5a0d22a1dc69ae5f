"""What the record of a tracer says of a host, and what is left to a run without it."""

from __future__ import annotations

import errno

import pytest

from conformance.errors import JobError
from conformance.outcome.outcome import End, Host, Stop
from conformance.outcome.trace import UNENDED, Execution, Process, Trace
from conformance.service.traced import DENIED, DISTURBED, FROM_OUTSIDE, why_not_to_be_traced, with_trace
from tests.support.outcomes import host

COMMAND = ("/run.sh",)


def failed(number: int | None) -> Trace:
    """The record of a command that could not begin for this reason."""
    return Trace((), (), tracer=2, failed_errno=number, failed_command="/run.sh")


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENOEXEC, errno.ELOOP])
def test_a_command_that_cannot_begin_is_how_the_host_ended(number: int) -> None:
    """Whoever executes it."""
    found = with_trace(host(stop=Stop("SIGTERM", 0.1, killed=False)), failed(number))

    assert (End.NOT_STARTED, None, "") == (found.end, found.stop, why_not_to_be_traced(found))
    assert found.start_error.startswith("exec '/run.sh': ")


@pytest.mark.parametrize(
    ("stop", "untraced"),
    [(None, UNENDED), (Stop("SIGTERM", 0.1, killed=False), UNENDED), (Stop("SIGTERM", 2.0, killed=True), "")],
    ids=["not stopped", "stopped", "killed"],
)
def test_a_record_without_an_end_is_a_fault_unless_the_container_was_killed(stop: Stop | None, untraced: str) -> None:
    """SIGKILL ends the tracer as well."""
    trace = Trace((Process(1, 0, 1.0),), (), tracer=2, fault=UNENDED)
    found = with_trace(host(stop=stop), trace)

    assert (untraced, trace.processes) == (found.untraced, found.trace.processes if found.trace else None)


def test_what_is_denied_to_the_tracer_is_run_without_it() -> None:
    """An engine may have the privilege that the tracer lacks, and else says that it has not."""
    found = with_trace(host(), failed(errno.EACCES))

    assert (End.EXITED, DENIED) == (found.end, why_not_to_be_traced(found))


def test_what_loses_its_privileges_by_being_traced_is_run_without_it() -> None:
    """Everything else is not."""
    run = Execution(1.0, 1.0, COMMAND, "/run.sh")
    withheld = Execution(1.0, 1.0, COMMAND, "/run.sh", withheld=True)
    traces = [Trace((Process(1, 0, 1.0, (each,)),), (), tracer=2) for each in (run, withheld)]

    assert ["", DISTURBED] == [why_not_to_be_traced(with_trace(host(), trace)) for trace in traces]
    assert "" == why_not_to_be_traced(host())


UNENDED_TRACE = Trace((Process(1, 0, 1.0),), (), tracer=2, fault=UNENDED)


def test_who_is_killed_from_outside_has_no_result() -> None:
    """Process 1 is killed by nobody in its container, and then the record has its end."""
    with pytest.raises(JobError, match=FROM_OUTSIDE):
        with_trace(host(exit_code=137), UNENDED_TRACE)


@pytest.mark.parametrize(
    ("ended", "trace"),
    [
        (host(exit_code=137, out_of_memory=True), UNENDED_TRACE),
        (host(exit_code=3), UNENDED_TRACE),
        (host(exit_code=137), Trace((Process(1, 0, 1.0, ended=2.0, exit_code=137),), (), tracer=2)),
        (host(end=End.MAX_RUNTIME, exit_code=137, stop=Stop("SIGTERM", 2.0, killed=True)), UNENDED_TRACE),
    ],
    ids=["out of memory", "another exit code", "its own exit code", "at its limit"],
)
def test_what_ends_otherwise_has_one(ended: Host, trace: Trace) -> None:
    """Also where the tracer alone was killed, by the program."""
    assert ended.exit_code == with_trace(ended, trace).exit_code
