"""Images that do their worst get the verdict of their labels, and leave nothing; `make hostile` judges all of them."""

from __future__ import annotations

import docker
import pytest

from conformance.checks import load_checks
from images.builder import folders
from tests.conftest import declared_failure, hostile_folders
from tests.support.hostile import COMMITTED, judged, listening

LEAST = 60

SOME = (
    "fills-opt-ml",
    "labels-of-the-suite",
    "log-of-workflow-commands",
    "looks-for-a-way-out",
    "record-line-removed",
    "sparse-terabyte",
    "stops-its-tracer",
    "tries-the-gateway",
)
"""One of each kind that takes no long time."""


@pytest.mark.engine
@pytest.mark.parametrize("name", SOME)
def test_what_must_come_of_it_comes_of_it(name: str, client: docker.APIClient) -> None:
    """Within bounds of time and memory; nothing of it is left, and no report is steered by it."""
    found = judged(f"hostile/{name}", client)

    assert () == found.faults, found.ran.output


@pytest.mark.engine
def test_no_container_reaches_this_machine(client: docker.APIClient) -> None:
    """Not even where hosts share a network, and something listens on every address of the machine."""
    with listening() as reached:
        found = judged("hostile/tries-the-gateway-beside-a-host", client, reached)

    assert () == found.faults, found.ran.output


def test_there_are_enough_hostile_images() -> None:
    """They are found by their folders."""
    assert LEAST <= len(hostile_folders()) + len(COMMITTED)
    assert {f"hostile/{name}" for name in SOME} <= set(hostile_folders())


@pytest.mark.parametrize("name", hostile_folders())
def test_hostile_image_says_what_it_tries(name: str) -> None:
    """And what must come of that, in words and by labels that name checks which exist."""
    lines = folders.folder(name).dockerfile.splitlines()

    assert lines[0].startswith("# Hostile: ")
    assert lines[1].startswith("# Must: ")
    assert declared_failure(name) | declared_failure(name, "not-judged") <= {check.id for check in load_checks()}
