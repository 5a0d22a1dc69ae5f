"""Verdicts do not depend on the engine: the newest that Debian has says of images what the machine's own says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import docker
import pytest

from tests.conftest import Ran, declared_failure
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
