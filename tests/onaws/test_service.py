"""The service where AWS refuses, loses an answer, or is asked for more than was agreed to; and the URI of the image."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from conformance.errors import JobError, UsageError
from conformance.job.objects import S3Uri
from conformance.job.request import JobRequest
from conformance.job.variation import Variation, default_command_request
from conformance.onaws.calls import Calls
from conformance.onaws.service import AwsService, image_uri
from conformance.outcome.outcome import JobStatus
from tests.support.jobs import job
from tests.support.outcomes import image

REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

Answer = Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]


class Aws:
    """An AWS that answers as a test has it; `asked` are the operations of SageMaker that were called."""

    def __init__(self, answer: Answer) -> None:
        """Answer these operations so."""
        self._answer = answer
        self.asked: list[str] = []

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """As WSGI has it: S3 holds nothing and takes everything, and there are no logs."""
        request = Request(environ)
        operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if not operation:
            return Response("<ListBucketResult></ListBucketResult>", content_type="application/xml")(environ, start)
        if operation == "DescribeLogStreams":
            return Response(json.dumps({"logStreams": []}), content_type="application/x-amz-json-1.1")(environ, start)
        self.asked.append(operation)
        status, told = self._answer(operation, json.loads(request.get_data()))
        return Response(json.dumps(told), status, content_type="application/x-amz-json-1.1")(environ, start)


Serve = Callable[[Answer], tuple[Aws, AwsService]]


@pytest.fixture(name="serve")
def _serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve an AWS, with a service that may make three jobs there."""
    ending = []

    def serve(answer: Answer) -> tuple[Aws, AwsService]:
        aws = Aws(answer)
        server = make_server("127.0.0.1", 0, aws, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        ending.append((server, thread))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "x")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        service = AwsService(Calls(), None, root=S3Uri("bucket", "here"), role="", first=job(), time_limit_seconds=300)
        service.allow(3)
        return aws, service

    yield serve
    for server, thread in ending:
        server.shutdown()
        thread.join()
        server.server_close()


def run(service: AwsService, request: JobRequest | None = None) -> Any:  # noqa: ANN401 - an outcome, which is compared
    """Run the default command."""
    return service.run(image(), request or default_command_request("image"), Variation.DEFAULT_COMMAND)


def completed(name: str) -> dict[str, Any]:
    """A job that has ended."""
    times = {"ProcessingStartTime": 1.0, "ProcessingEndTime": 3.0}
    return {"ProcessingJobName": name, "ProcessingJobStatus": "Completed", **times}


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("ResourceLimitExceeded", "a new account often has a quota of 0"),
        ("AccessDeniedException", "the caller needs sagemaker:"),
        ("ValidationException", ""),
    ],
)
def test_refusal_is_an_error_in_the_words_of_aws(code: str, hint: str, serve: Serve) -> None:
    """It says nothing of the image; nothing is left to be stopped."""
    aws, service = serve(lambda _, __: (400, {"__type": code, "message": "not this time"}))

    with pytest.raises(JobError, match=f"{code}.*not this time") as raised:
        run(service)
    service.close()

    assert hint in raised.value.hint
    assert ["CreateProcessingJob"] == aws.asked


def test_job_whose_first_answer_was_lost_is_there(serve: Serve) -> None:
    """The repeated call finds its name taken: by itself, since nobody else has that name."""

    def answer(operation: str, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if operation == "CreateProcessingJob":
            return 400, {"__type": "ResourceInUse", "message": "Job name must be unique"}
        return 200, completed(sent["ProcessingJobName"])

    aws, service = serve(answer)
    outcome = run(service)
    service.close()

    assert (JobStatus.COMPLETED, 2.0, True) == (outcome.status, outcome.seconds, outcome.on_aws)
    assert ["CreateProcessingJob", "DescribeProcessingJob"] == aws.asked


def test_no_more_jobs_than_were_agreed_to(serve: Serve) -> None:
    """Whoever asks for them."""

    def answer(operation: str, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        is_new = operation == "CreateProcessingJob"
        return 200, {"ProcessingJobArn": "arn"} if is_new else completed(sent["ProcessingJobName"])

    aws, service = serve(answer)
    for _ in range(3):
        run(service)

    with pytest.raises(JobError, match="no more than the 3 jobs that were agreed to"):
        run(service)
    assert 3 == aws.asked.count("CreateProcessingJob")


def test_run_that_aws_does_not_make_is_refused(serve: Serve) -> None:
    """Before anything is sent."""
    aws, service = serve(lambda _, __: (500, {}))

    with pytest.raises(JobError, match="AWS makes no run with late names"):
        service.run(image(), job(), Variation.LATE_NAMES)
    with pytest.raises(JobError, match="AWS makes no run"):
        service.run(image(), job(), Variation.AS_REQUESTED, stop_after_seconds=1.0)
    assert [] == aws.asked


def test_jobs_that_run_are_stopped(serve: Serve) -> None:
    """By `cancel`, for which whoever waits for them does so no longer; `close` waits until they have stopped."""
    stopping = threading.Event()
    running = threading.Event()

    def answer(operation: str, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if operation == "StopProcessingJob":
            stopping.set()
        if operation != "DescribeProcessingJob":
            return 200, {"ProcessingJobArn": "arn"} if operation[0] == "C" else {}
        running.set()
        state = "Stopped" if stopping.is_set() else "InProgress"
        return 200, completed(sent["ProcessingJobName"]) | {"ProcessingJobStatus": state}

    aws, service = serve(answer)
    raised: list[JobError] = []

    def wait() -> None:
        try:
            run(service)
        except JobError as error:
            raised.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    running.wait()
    service.cancel()
    waiting.join()
    service.close()

    assert "the session ended before job" in str(raised[0])
    assert "StopProcessingJob" in aws.asked
    assert "DescribeProcessingJob" == aws.asked[-1]


def test_image_runs_by_the_digest_that_was_inspected() -> None:
    """Whichever of its tags was named; of another repository's digest nothing is known."""
    found = replace(
        image(),
        reference=f"{REGISTRY}/team/train:2",
        pinned=("other/train@sha256:1", f"{REGISTRY}/team/train@sha256:2"),
    )

    assert f"{REGISTRY}/team/train@sha256:2" == image_uri(found)
    assert image_uri(found) == image_uri(replace(found, reference=f"{REGISTRY}/team/train"))
    with pytest.raises(UsageError, match=r"pushed to .*/team/other or pulled from it"):
        image_uri(replace(found, reference=f"{REGISTRY}/team/other:1"))
    with pytest.raises(UsageError, match="expected an image in Amazon ECR"):
        image_uri(replace(found, reference="localhost:5000/team/train:2"))
