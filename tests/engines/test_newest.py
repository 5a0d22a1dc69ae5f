"""Verdicts do not depend on the engine: the newest that Debian has says of images what the machine's own says."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator

import docker
import pytest

from tests.conftest import Ran, clean_environment, declared_failure
from tests.engines.comparison import take_over
from tests.engines.debian import UnavailableError
from tests.engines.kinds import KINDS
from tests.engines.running import Running, running
from tests.support.judged import options_of

pytestmark = pytest.mark.engine

NEWEST = ("docker-28-containerd", "podman-58")
"""One of each make."""

IMAGES = (
    "reference",
    "flawed/link-among-outputs",
    "flawed/no-command",
    "flawed/outputs-of-root",
    "flawed/pipeline-without-pipefail",
    "flawed/shell-form-entrypoint",
    "flawed/volume-on-opt-ml",
)
"""What depends on an engine: archives, the messages of a refused start, users, the tracer, signals, and volumes."""


@pytest.fixture(name="newest", scope="session", params=NEWEST)
def _newest(request: pytest.FixtureRequest) -> Iterator[Running]:
    """One of the newest engines, brought up for as long as this worker needs it."""
    try:
        with running(KINDS[request.param]) as engine:
            yield engine
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_fails_exactly_its_label_on_the_newest_engine(
    name: str, newest: Running, tag: Callable[[str], str], client: docker.APIClient, conformance: Callable[..., Ran]
) -> None:
    """What it fails on the machine's own engine, and nothing else."""
    take_over(client, newest, tag(name))

    ran = conformance(tag(name), *options_of(name), environment={"DOCKER_HOST": newest.address})

    assert declared_failure(name) == ran.failing, ran.output
    assert 0 == ran.report["counts"]["error"], ran.output
    assert newest.version in ran.report["service"]["engine"]


LINE = "flawed/settings-read-below-opt-ml"
"""An image whose program needs a file that it ships below /opt/ml: it works where that is copied into the volume."""


def test_a_line_of_a_report_shows_on_the_newest_engine_what_it_is_about(
    newest: Running, tag: Callable[[str], str], client: docker.APIClient, conformance: Callable[..., Ran]
) -> None:
    """As a user of the docker command enters it; the volume that it had gone with the container."""
    if shutil.which("docker") is None:
        pytest.skip("no docker command is here")
    take_over(client, newest, tag(LINE))
    ran = conformance(tag(LINE), *options_of(LINE), environment={"DOCKER_HOST": newest.address})
    (violated,) = ran.violating
    line = ran.verdict(violated)["reproduce"]
    other = newest.client()
    before = other.volumes()["Volumes"] or []

    entered = subprocess.run(
        ["bash", "-c", line],
        env=clean_environment() | {"DOCKER_HOST": newest.address},
        capture_output=True,
        text=True,
        check=False,
    )

    after = other.volumes()["Volumes"] or []
    other.close()
    assert "reserved.works-when-replaced" == violated
    assert "exit code 1" == entered.stdout.splitlines()[-1], (line, entered.stdout, entered.stderr)
    assert len(before) == len(after)
