"""The AWS that a host of a job reaches: a relay beside its container, in its network, and whoever answers here.

The relay listens at the container's loopback and hands every connection through its own standard streams to the
session: so the container needs no route, no port of this machine and no privilege, wherever the engine is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import docker
from docker.types import LogConfig

from conformance.aws.order import AWAITED
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.probe.bundle import words
from conformance.service import sidecar
from conformance.service.peers import neighbours
from conformance.service.peers.gate import Gate
from conformance.service.peers.network import Place
from conformance.service.relay import Relay
from conformance.service.sidecar import Sidecar

PORT = 28170
"""Below the ports that Linux gives out by itself (ip(7), ip_local_port_range)."""

ENDPOINT = f"http://127.0.0.1:{PORT}"

START_SECONDS = 60
HOST_SECONDS = 2
"""How long a host waits for its AWS before its program begins, and how much longer for each of a job's hosts."""

_MEMORY_BYTES = 320 << 20
_PROCESSES = 8


WITHOUT_AWS = frozenset({Variation.DEFAULT_COMMAND, Variation.START, Variation.LOOK_AT_GPUS})
"""Runs in which only the start is observed, or no program of the image's runs."""


def are_made(request: JobRequest, variation: Variation, *, plays: bool = False) -> bool:
    """Whether the containers of a run are to reach AWS: a program of the image's runs there, and is not isolated."""
    if plays or variation in WITHOUT_AWS:
        return False
    return not request.is_isolated or variation is Variation.CALLS_OF_ISOLATED


def variables(credentials: str, *, reached: bool, isolated: bool) -> dict[str, str]:
    """The variables by which a program finds AWS, where it can be reached, and the credentials of its role.

    AWS sets `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`, whose address no container here can have; SDKs take a full URI
    where it is one of the loopback (AWS SDKs guide, "Container credential provider"). An isolated container has no
    credentials (SageMaker developer guide, "Run Containers in Internet-Free Mode").
    """
    if not reached:
        return {} if isolated else {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": credentials}
    return {"AWS_ENDPOINT_URL": ENDPOINT, "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{ENDPOINT}{credentials}"}


def patience_seconds(hosts: int) -> int:
    """How long each of so many hosts waits before its program begins; an engine starts them one after the other."""
    return START_SECONDS + HOST_SECONDS * hosts


def awaits(hosts: int) -> str:
    """The line of a plan by which the program of each of so many containers begins only when its AWS answers."""
    return words("await", PORT, AWAITED, patience_seconds(hosts))


@dataclass
class Line:
    """The relay of one host, created before the host starts and started right after it.

    One without an address leads to no AWS: it lets the program begin, and ends.
    """

    sidecar: Sidecar
    address: str
    gate: Gate
    relay: Relay | None = field(default=None, repr=False)

    def start(self, host: str) -> None:
        """Start it, and wait until the program has begun, which asks for it first; the host's container is running.

        No program begins before those of all hosts can, so that none waits for what the engine takes to start others.
        """
        self.sidecar.fill()
        self.relay = Relay(self.sidecar.streams(stdin=1, stdout=1), self.address, self.gate.wait)
        self.relay.start()
        self.sidecar.begin()
        self.gate.arrive(host)
        # What is to happen so long after its begin would otherwise happen before it.
        self.relay.answered.wait(patience_seconds(self.gate.number))
        if not self.address:
            self.close()

    def close(self) -> None:
        """End it: no program of the host runs any more."""
        if self.relay is not None:
            self.relay.close()

    def remove(self) -> None:
        """Remove its container."""
        self.close()
        self.sidecar.remove()


def create(
    client: docker.APIClient, host: str, address: str, *, place: Place, gate: Gate, labels: dict[str, str]
) -> Line:
    """Create the relay of a host's container to the socket at an address; it is not started.

    It first tells the container's kernel of the neighbours that it is not to find by itself; see `neighbours`.
    """
    created = sidecar.create(
        client,
        "\n".join((*neighbours.lines(place), words("relay", PORT))),
        labels=labels,
        stdin_open=True,
        **neighbours.rights(place),
        network_mode=f"container:{host}",
        # All that passes would be kept.
        log_config=LogConfig(type="none"),
        mem_limit=_MEMORY_BYTES,
        pids_limit=_PROCESSES,
    )
    return Line(created, address, gate)
