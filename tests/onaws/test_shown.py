"""From what AWS tells of a job to an outcome, for every wording of a FailureReason that users report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import JobError
from conformance.job.variation import INPUT_MARKER, Variation
from conformance.onaws.place import Listed
from conformance.onaws.shown import Seen, outcome
from conformance.outcome.outcome import End, JobStatus, Outcome
from tests.support.outcomes import image, request

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)

OUT_OF_MEMORY = "ClientError: Please use an instance type with more memory, or reduce the size of job data processed"


def seen(status: str = "Completed", *, log: bytes | None = b"done\n", seconds: int = 5, **told: Any) -> Seen:  # noqa: ANN401 - members of the answer
    """A job of one host that ended so, with this log."""
    described = {
        "ProcessingJobName": "job",
        "ProcessingJobStatus": status,
        "ProcessingStartTime": BEGAN,
        "ProcessingEndTime": BEGAN + timedelta(seconds=seconds),
        **told,
    }
    return Seen(described, 60, {} if log is None else {"algo-1": log})


def read(found: Seen) -> Outcome:
    """The outcome of a run as requested."""
    return outcome(image(), request(), Variation.AS_REQUESTED, found)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("AlgorithmError: , exit code: 1", 1),
        ("AlgorithmError: , exit code: 137", 137),
        ("AlgorithmError: Exit Code: 139", 139),
        ("AlgorithmError: See job logs for more information", None),
        ("AlgorithmError: See job logs for more information, exit code: 2", 2),
    ],
)
def test_program_that_failed(reason: str, code: int | None) -> None:
    """AlgorithmError is the program's, with an exit code where AWS gives one."""
    (host,) = read(seen("Failed", FailureReason=reason)).hosts

    assert (End.EXITED, code, "") == (host.end, host.exit_code, host.start_error)


def test_container_that_did_not_start() -> None:
    """AWS gives the engine's words, and there is no log."""
    reason = 'AlgorithmError: exec: "run": executable file not found in $PATH, exit code: 127'
    (host,) = read(seen("Failed", log=None, FailureReason=reason)).hosts

    assert (End.NOT_STARTED, 127) == (host.end, host.exit_code)
    assert 'exec: "run": executable file not found in $PATH' == host.start_error


@pytest.mark.parametrize(
    "reason",
    [
        OUT_OF_MEMORY,
        "InternalServerError: We encountered an internal error. Please try again.",
        "CapacityError: Unable to provision requested ML compute capacity.",
        "ClientError: API error (404): manifest for x not found: manifest unknown: Requested image not found",
        "ClientError: Data download failed:message.csv is not UTF-8",
        "ClientError: Data upload failed: the message is no utf-8",
        "",
        "something new",
    ],
)
def test_trouble_of_service_or_account_is_an_error(reason: str) -> None:
    """It says nothing of the image, and is shown as AWS words it."""
    with pytest.raises(JobError, match="could not run job job"):
        read(seen("Failed", FailureReason=reason))


@given(st.text())
def test_no_other_reason_is_laid_to_the_program(reason: str) -> None:
    """Whatever AWS says: without its word for a program's failure there is no verdict."""
    if reason.lower().startswith(("algorithmerror:", "clienterror:")):
        return
    with pytest.raises(JobError):
        read(seen("Failed", FailureReason=reason))


def test_message_that_is_not_utf8() -> None:
    """The one ClientError that is the image's."""
    reason = "ClientError: The message in /opt/ml/output/message is not valid UTF-8"
    (host,) = read(seen("Failed", FailureReason=reason)).hosts

    assert host.message_fault is not None
    assert (None, None, reason) == (
        host.message_fault.position,
        host.message_fault.byte,
        host.message_fault.reason,
    )


def test_job_that_reached_its_limit() -> None:
    """The request's own limit is evidence, a shorter one of the suite's is not; what ended before was stopped."""
    asked = request(StoppingCondition={"MaxRuntimeInSeconds": 60})
    by_request = outcome(image(), asked, Variation.AS_REQUESTED, seen("Stopped", seconds=61))
    longer = request(StoppingCondition={"MaxRuntimeInSeconds": 3600})
    by_suite = outcome(image(), longer, Variation.AS_REQUESTED, seen("Stopped", seconds=61))

    assert [End.MAX_RUNTIME] == [host.end for host in by_request.hosts]
    assert [End.SUITE_LIMIT] == [host.end for host in by_suite.hosts]
    with pytest.raises(JobError, match="by somebody else"):
        read(seen("Stopped", seconds=5))


def test_message_log_and_outputs() -> None:
    """The message is a file, both streams are one log, and each object stands where the request has its output."""
    found = seen(ExitMessage="done: é", log=b"one\ntwo\n")
    run = read(Seen(found.described, 60, found.logs, {"result": [Listed("sub/part-1", 7, "tag")]}))
    (host,) = run.hosts
    (upload,) = run.uploads

    assert (JobStatus.COMPLETED, 0, 5.0, True) == (run.status, host.exit_code, host.seconds, run.on_aws)
    assert ("done: é".encode(), b"one\ntwo\n", b"") == (host.message, host.stdout.head, host.stderr.head)
    assert ("result", "algo-1", "s3://bucket/result/sub/part-1", 7, "tag") == (
        upload.output,
        upload.host,
        upload.uri,
        upload.size,
        upload.digest,
    )
    output = run.request.outputs[0]
    assert [f"{output.directory}/sub/part-1"] == [file.path for file in run.written(host, output)]


def test_log_that_is_not_there_is_not_known() -> None:
    """It may not have been written, or not be readable: nobody takes it for an empty one."""
    (host,) = read(seen(log=None)).hosts

    assert not host.stdout.complete


@pytest.mark.parametrize(
    ("said", "leak"),
    [
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/6f0f4f64-7a3f-4f5e-9d2b-1c9f5a1d1c11", True),
        ("'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI': '/v2/credentials/6f0f4f64-7a3f-4f5e-9d2b-1c9f5a1d1c11'", True),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set", False),
        ("set AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/path to use it", False),
        ("no word of it", False),
    ],
)
def test_credentials_are_known_by_their_variable(said: str, *, leak: bool) -> None:
    """A log or a message has the path of a role's credentials only where the variable stands with a value."""
    (host,) = read(seen(ExitMessage=said, log=said.encode())).hosts

    assert leak is bool(host.leaks(host.message_found))
    assert leak is bool(host.leaks(host.stdout.found))


def test_word_of_a_corrupt_input_is_found() -> None:
    """In log and message alike."""
    (host,) = read(seen(ExitMessage=INPUT_MARKER, log=INPUT_MARKER.encode())).hosts

    assert {INPUT_MARKER} == host.message_found == host.stdout.found
    assert "" == host.leaks(host.message_found)
