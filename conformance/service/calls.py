"""The AWS that a host of a job reaches: a relay beside its container, in its network, and whoever answers here.

The relay listens at the container's loopback and hands every connection through its own standard streams to the
session: so the container needs no route, no port of this machine and no privilege, wherever the engine is.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any

import docker
from docker.types import LogConfig

from conformance.aws.order import AWAITED
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.probe.bundle import words
from conformance.service import sidecar
from conformance.service.engine import responses
from conformance.service.relay import Relay, Stream
from conformance.service.sidecar import Sidecar

PORT = 28170
"""Below the ports that Linux gives out by itself (ip(7), ip_local_port_range)."""

ENDPOINT = f"http://127.0.0.1:{PORT}"

START_SECONDS = 60
"""How long a host waits for its AWS before its program begins."""

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


def awaits() -> str:
    """The line of a plan by which a container's program begins only when its AWS answers."""
    return words("await", PORT, AWAITED, START_SECONDS)


@dataclass
class Line:
    """The relay of one host, created before the host starts and started right after it."""

    sidecar: Sidecar
    address: str
    relay: Relay | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it, and wait until the program has begun, which asks for it first; the host's container is running."""
        client = self.sidecar.client
        # Podman prepares a container as soon as somebody attaches to it, for which its program has to be there.
        self.sidecar.fill()
        self.relay = Relay(_stream(client, self.sidecar.id), self.address)
        self.relay.start()
        self.sidecar.begin()
        # What is to happen so long after its begin would otherwise happen before it.
        self.relay.answered.wait(START_SECONDS)

    def close(self) -> None:
        """End it: no program of the host runs any more."""
        if self.relay is not None:
            self.relay.close()

    def remove(self) -> None:
        """Remove its container."""
        self.close()
        self.sidecar.remove()


def create(client: docker.APIClient, host: str, address: str, *, labels: dict[str, str]) -> Line:
    """Create the relay of a host's container to the socket at an address; it is not started."""
    created = sidecar.create(
        client,
        words("relay", PORT),
        labels=labels,
        user=sidecar.NOBODY,
        stdin_open=True,
        network_mode=f"container:{host}",
        # All that passes would be kept.
        log_config=LogConfig(type="none"),
        mem_limit=_MEMORY_BYTES,
        pids_limit=_PROCESSES,
    )
    return Line(created, address)


def _stream(client: docker.APIClient, container: str) -> Stream:
    """Its standard streams. docker-py gives what urllib3 read the answer from, by way of which nothing can be sent."""
    with responses(client) as answers:
        attached: Any = client.attach_socket(container, params={"stdin": 1, "stdout": 1, "stream": 1})
    if hasattr(attached, "sendall"):
        stream: Stream = attached
        return stream
    own = socket.socket(fileno=socket.dup(attached.fileno()))
    for answer in answers:
        answer.close()
    return own
