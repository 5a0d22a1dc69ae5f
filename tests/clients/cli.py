"""The AWS CLI, version 1, with the variables that `processing-conformance serve` prints and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.serve.server import Options, Server
from conformance.service import engine
from tests.conftest import ROOT, clean_environment
from tests.support.served import Clients, request

AWS = ROOT / ".cache/clients/bin/aws"
SKLEARN = ROOT / "fixtures/sklearn"


@pytest.fixture(name="clients", scope="module")
def _clients(reached: engine.Engine, tag: Callable[[str], str]) -> Iterator[Clients]:
    """A server; the images are there."""
    tag("reference")
    tag("examples/sklearn")
    server = Server(reached, Options(grace_seconds=2))
    clients = Clients(server)
    yield clients
    server.close()
    clients.close()


@pytest.fixture(name="aws")
def _aws(clients: Clients, tmp_path: Path) -> Callable[..., Any]:
    """Runs a command and returns what it prints as JSON; of a failed one, its error."""
    without = {name: value for name, value in clean_environment().items() if not name.startswith("AWS_")}
    variables = {**without, **clients.server.environment, "HOME": str(tmp_path), "AWS_PAGER": ""}

    def run(*words: str | Path) -> Any:  # noqa: ANN401 - any JSON
        command = [AWS, "--output", "json", *words]
        ended = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
        if ended.returncode:
            return ended.stderr
        return json.loads(ended.stdout) if ended.stdout.strip().startswith(("{", "[")) else ended.stdout

    return run


def test_job_from_its_inputs_to_its_outputs(aws: Callable[..., Any], tmp_path: Path, clients: Clients) -> None:
    """As in a shell script of a user: copy, create, wait, describe, read logs, copy back."""
    document = json.loads((SKLEARN / "job.json").read_text())
    document["AppSpecification"]["ImageUri"] = (
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/conformance/examples-sklearn:latest"
    )
    (tmp_path / "job.json").write_text(json.dumps(document))
    aws("s3", "mb", "s3://conformance-fixtures")
    aws("s3", "sync", SKLEARN / "s3/conformance-fixtures", "s3://conformance-fixtures")

    created = aws("sagemaker", "create-processing-job", "--cli-input-json", "file://job.json")
    clients.ended("sklearn")
    aws("sagemaker", "wait", "processing-job-completed-or-stopped", "--processing-job-name", "sklearn")
    described = aws("sagemaker", "describe-processing-job", "--processing-job-name", "sklearn")
    aws("s3", "sync", "s3://conformance-fixtures/sklearn/output", "copied")
    events = aws(
        "logs",
        "filter-log-events",
        "--log-group-name",
        "/aws/sagemaker/ProcessingJobs",
        "--log-stream-name-prefix",
        "sklearn/",
    )["events"]

    assert "arn:aws:sagemaker:us-east-1:123456789012:processing-job/sklearn" == created["ProcessingJobArn"]
    assert "Completed" == described["ProcessingJobStatus"]
    assert document["ProcessingResources"] == described["ProcessingResources"]
    assert {"test", "train"} == set(os.listdir(tmp_path / "copied"))  # noqa: PTH208 - names
    assert "wrote 142 rows to /opt/ml/processing/output/train/train.csv" in {event["message"] for event in events}
    assert "123456789012" == aws("sts", "get-caller-identity")["Account"]


def test_pages_and_errors(aws: Callable[..., Any], clients: Clients, tmp_path: Path) -> None:
    """Pages of any size are put together, and an error is shown once, with its code."""
    names = [f"cli-{number}" for number in range(5)]
    for name in names:
        (tmp_path / "job.json").write_text(json.dumps(request(name, "")))
        aws("sagemaker", "create-processing-job", "--cli-input-json", "file://job.json")
    for name in names:
        clients.ended(name)

    listed = aws("sagemaker", "list-processing-jobs", "--name-contains", "cli-", "--page-size", "2")
    some = aws("sagemaker", "list-processing-jobs", "--name-contains", "cli-", "--max-items", "3")
    again = aws("sagemaker", "create-processing-job", "--cli-input-json", "file://job.json")
    over = aws("sagemaker", "stop-processing-job", "--processing-job-name", "cli-0")

    assert names == [job["ProcessingJobName"] for job in listed["ProcessingJobSummaries"]]
    assert 3 == len(some["ProcessingJobSummaries"])
    assert "(ResourceInUse)" in again
    assert "(ValidationException)" in over
    assert "status Completed" in over
