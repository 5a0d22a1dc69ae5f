"""A static rule and a run that shows the opposite, in a session as a user has it."""

from __future__ import annotations

from collections.abc import Callable

import docker
import pytest

from tests.conftest import Ran, reference_job
from tests.support.jobs import build

pytestmark = pytest.mark.engine

CHECKS = ("reserved.nothing-required", "reserved.image-is-empty")


@pytest.fixture(name="built")
def _built(client: docker.APIClient, tag: Callable[[str], str]) -> str:
    """The reference with a WORKDIR below /opt/ml in which only the build needed something."""
    tag("reference")
    return build(
        client, "overruled", "RUN mkdir -p /opt/ml/code && echo pandas > /opt/ml/code/x", "WORKDIR /opt/ml/code"
    )


def verdicts(ran: Ran) -> list[str]:
    """The words of both checks."""
    return [ran.verdict(check)["verdict"] for check in CHECKS]


def test_a_run_overrules_what_the_image_says(built: str, conformance: Callable[..., Ran]) -> None:
    """Whether the request that works is the user's or the suite's own: the files are advised against instead."""
    selected = ("-k", " or ".join(CHECKS))

    assert ["conforms", "advised"] == verdicts(conformance(built, *selected))
    assert ["conforms", "advised"] == verdicts(conformance(built, *reference_job(), *selected))
