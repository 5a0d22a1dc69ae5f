"""The AWS CLI, versions 1 and 2, with the variables that `processing-conformance serve` prints and nothing else."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.serve.server import Options, Server
from conformance.service import engine
from scripts.clients import CLI_1, CLI_2
from tests.conftest import ROOT, clean_environment
from tests.support.served import GROUP, Clients, request

VERSIONS = {
    name: pytest.param(program, marks=pytest.mark.skipif(not program.exists(), reason=f"{program} is not installed"))
    for name, program in {"version-1": CLI_1, "version-2": CLI_2}.items()
}
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


@pytest.fixture(name="variables")
def _variables(clients: Clients, tmp_path: Path) -> dict[str, str]:
    """What the CLI has in its environment."""
    without = {name: value for name, value in clean_environment().items() if not name.startswith("AWS_")}
    return {**without, **clients.server.environment, "HOME": str(tmp_path), "AWS_PAGER": ""}


@pytest.fixture(name="aws", params=list(VERSIONS.values()), ids=list(VERSIONS))
def _aws(request: pytest.FixtureRequest, variables: dict[str, str], tmp_path: Path) -> Callable[..., Any]:
    """Runs a command and returns what it prints as JSON; of a failed one, its error."""

    def run(*words: str | Path) -> Any:  # noqa: ANN401 - any JSON
        command = [request.param, "--output", "json", *words]
        ended = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
        if ended.returncode:
            return ended.stderr
        return json.loads(ended.stdout) if ended.stdout.strip().startswith(("{", "[")) else ended.stdout

    return run


@pytest.fixture(name="name")
def _name(request: pytest.FixtureRequest) -> str:
    """A name of the test's own, also for each version."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[-40:].strip("-")


def test_job_from_its_inputs_to_its_outputs(
    aws: Callable[..., Any], tmp_path: Path, clients: Clients, name: str
) -> None:
    """As in a shell script of a user: copy, create, wait, describe, read logs, copy back."""
    document = json.loads((SKLEARN / "job.json").read_text()) | {"ProcessingJobName": name}
    document["AppSpecification"]["ImageUri"] = (
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/conformance/examples-sklearn:latest"
    )
    (tmp_path / "job.json").write_text(json.dumps(document))
    aws("s3", "mb", "s3://conformance-fixtures")
    aws("s3", "sync", SKLEARN / "s3/conformance-fixtures", "s3://conformance-fixtures")

    created = aws("sagemaker", "create-processing-job", "--cli-input-json", "file://job.json")
    clients.ended(name)
    aws("sagemaker", "wait", "processing-job-completed-or-stopped", "--processing-job-name", name)
    described = aws("sagemaker", "describe-processing-job", "--processing-job-name", name)
    aws("s3", "sync", "s3://conformance-fixtures/sklearn/output", "copied")
    events = aws(
        "logs",
        "filter-log-events",
        "--log-group-name",
        "/aws/sagemaker/ProcessingJobs",
        "--log-stream-name-prefix",
        f"{name}/",
    )["events"]

    assert f"arn:aws:sagemaker:us-east-1:123456789012:processing-job/{name}" == created["ProcessingJobArn"]
    assert "Completed" == described["ProcessingJobStatus"]
    assert document["ProcessingResources"] == described["ProcessingResources"]
    assert {"test", "train"} == set(os.listdir(tmp_path / "copied"))  # noqa: PTH208 - names
    assert "wrote 142 rows to /opt/ml/processing/output/train/train.csv" in {event["message"] for event in events}
    assert "123456789012" == aws("sts", "get-caller-identity")["Account"]


def test_pages_and_errors(aws: Callable[..., Any], clients: Clients, tmp_path: Path, name: str) -> None:
    """Pages of any size are put together, filters hold, and an error is shown once, with its code."""
    names = [f"{name}-{number}" for number in range(5)]
    for each in names:
        (tmp_path / "job.json").write_text(json.dumps(request(each, "")))
        aws("sagemaker", "create-processing-job", "--cli-input-json", "file://job.json")
    for each in names:
        clients.ended(each)
    listing = ("sagemaker", "list-processing-jobs", "--name-contains", name)

    listed = aws(*listing, "--page-size", "2")
    some = aws(*listing, "--max-items", "3", "--sort-by", "Name", "--sort-order", "Descending")
    failed = aws(*listing, "--status-equals", "Failed")
    again = aws("sagemaker", "create-processing-job", "--cli-input-json", "file://job.json")
    over = aws("sagemaker", "stop-processing-job", "--processing-job-name", names[0])

    assert names == [job["ProcessingJobName"] for job in listed["ProcessingJobSummaries"]]
    assert names[:1:-1] == [job["ProcessingJobName"] for job in some["ProcessingJobSummaries"]]
    assert [] == failed["ProcessingJobSummaries"]
    assert "(ResourceInUse)" in again
    assert "(ValidationException)" in over
    assert "status Completed" in over


def test_job_that_runs_is_stopped(aws: Callable[..., Any], clients: Clients, tmp_path: Path, name: str) -> None:
    """And waited for."""
    (tmp_path / "job.json").write_text(json.dumps(request(name, "import time; print('ready'); time.sleep(600)")))
    aws("sagemaker", "create-processing-job", "--cli-input-json", "file://job.json")
    clients.has_said(name)

    assert "" == aws("sagemaker", "stop-processing-job", "--processing-job-name", name)
    clients.ended(name)
    assert "" == aws("sagemaker", "wait", "processing-job-completed-or-stopped", "--processing-job-name", name)
    described = aws("sagemaker", "describe-processing-job", "--processing-job-name", name)
    assert "Stopped" == described["ProcessingJobStatus"]


COUNTING = """
import os, time
for number in range(1000):
    print(os.environ["WHO"], number, flush=True)
    time.sleep(0.2)
"""


@pytest.mark.skipif(not CLI_2.exists(), reason=f"{CLI_2} is not installed")
def test_log_is_followed_while_the_job_runs(clients: Clients, variables: dict[str, str], tmp_path: Path) -> None:
    """By `logs tail --follow`, which version 1 does not have: that job's lines alone, in their order."""
    for who in ("followed", "followed-not"):
        clients.create(who, COUNTING, Environment={"WHO": who})
    for who in ("followed", "followed-not"):
        clients.has_said(who)
    command: list[str | Path] = [
        CLI_2,
        "logs",
        "tail",
        GROUP,
        "--log-stream-name-prefix",
        "followed/",
        "--follow",
        "--format",
        "short",
    ]
    with subprocess.Popen(command, env=variables, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        lines = [following.stdout.readline().split() for _ in range(40)]
        status = clients.describe("followed")["ProcessingJobStatus"]
        following.send_signal(signal.SIGINT)
        following.stdout.read()
    for who in ("followed", "followed-not"):
        clients.processing.stop_processing_job(ProcessingJobName=who)
        clients.ended(who)

    assert "InProgress" == status
    assert [["followed", str(number)] for number in range(40)] == [line[1:] for line in lines]
