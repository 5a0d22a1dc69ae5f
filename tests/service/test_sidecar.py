"""A container of the suite's own, from its creation to its end, on a real engine."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import docker
import pytest
from docker.errors import NotFound

from conformance.errors import JobError
from conformance.outcome.standin import every_witness
from conformance.probe.bundle import report, words
from conformance.service import sidecar
from conformance.service.labels import IMAGE, run_labels
from tests.support.jobs import build

pytestmark = pytest.mark.engine


@pytest.fixture(name="labels")
def _labels() -> dict[str, str]:
    return run_labels(uuid.uuid4().hex[:12], kept=False)


def is_there(client: docker.APIClient, container: str) -> bool:
    """Whether the engine has such a container."""
    try:
        client.inspect_container(container)
    except NotFound:
        return False
    return True


def test_it_is_created_started_waited_for_read_and_removed(client: docker.APIClient, labels: dict[str, str]) -> None:
    """It does what its plan says, of which it gives an account, and nothing of it stays."""
    with sidecar.create(client, report(words("exit", 4)), labels=labels, network_mode="none") as made:
        begun = made.is_running
        made.start()
        ended = made.wait(30)
        (witness,) = every_witness(made.record())
        facts = client.inspect_container(made.id)

    assert (False, True, False) == (begun, ended, facts["State"]["Running"])
    assert (1, 4) == (witness.pid, facts["State"]["ExitCode"])
    assert labels | {IMAGE: "empty"} == facts["Config"]["Labels"]
    assert (["ALL"], ["no-new-privileges"]) == (facts["HostConfig"]["CapDrop"], facts["HostConfig"]["SecurityOpt"])
    assert not is_there(client, made.id)


def test_in_an_image_of_somebody_else_none_of_its_programs_runs(
    client: docker.APIClient, labels: dict[str, str], tag: Callable[[str], str]
) -> None:
    """Nor by its HEALTHCHECK, and there are no more rights than in an empty one."""
    tag("reference")
    image = build(client, "checked", "HEALTHCHECK --interval=1s CMD touch /checked", "VOLUME /data")
    try:
        with sidecar.create_in(
            client, image, report(words("exit", 4)), labels=labels, user="0", image_checks=True, network_mode="none"
        ) as made:
            made.start()
            ended = made.wait(30)
            facts = client.inspect_container(made.id)
    finally:
        client.remove_image(image, force=True)

    assert (True, 4) == (ended, facts["State"]["ExitCode"])
    assert (["NONE"], None) == (facts["Config"]["Healthcheck"]["Test"], facts["State"].get("Health"))
    assert (["ALL"], ["no-new-privileges"]) == (facts["HostConfig"]["CapDrop"], facts["HostConfig"]["SecurityOpt"])


def test_it_is_removed_where_its_block_fails(client: docker.APIClient, labels: dict[str, str]) -> None:
    """Also while it runs; to remove or end it once more is no error."""
    made = sidecar.create(client, report(words("waitsignal")), labels=labels, network_mode="none")
    made.start()

    with pytest.raises(JobError, match="in between"), made:
        raise JobError("in between")
    made.kill()
    made.remove()

    assert not is_there(client, made.id)


def test_it_runs_until_it_is_ended(client: docker.APIClient, labels: dict[str, str]) -> None:
    """A wait that is too short says that it has not ended, and changes nothing."""
    with sidecar.create(client, report(words("waitsignal")), labels=labels, network_mode="none") as made:
        made.start()
        found = [made.wait(0.2), made.is_running]
        made.kill()
        found += [made.wait(30), made.is_running]

    assert [False, True, True, False] == found
