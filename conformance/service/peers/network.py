"""The network of a job's hosts: they reach one another, and neither the outside nor the machine that they run on.

`internal` alone leaves them the bridge's own address, and with it every port of the machine; and a connection to the
outside is given up after more than two minutes, because its packets are dropped without a word. Where the bridge has no
address it fails within three seconds, as one to a host does that is not there (measured with Docker 20.10).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network

import docker
from docker.errors import APIError, NotFound
from docker.types import NetworkingConfig

from conformance.errors import JobError, UsageError
from conformance.service.dialect import TAKEN, Dialect
from conformance.service.engine import STILL_THERE
from conformance.service.labels import new_name
from conformance.service.trouble import as_engine_error

RANGE = IPv4Network("198.18.0.0/15")
"""Set aside for tests of networks (RFC 2544), so that a network here hides nothing that the machine has to reach."""

PREFIX_LENGTH = 24
"""Room for the 100 hosts that a job may have, their name server and the addresses that the engine keeps."""

STANDING_ALONE = frozenset({"host", "null"})
"""The drivers of `host` and `none`."""

_NAME_SERVER, _GUEST, _FIRST_HOST = 2, 3, 11


@dataclass(frozen=True)
class Network:
    """A network that exists on the engine; its addresses are given out here, because a plan needs them beforehand."""

    client: docker.APIClient
    name: str
    subnet: IPv4Network

    @property
    def name_server(self) -> str:
        """The address of the hosts' name server."""
        return str(self.subnet[_NAME_SERVER])

    @property
    def guest(self) -> str:
        """An address for what is no host."""
        return str(self.subnet[_GUEST])

    def host(self, number: int) -> str:
        """The address of a host; the first has the number 1, as `algo-1` has."""
        return str(self.subnet[_FIRST_HOST + number - 1])

    def attachment(self, address: str, mac: str | None = None) -> NetworkingConfig:
        """What `create_container` is to be given as `networking_config`, beside the name as `network_mode`.

        Engines before version 1.44 of the API take a MAC from `create_container` alone, and later ones from both.
        """
        endpoints = {self.name: self.client.create_endpoint_config(ipv4_address=address, mac_address=mac)}
        # The stubs name one endpoint where docker-py takes a mapping.
        return self.client.create_networking_config(endpoints)  # type: ignore[arg-type]

    def remove(self) -> None:
        """Remove it; what is gone already is no error, and what takes long is left to the end of the session."""
        with contextlib.suppress(*STILL_THERE):
            self.client.remove_network(self.name)


@dataclass(frozen=True)
class Place:
    """A host's name, and its address on the network of the job's hosts, where there are several.

    `hostname` is the container's own, where it is to be another than the decoy of the settings. `names` are those that
    it finds in /etc/hosts besides what the engine writes there, each with its address. `outside` is a network of the
    user's that it is on as well, if any. `neighbours` are the addresses that it is not to find by itself; see
    `conformance.service.peers.neighbours`.
    """

    host: str
    network: Network | None = None
    address: str = ""
    hostname: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    outside: str = ""
    neighbours: tuple[str, ...] = ()

    @property
    def is_connected(self) -> bool:
        """Whether its container has another network interface than the loopback."""
        return self.network is not None or bool(self.outside)


def find(client: docker.APIClient, name: str, *, option: str = "--image-network") -> str:
    """The name of an existing network that containers can join alongside another one; `option` is what names it.

    Raises:
        UsageError: it does not exist, or is a built-in network that cannot be combined with another one.
        EngineError: the engine does not tell.
    """
    with as_engine_error(f"{option}: {name!r} cannot be inspected"):
        try:
            found = client.inspect_network(name)
        except NotFound as error:
            raise UsageError(
                f"{option}: expected the name of a Docker network, but there is no {name!r}",
                hint="`docker network ls` lists them",
            ) from error
        if found["Driver"] in STANDING_ALONE:
            raise UsageError(f"{option}: {name!r} cannot be used: containers cannot join it alongside another network")
        return str(found["Name"])


def create(client: docker.APIClient, *, labels: dict[str, str], dialect: Dialect, internal: bool = True) -> Network:
    """Create a network on the first free subnet of `RANGE`, in the way of this engine; see `Dialect.create_network`.

    Raises:
        JobError: every subnet is in use.
    """
    name = new_name(labels, "hosts")
    for subnet in _subnets():
        try:
            dialect.create_network(client, name, subnet, labels, internal=internal)
        except APIError as error:
            if not any(word in str(error.explanation) for word in TAKEN):
                raise
        else:
            return Network(client, name, subnet)
    raise JobError(f"every subnet of {RANGE} is in use", hint="remove unused Docker networks")


def _subnets() -> Iterator[IPv4Network]:
    return RANGE.subnets(new_prefix=PREFIX_LENGTH)
