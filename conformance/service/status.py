"""From how the hosts ended to `ProcessingJobStatus` and `FailureReason`.

Source: the developer guide: Completed if every container exits 0, Failed if any does not. The wording of the reasons is
what users report; nothing in the suite depends on it beyond the part before the colon.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.outcome.outcome import End, Host, JobStatus

LONGEST_REASON = 1024
"""Characters of a `FailureReason`, by the API model."""

OUT_OF_MEMORY = (
    "ClientError: Please use an instance type with more memory, "
    "or reduce the size of job data processed on an instance."
)


def job_status(hosts: Sequence[Host], *, message_fault: str = "") -> tuple[JobStatus, str | None]:
    """The job's status and its failure reason, None where it did not fail.

    `message_fault` says what is wrong with a message that is not UTF-8, which fails the job whatever the exit codes.
    """
    reason = _failure(hosts)
    if reason:
        return JobStatus.FAILED, reason
    if any(host.end is End.SUITE_LIMIT for host in hosts):
        return JobStatus.IN_PROGRESS, None
    if any(host.end in {End.MAX_RUNTIME, End.STOPPED} for host in hosts):
        return JobStatus.STOPPED, None
    if message_fault:
        return JobStatus.FAILED, f"ClientError: {message_fault}"
    return JobStatus.COMPLETED, None


def _failure(hosts: Sequence[Host]) -> str:
    """Why the job has failed by a host that ended by itself, whatever became of the others; empty where none did."""
    failed = [host for host in hosts if not host.started or (host.end is End.EXITED and host.exit_code != 0)]
    # Where only a child of the program was killed, and the program made do without it, the job has not failed.
    if any(host.out_of_memory for host in failed):
        return OUT_OF_MEMORY
    for host in failed:
        if host.started:
            return f"AlgorithmError: , exit code: {host.exit_code}"
        code = "" if host.exit_code is None else f", exit code: {host.exit_code}"
        said = host.start_error[: LONGEST_REASON - len("AlgorithmError: ") - len(code)]
        return f"AlgorithmError: {said}{code}"
    return ""
