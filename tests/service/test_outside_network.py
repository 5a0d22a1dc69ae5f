"""`--image-network`: a job's hosts reach what is on a network of the user's, and without it they do not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.errors import UsageError
from conformance.image.image import Image
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.service import engine
from conformance.service.labels import new_name, run_labels
from conformance.service.local import LocalService
from conformance.service.peers import network
from conformance.service.settings import Settings
from tests.conftest import REFERENCE_JOB, Ran, reference_job
from tests.support.jobs import job, request

pytestmark = pytest.mark.engine

CALL = """
import json, socket, time

def reaches_the_store():
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("store", 8000), timeout=10).close()
            return True
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        except OSError:
            return False

hosts = json.load(open("/opt/ml/config/resourceconfig.json"))["hosts"]
print(json.dumps([reaches_the_store(), [socket.gethostbyname(host) for host in hosts]]))
"""
"""The server may not listen yet; where its name is unknown there is nothing to wait for."""


@pytest.fixture(name="outside", scope="module")
def _outside(reached: engine.Engine, image: Image) -> Iterator[str]:
    """A network as a user makes it, with a server on it that is called `store`."""
    client = reached.client
    labels = run_labels(uuid.uuid4().hex[:12], kept=False)
    name = new_name(labels, "outside")
    client.create_network(name, labels=labels)
    server = ""
    try:
        endpoints = {name: client.create_endpoint_config(aliases=["store"])}
        server = client.create_container(
            image.id,
            entrypoint=["python3", "-m", "http.server", "8000"],
            labels=labels,
            networking_config=client.create_networking_config(endpoints),  # type: ignore[arg-type] # the stubs name one
            host_config=client.create_host_config(network_mode=name),
        )["Id"]
        client.start(server)
        yield name
    finally:
        if server:
            client.remove_container(server, v=True, force=True)
        client.remove_network(name)


def calling(hosts: int, *, isolated: bool) -> JobRequest:
    """A job that looks for its peers, and for the server."""
    document = {
        **job().document,
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", CALL]},
        "NetworkConfig": {"EnableNetworkIsolation": isolated},
    }
    return JobRequest(document).on_hosts(hosts)


@pytest.mark.parametrize("hosts", [1, 2])
@pytest.mark.parametrize(
    ("joined", "isolated", "expected"), [(True, False, True), (False, False, False), (True, True, False)]
)
def test_what_is_outside_is_reached_where_it_is_allowed(
    hosts: int,
    joined: bool,  # noqa: FBT001 - a parameter of a test
    isolated: bool,  # noqa: FBT001 - as above
    expected: bool,  # noqa: FBT001 - as above
    reached: engine.Engine,
    image: Image,
    outside: str,
    tmp_path: Path,
) -> None:
    """By every host and by its name there, but with the option alone; the hosts know one another in any case."""
    service = LocalService(reached, ObjectTree(tmp_path), Settings(outside_network=outside if joined else ""))
    try:
        outcome = service.run(image, calling(hosts, isolated=isolated), Variation.AS_REQUESTED)
    finally:
        service.close()

    assert [0] * hosts == [host.exit_code for host in outcome.hosts], [host.stderr.text for host in outcome.hosts]
    addresses = [host.address or "127.0.0.1" for host in outcome.hosts]
    assert [[expected, addresses]] * hosts == [json.loads(host.stdout.text) for host in outcome.hosts]


def test_the_default_command_is_no_job(reached: engine.Engine, image: Image, outside: str) -> None:
    """So it is joined to no network."""
    silent = replace(image, entrypoint=("python3", "-c", CALL), cmd=())
    service = LocalService(reached, None, Settings(outside_network=outside))
    try:
        outcome = service.run(silent, calling(1, isolated=False), Variation.DEFAULT_COMMAND)
    finally:
        service.close()

    assert [False, ["127.0.0.1"]] == json.loads(outcome.hosts[0].stdout.text)


def test_a_network_is_found_by_its_name(reached: engine.Engine, outside: str) -> None:
    """Or by its id."""
    identity = reached.client.inspect_network(outside)["Id"]

    assert [outside, outside] == [network.find(reached.client, word) for word in (outside, identity)]


@pytest.mark.parametrize("name", ["host", "none"])
def test_the_networks_that_stand_alone_are_refused(name: str, reached: engine.Engine) -> None:
    """A container is on one of them or on others."""
    with pytest.raises(UsageError) as refused:
        network.find(reached.client, name)

    assert (f"--image-network: {name!r} cannot be used: containers cannot join it alongside another network") == str(
        refused.value
    )


def test_the_reports_say_that_an_outside_network_was_allowed(
    tag: Callable[[str], str], conformance: Callable[..., Ran], outside: str
) -> None:
    """The header, the choices, and the line that shows it again."""
    ran = conformance(
        tag("flawed/swallowed-exit-code"),
        *reference_job(job=REFERENCE_JOB),
        f"--image-network={outside}",
        *("-k", "exit.nonzero-on-failure"),
    )

    assert f"conformance: job containers are connected to network {outside}" in ran.output
    choices = {choice["name"]: choice["value"] for choice in ran.report["service"]["choices"]}
    assert outside == choices["outside_network"]
    (verdict,) = ran.report["verdicts"]
    assert f"docker create --network {outside} " in verdict["reproduce"]


def test_isolation_has_the_last_word(
    tag: Callable[[str], str], conformance: Callable[..., Ran], outside: str, tmp_path: Path
) -> None:
    """The header says so, of the job that asks for it."""
    isolated = request(tmp_path / "job.json", NetworkConfig={"EnableNetworkIsolation": True})

    ran = conformance(
        tag("flawed/swallowed-exit-code"),
        *reference_job(job=isolated),
        f"--image-network={outside}",
        *("-k", "exit.nonzero-on-failure"),
    )

    assert "conformance: except those of reference, which sets EnableNetworkIsolation" in ran.output
    assert ["--network", "none"] == ran.report["verdicts"][0]["reproduce"].split()[2:4], ran.output
