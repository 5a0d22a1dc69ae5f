"""The name server of a job's hosts, on a real network: who is told what, and what is written down of it."""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator

import docker
import docker.errors
import pytest

from conformance.errors import JobError
from conformance.probe.names import Name, Refusal
from conformance.service import empty
from conformance.service.dialect import DOCKER
from conformance.service.labels import IMAGE, is_own, run_labels
from conformance.service.peers import names, network
from tests.support.name_server import malformed
from tests.support.on_network import DECOY, Hosts
from tests.support.standin import Lookup

pytestmark = pytest.mark.engine

UNKNOWN, FAILED = -2, -3
"""glibc's EAI_NONAME and EAI_AGAIN: no such name, and no answer to say so (netdb.h)."""


@pytest.fixture(name="labels")
def _labels() -> dict[str, str]:
    return run_labels(uuid.uuid4().hex[:12], kept=False)


@pytest.fixture(name="hosts")
def _hosts(request: pytest.FixtureRequest, client: docker.APIClient, labels: dict[str, str]) -> Iterator[Hosts]:
    """Six hosts: one known at once, others after some time, after some queries, with another refusal, and never.

    Their network is internal unless the test has a parameter that says otherwise.
    """
    made = network.create(client, labels=labels, dialect=DOCKER, internal=getattr(request, "param", True))
    try:
        known = [
            Name("algo-1", made.host(1)),
            Name("algo-2", made.host(2), after_seconds=1.5, after_queries=1),
            Name("algo-3", made.host(3), after_queries=3),
            Name("algo-4", made.host(4), after_queries=1, refusal=Refusal.SERVER_FAILURE),
            Name("algo-5", made.host(5), after_queries=1, refusal=Refusal.SILENCE),
            Name("algo-6", made.host(6), after_seconds=3600),
        ]
        server = names.create(client, made, known, labels=labels)
        with server:
            server.start()
            yield Hosts(client, made, server, labels)
    finally:
        made.remove()


def test_a_known_name_is_resolved_and_no_other(hosts: Hosts) -> None:
    """A host learns others and itself, in any case and backwards; what is unknown does not exist, and is not awaited.

    Its own hostname is a decoy, which Docker writes into /etc/hosts: the name server is not asked for it.
    """
    wanted = ("algo-1", "ALGO-1", "algo-9", DECOY, hosts.network.host(1), hosts.network.host(9))
    found = hosts.look_up(7, *wanted)
    queries = hosts.server.queries()

    assert [[hosts.network.host(1)]] * 2 + [UNKNOWN, [hosts.network.host(7)], "algo-1", 1] == found
    assert {hosts.network.host(7)} == {query.client for query in queries.queries}
    assert {"algo-1", "algo-9", "algo-9.ec2.internal"} == {
        query.name for query in queries.queries if query.type in {"A", "AAAA"}
    }
    assert {("NOERROR", hosts.network.host(1))} == {
        (query.code, query.answer) for query in queries.queries if (query.name, query.type) == ("algo-1", "A")
    }
    assert {("NOERROR", "")} == {
        (query.code, query.answer) for query in queries.queries if (query.name, query.type) == ("algo-1", "AAAA")
    }
    assert {"NXDOMAIN"} == {query.code for query in queries.queries if query.name.startswith("algo-9")}
    assert ([], "") == (malformed(hosts.server), queries.fault)


def test_musl_resolves_the_same(hosts: Hosts) -> None:
    """Its resolver says that a name does not exist, not that it should be tried again."""
    found = hosts.resolve(7, ["algo-1"], ["algo-9"])

    assert (
        Lookup("algo-1", 1, (hosts.network.host(1),), ""),
        Lookup("algo-9", 1, (), "Name does not resolve"),
    ) == found


def test_a_name_is_known_after_some_time(hosts: Hosts) -> None:
    """A host that tries again learns it; before the time is over, every attempt is refused."""
    *found, never = hosts.resolve(7, ["algo-2", 1000, 20], ["algo-6", 2, 0])[:-1]
    queries = hosts.server.queries()
    attempts = queries.attempts(hosts.network.host(7), "algo-2")
    *refused, answered = attempts
    assert queries.began is not None

    assert () == never.addresses
    assert [True, True] == [query.delayed for query in queries.attempts(hosts.network.host(7), "algo-6")]
    assert (hosts.network.host(2),) == found[-1].addresses
    assert len(found) == len(attempts)
    assert refused
    assert {("NXDOMAIN", "", True)} == {(query.code, query.answer, query.delayed) for query in refused}
    assert ("NOERROR", hosts.network.host(2), False) == (answered.code, answered.answer, answered.delayed)
    assert answered.at - queries.began >= 1.5


def test_a_name_is_known_after_some_queries(hosts: Hosts) -> None:
    """Each host is refused as often, whether it asks for A alone or for A and AAAA, and can be seen to give up."""
    pair = hosts.look_up(7, *["algo-3"] * 5)
    single = hosts.resolve(8, ["algo-3", 5, 0])
    impatient = hosts.look_up(9, "algo-3")
    queries = hosts.server.queries()
    address = hosts.network.host(3)
    delays = [
        [query.delayed for query in queries.attempts(hosts.network.host(number), "algo-3")] for number in (7, 8, 9)
    ]

    assert [UNKNOWN, UNKNOWN, UNKNOWN, [address], [address]] == pair
    assert [(), (), (), (address,)] == [lookup.addresses for lookup in single]
    assert [UNKNOWN] == impatient
    assert [[True] * 3 + [False] * 2, [True] * 3 + [False], [True]] == delays
    # A resolver may believe either of the replies to its two queries, so that both are to be the same.
    assert [True] * 3 + [False] * 2 == [
        query.delayed for query in queries.queries if (query.name, query.type) == ("algo-3", "AAAA")
    ][:5]


def test_a_refusal_may_be_another(hosts: Hosts) -> None:
    """A resolver that is told of a failure, or of nothing, asks again by itself, and the record has both queries."""
    found = hosts.resolve(7, ["algo-4"], ["algo-5"])
    queries = hosts.server.queries()
    codes = {
        name: [query.code for query in queries.attempts(hosts.network.host(7), name)] for name in ("algo-4", "algo-5")
    }

    assert [(hosts.network.host(4),), (hosts.network.host(5),)] == [lookup.addresses for lookup in found]
    assert {"algo-4": ["SERVFAIL", "NOERROR"], "algo-5": ["", "NOERROR"]} == codes


@pytest.mark.parametrize("hosts", [True, False], indirect=True, ids=["internal", "not internal"])
def test_a_host_reaches_others_and_nothing_else(hosts: Hosts) -> None:
    """Neither the machine at the bridge's address nor the outside refuses a connection, because neither is there."""
    connect = (
        "import errno, socket, sys\n"
        "for address in sys.argv[1:]:\n"
        "    try:\n"
        "        socket.create_connection((address, 9), timeout=20)\n"
        "    except OSError as error:\n"
        "        print(errno.errorcode[error.errno])\n"
    )
    gateway, outside = str(hosts.network.subnet[1]), "192.0.2.1"
    output = hosts.run(7, "python3", "-c", connect, hosts.server.address, gateway, outside)
    *errors, unreachable = output.decode().split()

    assert ["ECONNREFUSED", "EHOSTUNREACH"] == errors
    assert unreachable in {"EHOSTUNREACH", "ENETUNREACH"}  # the latter where the engine gives no default route


def test_the_name_server_has_no_privileges(hosts: Hosts) -> None:
    """It has one capability, which it gives up before it answers, in bounded memory, under the run's labels."""
    facts = hosts.client.inspect_container(hosts.server.sidecar.id)
    limits = facts["HostConfig"]

    assert (["ALL"], ["NET_RAW"]) == (limits["CapDrop"], limits["CapAdd"])
    assert (32 << 20, 8, ["no-new-privileges"]) == (limits["Memory"], limits["PidsLimit"], limits["SecurityOpt"])
    assert hosts.labels | {IMAGE: "empty"} == facts["Config"]["Labels"]
    assert is_own(facts["Name"], facts["Config"]["Labels"])


@pytest.mark.parametrize(
    "line",
    [
        "name algo-1",
        "alias algo-1 198.18.0.11",
        "name algo-1 198.18.0.256",
        "name algo..1 198.18.0.11",
        "name algo-1 198.18.0.11 0 0 refused",
    ],
)
def test_a_name_server_that_does_not_begin_is_an_error(
    line: str, client: docker.APIClient, labels: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what the name server said, and its container is gone."""
    monkeypatch.setattr("conformance.service.peers.names.answer", lambda *_, **__: f"answer\n\n{line}")
    made = network.create(client, labels=labels, dialect=DOCKER)
    try:
        server = names.create(client, made, [], labels=labels)
        with server, pytest.raises(JobError, match="does not respond: probe: line 3 of the plan names no host"):
            server.start()
    finally:
        made.remove()

    run = next(f"{key}={value}" for key, value in labels.items() if key == "conformance.run")
    assert [] == client.containers(all=True, filters={"label": run})


def test_two_networks_have_subnets_of_their_own(client: docker.APIClient, labels: dict[str, str]) -> None:
    """One that the engine has given away is passed over; both are internal, and neither bridge has an address."""
    made = [network.create(client, labels=labels, dialect=DOCKER) for _ in range(2)]
    facts = [client.inspect_network(each.name) for each in made]
    for each in made:
        each.remove()

    assert len({each.subnet for each in made}) == 2
    assert [True, True] == [each["Internal"] for each in facts]
    assert [labels, labels] == [each["Labels"] for each in facts]


def test_without_a_free_subnet_there_is_an_error(
    client: docker.APIClient, labels: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, rather than that the engine refused the last one."""
    made = network.create(client, labels=labels, dialect=DOCKER)
    monkeypatch.setattr("conformance.service.peers.network.RANGE", made.subnet)
    try:
        with pytest.raises(JobError, match=f"every subnet of {made.subnet} is in use"):
            network.create(client, labels=labels, dialect=DOCKER)
    finally:
        made.remove()


def test_the_empty_image_is_always_the_same(client: docker.APIClient) -> None:
    """It holds no file, and its id is known before it is loaded, wherever an engine keeps its images."""
    loaded = client.inspect_image(empty.empty_image(client))

    assert empty.empty_image(client) == loaded["Id"]
    assert loaded["Id"] in empty.built().ids
    assert {IMAGE: "empty"} == loaded["Config"]["Labels"]
    assert [f"sha256:{hashlib.sha256(bytes(1024)).hexdigest()}"] == loaded["RootFS"]["Layers"]


def test_the_empty_image_is_loaded_once(client: docker.APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the suite's own containers is made of it."""
    loads: list[bytes] = []
    load: Callable[[bytes], Iterable[dict[str, object]]] = client.load_image

    def counted(content: bytes) -> Iterable[dict[str, object]]:
        loads.append(content)
        return load(content)

    monkeypatch.setattr(client, "load_image", counted)
    for _ in range(3):
        empty.empty_image(client)

    assert len(loads) <= 1
    assert [] == [line for line in load(empty.built().content) if "error" in line]


@pytest.mark.parametrize("hosts", [True, False], indirect=True, ids=["internal", "not internal"])
def test_a_name_server_is_found_to_be_reached(hosts: Hosts) -> None:
    """By a query for a name that nobody has; nothing else stays of it."""
    reached = hosts.server.is_reached(hosts.network, labels=hosts.labels)

    assert reached
    assert {names.NOBODYS_NAME} == {query.name for query in hosts.server.queries().queries}


def test_a_name_server_is_found_not_to_be_reached(hosts: Hosts) -> None:
    """Here because it has ended; on some engines because they hand on no query from an internal network."""
    hosts.server.sidecar.kill()

    assert not hosts.server.is_reached(hosts.network, labels=hosts.labels)
