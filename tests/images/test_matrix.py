"""Images against checks: the good ones fail nothing, each flawed one fails exactly what its label says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.checks import load_checks
from conformance.rule.declaration import MUST
from tests.conftest import ROOT, Ran, declared_failure, declared_options, flawed_folders, job_of, reference_job
from tests.support.jobs import request

pytestmark = pytest.mark.engine

SKLEARN = (f"--image-job={ROOT / 'fixtures/sklearn/job.json'}", f"--image-s3={ROOT / 'fixtures/sklearn/s3'}")


STOPS = {check.id for check in load_checks() if check.chapter == "stop"}
"""What a job may be too short to show, whose program does nothing about a signal, or starts others to do its work."""

CONDITIONAL = {
    *(check.id for check in load_checks() if check.chapter == "aws"),
    "exit.nonzero-on-corrupt-input",
    "gpu.capabilities-compute",
    "gpu.visible-devices-not-void",
    "gpu.visible",
    "gpu.workload-uses-it",
    "hosts.isolated",
    "inputs.not-executed",
    "inputs.pipe",
    "launch.arguments-need-an-entrypoint",
    "launch.program-runs-by-itself",
    "outputs.continuous",
    "reserved.works-with-empty-tmp",
}
"""What does not apply to an image that is not made for GPUs, whose ENTRYPOINT is the program itself, and that counts
whatever its inputs hold, in a job that asks for no GPU and no isolation, and has no AWS.
"""

OF_SEVERAL_HOSTS = {check.id for check in load_checks() if check.chapter == "hosts"} - {"hosts.single"} | {
    "inputs.empty-shard",
    "message.budget-of-all-hosts",
    "outputs.no-collision",
}
"""What a job of one host cannot show."""


def unsatisfied(ran: Ran) -> set[str]:
    """The checks that do not conform."""
    return {verdict["check"] for verdict in ran.report["verdicts"] if verdict["verdict"] != "conforms"}


def test_reference_conforms(tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """The reference conforms to every check of the profile, and pytest says 0."""
    ran = conformance(tag("reference"), *reference_job())

    assert CONDITIONAL | OF_SEVERAL_HOSTS == unsatisfied(ran), ran.output
    assert {check.id for check in load_checks()} == {verdict["check"] for verdict in ran.report["verdicts"]}
    assert 0 == ran.status


def test_reference_conforms_when_it_is_stopped(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """A job that is long enough to be stopped shows that the reference reacts to both signals."""
    application = {"ImageUri": "image", "ContainerArguments": ["--sleep", "4"]}
    job = request(tmp_path / "job.json", AppSpecification=application)

    ran = conformance(tag("reference"), *reference_job(job=job), "--image-grace=2")

    assert CONDITIONAL | OF_SEVERAL_HOSTS == unsatisfied(ran), ran.output
    stopped = {run["variation"]: run for run in ran.report["runs"] if run["status"] == "Stopped"}
    assert {"stopped by SIGINT", "stopped by SIGTERM"} <= set(stopped)
    assert "stopped by SIGINT" == stopped["stopped by SIGINT"]["exit_message"]
    assert [130, 143] == [stopped[f"stopped by {name}"]["hosts"][0]["exit_code"] for name in ("SIGINT", "SIGTERM")]


def test_example_of_the_contract_page_conforms(tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """The scikit-learn example of the contract's own page conforms, with its real data."""
    ran = conformance(tag("examples/sklearn"), *SKLEARN)

    assert unsatisfied(ran) <= STOPS | CONDITIONAL | OF_SEVERAL_HOSTS, ran.output
    assert 0 == ran.status


def test_example_that_calls_aws_conforms(tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """A job that reads and writes S3 by itself is judged with an AWS in reach, and its calls are in the report."""
    job = ROOT / "images/examples/s3/job.json"
    ran = conformance(tag("examples/s3"), *reference_job(job=job), "--image-aws", "--image-grace=2")
    (run,) = (run for run in ran.report["runs"] if run["variation"] == "as requested")

    assert (0, set()) == (ran.status, ran.failing), ran.output
    assert {"aws.credentials-of-the-role", "aws.region-of-the-job", "aws.retries"} <= ran.having("conforms")
    assert ["ListObjectsV2", "GetObject", "GetObject", "PutObject"] == [
        call["operation"] for call in run["calls"]["calls"] if call["service"] == "s3"
    ]
    assert "algo-1 put 1 object into S3 itself: s3://conformance-fixtures/s3/output/sums.csv" in run["facts"]


def test_example_of_several_hosts_conforms(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """The word count conforms on three hosts, each of which has a share of its real texts."""
    document = json.loads((ROOT / "fixtures/wordcount/job.json").read_text(encoding="utf-8"))
    document["AppSpecification"]["ContainerArguments"] = ["--patience", "20"]
    job = tmp_path / "wordcount.json"
    job.write_text(json.dumps(document), encoding="utf-8")

    ran = conformance(tag("examples/wordcount"), *reference_job(job=job), "--image-grace=2")

    # It fails over what its texts hold, so that the clause on corrupt inputs is exercised.
    assert unsatisfied(ran) <= (STOPS | CONDITIONAL) - {"exit.nonzero-on-corrupt-input"}, ran.output
    assert "distributed" == ran.report["profile"]["name"]
    assert 0 == ran.status


def expected_status(ran: Ran) -> int:
    """What the verdicts come to: a MUST on which there is none leaves the session incomplete."""
    verdicts = ran.report["verdicts"]
    if any(verdict["verdict"] == "violates" for verdict in verdicts):
        return 1
    open_musts = [verdict for verdict in verdicts if verdict["level"] == "MUST" and verdict["verdict"] == "not judged"]
    return 6 if any(verdict["applies"] for verdict in open_musts) else 0


@pytest.mark.parametrize("name", flawed_folders())
def test_flawed_image_fails_exactly_its_label(
    name: str, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """A flawed image fails the check that its label names and no other, and the exit status says how grave it is."""
    expected = declared_failure(name)

    ran = conformance(tag(name), *reference_job(job=job_of(name)), *declared_options(name), "--image-grace=2")

    assert expected == ran.failing, ran.output
    assert 0 == ran.report["counts"]["error"], ran.output
    assert expected_status(ran) == ran.status, ran.output


def test_every_check_is_proved_by_a_flawed_image() -> None:
    """There is no check that no image fails."""
    proved = set().union(*(declared_failure(name) for name in flawed_folders()))

    assert {check.id for check in load_checks()} == proved


def test_every_must_is_violated_by_some_image() -> None:
    """Each MUST has an image that carries its label alone, so that none is proved by another's consequence."""
    alone = {next(iter(labels)) for labels in map(declared_failure, flawed_folders()) if len(labels) == 1}

    assert {check.id for check in load_checks() if check.level is MUST} <= alone
