"""The line that shows a verdict again: of several hosts it is a session of its own."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.checks import load_checks
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.reports.reproduce import command_line
from conformance.rule.declaration import Check
from tests.conftest import REFERENCE_S3, Ran, reference_job
from tests.support.jobs import request as written
from tests.support.outcomes import image, request

CHECKS = load_checks()
SEVERAL = replace(request(hosts=3), source="/work dir/job.json")
REPORT = Path("/report")


def line(check: Check, of: JobRequest | None, objects: ObjectTree | None = None) -> list[str]:
    """The words of the command line."""
    return shlex.split(command_line(check, image(), of, objects, REPORT))


def test_an_outside_network_is_named_again() -> None:
    """Without it the job would not reach what it reached."""
    text = command_line(CHECKS["hosts.single"], image(), SEVERAL, None, REPORT, network="outside")

    assert "--image-network=outside" in shlex.split(text)


OF_A_REQUEST = [check for check in CHECKS if check.job is not None and check.job.needs_request]


@pytest.mark.parametrize("check", OF_A_REQUEST, ids=lambda check: check.id)
def test_a_job_of_several_hosts_is_shown_by_a_session(check: Check, tmp_path: Path) -> None:
    """Of that check alone, on as many hosts, whatever number the file names."""
    assert [
        *("pytest", "--image=example:1", "--image-job=/work dir/job.json", f"--image-s3={tmp_path}"),
        *("--image-hosts=3", "-k", check.id),
    ] == line(check, SEVERAL, ObjectTree(tmp_path))


def test_the_default_command_has_one_host() -> None:
    """However many the job has."""
    assert ["docker", "run", "--rm", "--network", "none", "example:1"] == line(
        CHECKS["launch.default-command"], SEVERAL
    )


def test_without_objects_none_are_named() -> None:
    """A job need not have inputs."""
    assert ["pytest", "--image=example:1", "--image-job=/work dir/job.json", "--image-hosts=3"] == (
        line(CHECKS["hosts.single"], SEVERAL)[:4]
    )


@pytest.mark.parametrize("check", ["exit.zero-on-success", "hosts.single", "hosts.late-start"])
def test_a_job_of_one_host_is_shown_by_a_container(check: str) -> None:
    """Of which a line can hold all that matters."""
    assert "id=$(docker" == line(CHECKS[check], request())[0]


@pytest.mark.parametrize("of", [None, request(), SEVERAL])
def test_what_the_image_alone_shows_needs_no_hosts(of: JobRequest | None) -> None:
    """The check says itself how it is shown."""
    assert ["docker", "image", "inspect"] == line(CHECKS["image.platform"], of)[:3]


ALONE = 'import json, sys; sys.exit(len(json.load(open("/opt/ml/config/resourceconfig.json"))["hosts"]) == 1)'


@pytest.mark.engine
def test_what_one_host_cannot_do_is_shown_by_a_session_of_several(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """The run that showed it had one host, and rests on that of all of them; the line does the same again."""
    application = {"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", ALONE]}
    job = written(tmp_path / "job.json", AppSpecification=application)
    ran = conformance(tag("reference"), *reference_job(job=job), "--image-hosts=2", "-k", "hosts.single")

    verdict = ran.verdict("hosts.single")
    expected = [
        *("pytest", f"--image={tag('reference')}", f"--image-job={job}", f"--image-s3={REFERENCE_S3}"),
        *("--image-hosts=2", "-k", "hosts.single"),
    ]
    assert ["Expected the same result on one host, but algo-1 exited with code 1."] == verdict["violations"]
    assert expected == shlex.split(verdict["reproduce"])
