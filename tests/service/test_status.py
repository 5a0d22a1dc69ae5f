"""A job is Completed if and only if every container exited with 0."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.outcome.outcome import End, JobStatus
from conformance.service.status import OUT_OF_MEMORY, job_status
from tests.support.outcomes import host, not_started


@given(st.lists(st.integers(0, 3), min_size=1, max_size=5))
def test_completed_if_and_only_if_all_exit_with_0(codes: list[int]) -> None:
    """One other code fails the job, and the reason names the first."""
    status, reason = job_status([host(exit_code=code) for code in codes])
    failed = [code for code in codes if code]

    assert (JobStatus.FAILED if failed else JobStatus.COMPLETED) == status
    assert (f"AlgorithmError: , exit code: {failed[0]}" if failed else None) == reason


@pytest.mark.parametrize("code", [126, 127, 130, 137, 143, 255])
def test_no_code_but_0_is_a_success(code: int) -> None:
    """130 included, which the SDK's local mode takes for one."""
    assert JobStatus.FAILED == job_status([host(exit_code=code)])[0]


@pytest.mark.parametrize(
    ("end", "status"), [(End.MAX_RUNTIME, JobStatus.STOPPED), (End.SUITE_LIMIT, JobStatus.IN_PROGRESS)]
)
@pytest.mark.parametrize("code", [0, 137])
def test_a_limit_stops_the_job(end: End, status: JobStatus, code: int) -> None:
    """Whatever the program makes of the signal; the suite's own limit is none of the job's."""
    assert (status, None) == job_status([host(exit_code=code, end=end)])


@pytest.mark.parametrize("end", [End.MAX_RUNTIME, End.SUITE_LIMIT, End.STOPPED])
def test_a_host_that_fails_fails_the_job(end: End) -> None:
    """Also where another one was stopped at a limit, whose exit code says nothing."""
    hosts = [host(exit_code=137, end=end), host(exit_code=3)]

    assert (JobStatus.FAILED, "AlgorithmError: , exit code: 3") == job_status(hosts)


def test_a_container_that_does_not_start_fails_the_job() -> None:
    """With the engine's own words."""
    status, reason = job_status([not_started("no such file")])

    assert (JobStatus.FAILED, "AlgorithmError: no such file, exit code: 127") == (status, reason)


def test_without_a_process_there_is_no_exit_code() -> None:
    """Nothing is made up where there was none."""
    status, reason = job_status([replace(not_started("no command is specified"), exit_code=None)])

    assert (JobStatus.FAILED, "AlgorithmError: no command is specified") == (status, reason)


def test_out_of_memory_is_a_client_error() -> None:
    """Memory is the customer's to choose."""
    assert (JobStatus.FAILED, OUT_OF_MEMORY) == job_status([host(exit_code=137, out_of_memory=True)])


def test_a_job_that_exits_with_0_has_not_failed() -> None:
    """Also where the kernel killed a child of its program, and the program made do without."""
    assert (JobStatus.COMPLETED, None) == job_status([host(exit_code=0, out_of_memory=True)])


def test_a_message_that_is_not_utf8_fails_the_job() -> None:
    """Although every container exited with 0."""
    assert (JobStatus.FAILED, "ClientError: not UTF-8") == job_status([host()], message_fault="not UTF-8")


def test_an_exit_code_says_more_than_a_message() -> None:
    """Where both are wrong, the reason is the exit code."""
    reason = job_status([host(exit_code=3)], message_fault="not UTF-8")[1]

    assert "AlgorithmError: , exit code: 3" == reason


def test_a_reason_is_as_long_as_the_api_allows() -> None:
    """FailureReason holds 1,024 characters."""
    reason = job_status([not_started("é" * 3000)])[1]

    assert reason is not None
    assert len(reason) <= 1024
