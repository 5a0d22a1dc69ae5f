"""Where the hosts of a run are, what their names are, and what the name server knows of them."""

from ipaddress import IPv4Network
from threading import Event, Thread
from typing import cast

import docker
import pytest

from conformance.job.variation import Variation
from conformance.probe.names import Name
from conformance.service.peers import neighbours
from conformance.service.peers.gate import Gate
from conformance.service.peers.neighbours import FOUND_HOSTS
from conformance.service.peers.network import Network, Place
from conformance.service.peers.places import alone, decoy, known, outside, renamed, together
from conformance.service.settings import Settings
from tests.support.outcomes import request

SETTINGS = Settings(hostname="ip-10-0-0-41.ec2.internal", outside_network="lan")
NETWORK = Network(cast("docker.APIClient", None), "n", IPv4Network("10.1.2.0/24"))
HOSTS = ("algo-1", "algo-2")
ISOLATED = request(NetworkConfig={"EnableNetworkIsolation": True})


@pytest.mark.parametrize(
    ("isolated", "variation", "expected"),
    [
        (False, Variation.AS_REQUESTED, "lan"),
        (False, Variation.EMPTY_INPUTS, "lan"),
        (True, Variation.AS_REQUESTED, ""),
        (False, Variation.DEFAULT_COMMAND, ""),
    ],
)
def test_the_outside_is_for_jobs_that_are_not_isolated(isolated: bool, variation: Variation, expected: str) -> None:  # noqa: FBT001 - a parameter of a test
    """And not for the image's own command, which is no job's."""
    assert expected == outside(ISOLATED if isolated else request(), variation, SETTINGS)


def test_a_single_host_finds_both_its_names_without_a_network() -> None:
    """That of the container and that of the documents, which a server may bind to."""
    names = {"ip-10-0-0-41.ec2.internal": "127.0.0.1", "algo-1": "127.0.0.1"}

    assert Place("algo-1", names=names) == alone("algo-1", SETTINGS)
    assert Place("algo-1", names=names, outside="lan") == alone("algo-1", SETTINGS, outside="lan")


@pytest.mark.parametrize(
    ("hostname", "number", "expected"),
    [
        ("ip-10-0-0-41.ec2.internal", 1, "ip-10-0-0-41.ec2.internal"),
        ("ip-10-0-0-41.ec2.internal", 3, "ip-10-0-0-43.ec2.internal"),
        ("node-9", 2, "node-10"),
    ],
)
def test_each_host_has_a_hostname_of_its_own(hostname: str, number: int, expected: str) -> None:
    """The first has that of the settings."""
    assert expected == decoy(hostname, number)


@pytest.mark.parametrize(
    ("variation", "hostnames", "names"),
    [
        (Variation.AS_REQUESTED, ("ip-10-0-0-41.ec2.internal", "ip-10-0-0-42.ec2.internal"), False),
        (Variation.LATE_NAMES, ("ip-10-0-0-41.ec2.internal", "ip-10-0-0-42.ec2.internal"), True),
        (Variation.TRUE_HOSTNAMES, HOSTS, False),
    ],
)
def test_several_hosts_have_addresses_in_their_order(
    variation: Variation,
    hostnames: tuple[str, str],
    names: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    """Each finds its own name at once where those of the others come late."""
    addresses = [NETWORK.host(1), NETWORK.host(2)]
    expected = [
        Place(name, NETWORK, address, hostname, {name: address} if names else {}, "lan")
        for name, address, hostname in zip(HOSTS, addresses, hostnames, strict=True)
    ]

    assert expected == together(HOSTS, variation, NETWORK, SETTINGS, outside="lan")
    assert [""] * 2 == [place.outside for place in together(HOSTS, variation, NETWORK, SETTINGS)]


@pytest.mark.parametrize(
    ("variation", "delays"),
    [(Variation.AS_REQUESTED, {}), (Variation.LATE_NAMES, {"after_seconds": 3.0, "after_queries": 3})],
)
def test_names_are_known_at_once_or_late(variation: Variation, delays: dict[str, float]) -> None:
    """Late by time and by how often each host has asked."""
    places = [Place("algo-1", address="10.1.2.11"), Place("algo-2", address="10.1.2.12")]

    assert [
        Name("algo-1", "10.1.2.11", **delays),  # type: ignore[arg-type] # seconds and a count
        Name("algo-2", "10.1.2.12", **delays),  # type: ignore[arg-type] # the same
    ] == known(places, variation, Settings())


def test_other_names_are_in_the_order_of_the_hosts() -> None:
    """Also as text, which is how the documents sort them."""
    names = renamed([f"algo-{number}" for number in range(1, 12)])

    assert ("host-001.job.internal", "host-002.job.internal", "host-011.job.internal") == (*names[:2], names[-1])
    assert sorted(names) == list(names)


def test_many_hosts_are_told_of_each_other() -> None:
    """Their kernels would forget them; as many as are left to find each other are not told."""
    names = tuple(f"algo-{number}" for number in range(1, FOUND_HOSTS + 2))
    many = together(names, Variation.AS_REQUESTED, NETWORK, SETTINGS)

    assert [tuple(other.address for other in many if other is not place) for place in many] == [
        place.neighbours for place in many
    ]
    assert {()} == {place.neighbours for place in together(names[1:], Variation.AS_REQUESTED, NETWORK, SETTINGS)}
    untold = together(names, Variation.AS_REQUESTED, NETWORK, SETTINGS, tells=False)
    assert {()} == {place.neighbours for place in untold}
    assert "neighbour 10.1.2.12 02:42:0a:01:02:0c" == neighbours.lines(many[0])[0]


def test_a_gate_opens_when_all_hosts_have_arrived() -> None:
    """Also those that will not come any more, which may be told of twice."""
    gate, opened = Gate(HOSTS), Event()

    def pass_through() -> None:
        gate.wait()
        opened.set()

    waiting = Thread(target=pass_through)
    waiting.start()
    gate.arrive("algo-2")
    gate.arrive("algo-2")
    before = opened.wait(0.1)
    gate.arrive("algo-1")
    waiting.join(30)

    assert (2, False, True) == (gate.number, before, opened.is_set())
