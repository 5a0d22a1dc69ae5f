"""The networks of hosts: each gets a subnet of its own, however many are made at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest
from docker.utils import kwargs_from_env

from conformance.errors import JobError
from conformance.service.dialect import DOCKER
from conformance.service.labels import run_labels
from conformance.service.peers import network
from tests.support.engine_proxy import failing_engine

pytestmark = pytest.mark.engine

AT_ONCE = 12


@pytest.fixture(name="removal")
def _removal() -> Iterator[ExitStack]:
    """What a test made is removed at its end."""
    with ExitStack() as removal:
        yield removal


def test_networks_that_are_made_at_once_have_subnets_of_their_own(removal: ExitStack) -> None:
    """An engine tells of a subnet that is taken in other words where its network is just being made."""
    clients = [docker.APIClient(version="auto", timeout=60, **kwargs_from_env()) for _ in range(AT_ONCE)]
    for client in clients:
        removal.callback(client.close)

    def make(client: docker.APIClient) -> network.Network:
        made = network.create(client, labels=run_labels("test", kept=False), dialect=DOCKER)
        removal.callback(made.remove)
        return made

    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = list(pool.map(make, clients))

    assert AT_ONCE == len({each.subnet for each in made})


@pytest.mark.parametrize(
    "message",
    [
        "Pool overlaps with other one on this address space",
        "cannot create network a (br-a): conflicts with network b (br-b): networks have overlapping IPv4",
    ],
    ids=["there", "just being made"],
)
def test_a_subnet_that_is_taken_is_passed_over(tmp_path: Path, message: str) -> None:
    """However the engine words it; only where all are taken nothing can be done."""
    with failing_engine(
        tmp_path / "engine.sock", call="/networks/create", status="403 Forbidden", message=message
    ) as at:
        client = docker.APIClient(base_url=at, version="auto", timeout=60)
        with pytest.raises(JobError, match=r"^every subnet of 198\.18\.0\.0/15 is in use"):
            network.create(client, labels=run_labels("test", kept=False), dialect=DOCKER)
        client.close()
