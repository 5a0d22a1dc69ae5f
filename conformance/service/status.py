"""From how the hosts ended to `ProcessingJobStatus` and `FailureReason`.

Source: the developer guide: Completed if every container exits 0, Failed if any does not. The wording of the reasons is
what users report; nothing in the suite depends on it beyond the part before the colon.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.outcome import End, Host, JobStatus

OUT_OF_MEMORY = (
    "ClientError: Please use an instance type with more memory, "
    "or reduce the size of job data processed on an instance."
)


def job_status(hosts: Sequence[Host], *, message_fault: str = "") -> tuple[JobStatus, str | None]:
    """The job's status and its failure reason, None where it did not fail.

    `message_fault` says what is wrong with a message that is not UTF-8, which fails the job whatever the exit codes.
    """
    if any(host.end in {End.MAX_RUNTIME, End.SUITE_LIMIT} for host in hosts):
        return JobStatus.STOPPED, None
    if any(host.out_of_memory for host in hosts):
        return JobStatus.FAILED, OUT_OF_MEMORY
    for host in hosts:
        if not host.started:
            return JobStatus.FAILED, f"AlgorithmError: {host.start_error}, exit code: {host.exit_code}"
        if host.exit_code != 0:
            return JobStatus.FAILED, f"AlgorithmError: , exit code: {host.exit_code}"
    if message_fault:
        return JobStatus.FAILED, f"ClientError: {message_fault}"
    return JobStatus.COMPLETED, None
