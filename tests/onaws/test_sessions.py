"""Sessions with `--image-service=aws` as users type them, against the served API."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from conformance.reports import document
from tests.conftest import Ran, clean_environment, reference_job
from tests.support.jobs import request
from tests.support.leftovers import SLEEPING
from tests.support.on_aws import BUCKET, OPTIONS, SHOWN, differences, judge, left
from tests.support.served import Clients

pytestmark = pytest.mark.engine

FLAWED = {
    "flawed/output-forgotten": {"outputs.declared-outputs-written"},
    "flawed/message-in-latin-1": {"message.utf8"},
    "flawed/log-in-a-file": {"logs.on-stdout-or-stderr"},
    "flawed/empty-input-accepted": {"exit.empty-input-noticed"},
    "flawed/traceback-and-no-failure": {"exit.nonzero-on-failure"},
    "flawed/link-among-outputs": set[str](),
}
"""Flawed images, and what of their flaws is seen there: nothing of links, which are not uploaded."""

LIMIT_SECONDS = 120

SCHEMA = json.loads(Path(document.__file__).with_name("report.schema.json").read_text(encoding="utf-8"))

ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
"""Runs a command on a terminal of its own, which gets what this program is given."""


def test_reference_conforms_as_far_as_aws_shows(
    tag: Callable[[str], str], conformance: Callable[..., Ran], aws: Clients
) -> None:
    """What is judged conforms, the rest says why it is not, and the status says that this is not all."""
    ran = judge("reference", tag("reference"), aws, conformance)
    reasons = {each["check"]: each["reason"] for each in ran.report["verdicts"] if each["verdict"] == "not judged"}

    assert ([], 6) == (differences("reference", ran), ran.status), ran.output
    assert {"exit.zero-on-success", "exit.nonzero-on-failure", "message.utf8"} <= ran.having("conforms") <= SHOWN
    assert "AWS shows no processes of a container; a Docker Engine does" in reasons["exit.no-process-left"]
    assert "only a Docker Engine makes such a run: late names" in reasons["hosts.retries-resolution"]
    assert "aws" == ran.report["service"]["name"]
    jsonschema.validate(ran.report, SCHEMA, jsonschema.Draft202012Validator)
    assert "jobs on AWS: 4, and at most 9 more that confirm what those show" in ran.output
    assert [] == left(aws)


@pytest.mark.parametrize("name", FLAWED)
def test_flawed_image_fails_what_it_fails_on_an_engine(
    name: str, tag: Callable[[str], str], conformance: Callable[..., Ran], aws: Clients
) -> None:
    """Or is not judged; nothing else fails."""
    ran = judge(name, tag(name), aws, conformance)

    assert ([], FLAWED[name]) == (differences(name, ran), ran.failing), ran.output
    assert [] == left(aws)


def test_nothing_starts_without_consent(
    tag: Callable[[str], str], conformance: Callable[..., Ran], aws: Clients
) -> None:
    """Without a terminal, the session ends with a usage error, and there is neither a job nor an object."""
    before = len(aws.processing.list_processing_jobs(MaxResults=100)["ProcessingJobSummaries"])
    ran = refused(conformance, tag("reference"), *reference_job(), *OPTIONS[:2], aws=aws)

    assert 4 == ran.status, ran.output
    assert "expected consent to these jobs, but there is no terminal to ask on (--image-yes gives it)" in ran.output
    assert before == len(aws.processing.list_processing_jobs(MaxResults=100)["ProcessingJobSummaries"])
    assert [] == left(aws)


@pytest.mark.parametrize(("answer", "status"), [("n\n", 4), ("y\n", 0)])
def test_user_is_asked_on_the_terminal(
    answer: str, status: int, tag: Callable[[str], str], tmp_path: Path, aws: Clients
) -> None:
    """Only a yes starts the jobs; of the one check that is selected, AWS shows enough."""
    session = [sys.executable, "-m", "pytest", f"--image={tag('reference')}", *reference_job(), *OPTIONS[:2]]
    ended = subprocess.run(
        [sys.executable, "-c", ON_A_TERMINAL, *session, "-k", "default-command"],
        cwd=tmp_path,
        env=clean_environment() | dict(aws.server.environment),
        input=answer,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )

    assert status == ended.returncode, ended.stdout
    assert "start them? [y/N] " in ended.stdout
    assert (status == 4) is ("nothing was started" in ended.stdout)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_session_stops_its_jobs(
    number: signal.Signals, tag: Callable[[str], str], tmp_path: Path, aws: Clients
) -> None:
    """None of them runs on, and the objects are gone."""
    job = request(tmp_path / "job.json", AppSpecification=SLEEPING)
    command = [sys.executable, "-m", "pytest", f"--image={tag('reference')}", *reference_job(job=job), *OPTIONS]
    names = running(aws)
    with (tmp_path / "output").open("wb") as output:
        session = subprocess.Popen(
            ["env", "--default-signal=INT", *command],
            cwd=tmp_path,
            env=clean_environment() | dict(aws.server.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + LIMIT_SECONDS
    while not running(aws) - names:
        assert time.monotonic() < deadline, (tmp_path / "output").read_text()
        time.sleep(0.2)
    session.send_signal(number)

    assert 2 == session.wait(LIMIT_SECONDS), (tmp_path / "output").read_text()
    assert names == running(aws)
    assert [] == left(aws)


def running(aws: Clients) -> set[str]:
    """The jobs that have not ended."""
    found = aws.processing.list_processing_jobs(MaxResults=100)["ProcessingJobSummaries"]
    return {each["ProcessingJobName"] for each in found if each["ProcessingJobStatus"] in {"InProgress", "Stopping"}}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--image-service=moon"], "--image-service: expected local or aws, got 'moon'"),
        (["--image-service=aws"], "--image-service=aws: expected a bucket for the objects of its jobs"),
        (["--image-bucket=b"], "--image-bucket: expected --image-service=aws as well"),
        ([*OPTIONS, "--image-network=n"], "--image-network: it has no meaning with --image-service=aws"),
        ([*OPTIONS, "--image-gpu=simulated"], "--image-gpu=simulated: on AWS the InstanceType of a job decides"),
        ([*OPTIONS, "-n2"], "-n: expected none with --image-service=aws"),
        ([*OPTIONS[:1], "--image-bucket=nosuch"], "--image-bucket: the bucket 'nosuch' cannot be used"),
    ],
)
def test_options_that_do_not_fit(
    options: list[str], said: str, tag: Callable[[str], str], conformance: Callable[..., Ran], aws: Clients
) -> None:
    """One line that says what was expected, and status 4."""
    ran = refused(conformance, tag("reference"), *reference_job(), *options, aws=aws)

    assert 4 == ran.status
    assert said in ran.output


def test_session_on_aws_needs_a_job(tag: Callable[[str], str], conformance: Callable[..., Ran], aws: Clients) -> None:
    """A stand-in for a program cannot be put into a container there."""
    ran = refused(conformance, tag("reference"), *OPTIONS, aws=aws)

    assert (4, True) == (ran.status, "--image-service=aws: expected a job, but there is none" in ran.output)


def test_kept_objects_are_named(tag: Callable[[str], str], conformance: Callable[..., Ran], aws: Clients) -> None:
    """With `--image-keep`, so that they can be looked at, and removed by whoever asked for them."""
    options = (*reference_job(), *OPTIONS, "--image-keep", "-k", "declared-outputs-written")
    ran = conformance(tag("reference"), *options, environment=dict(aws.server.environment))
    keys = left(aws)
    for key in keys:
        aws.objects.delete_object(Bucket=BUCKET, Key=key)

    assert f"kept: s3://{BUCKET}/sessions/" in ran.output
    assert any("/output-0/" in key for key in keys)
    assert [] == left(aws)


def refused(conformance: Callable[..., Ran], *arguments: str, aws: Clients) -> Ran:
    """A session that ends before it has begun."""
    return conformance(*arguments, environment=dict(aws.server.environment))
