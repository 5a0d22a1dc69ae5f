"""The name server of a job's hosts: a container that holds nothing but the probe, on the network of the hosts.

A host's `dns` is its address. Docker's own resolver stands between the two wherever a network has been made by a user:
it answers for containers by their names, ids, hostnames and aliases, and hands on everything else from within the
asking container, so that the name server sees each host under its own address. None of those names may be `algo-N`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

import docker

from conformance.errors import JobError
from conformance.outcome.resolution import Queries
from conformance.probe.bundle import report, words
from conformance.probe.names import LIMIT_BYTES, Name, answer
from conformance.service import sidecar
from conformance.service.peers.network import Network
from conformance.service.relay import Stream
from conformance.service.sidecar import Sidecar

START_SECONDS = 30.0

ASK_SECONDS = 30
"""Longer than a client waits for an answer that does not come (resolv.conf(5), `timeout` and `attempts`)."""

NOBODYS_NAME = "is-anybody-there.invalid"
"""A name that no host can have (RFC 6761, section 6.4)."""

QUERY_BYTES = 2 << 10
"""How much of its record is for what one host asks of another: A and AAAA, and both a few times."""

_MEMORY_BYTES = 32 << 20
_PROCESSES = 8


@dataclass
class NameServer:
    """A created name server, as a context manager; `address` is what the hosts' `dns` is to be.

    It also answers for the addresses of hosts that have ended, so that a connection to one is refused at once: on AWS
    an instance stays until the whole job has ended, and its kernel refuses what nobody listens for.
    """

    sidecar: Sidecar
    address: str
    _orders: Stream | None = field(default=None, repr=False)
    _ordering: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __enter__(self) -> Self:
        """It is there already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove it, however the block ended."""
        self.remove()

    def start(self) -> None:
        """Start it and wait until it responds.

        Raises:
            JobError: it exits at once, or does not start to respond.
        """
        self.sidecar.fill()
        self._orders = self.sidecar.streams(stdin=1)
        self.sidecar.begin()
        deadline = time.monotonic() + START_SECONDS
        while b"answering" not in self.sidecar.output():
            if not self.sidecar.is_running or time.monotonic() > deadline:
                # Only now has it surely said everything.
                said = self.sidecar.output().decode(errors="replace").strip()
                raise JobError(f"the name server does not respond: {said}")
            time.sleep(0.01)

    def refuse(self, address: str) -> None:
        """Answer for a host that has ended; it has been started, and may itself have been ended."""
        with self._ordering, contextlib.suppress(OSError):
            if self._orders is not None:
                self._orders.sendall(f"{address}\n".encode())

    def end(self) -> None:
        """End it: nobody asks it any more."""
        self._hang_up()
        self.sidecar.kill()

    def remove(self) -> None:
        """Remove it."""
        self._hang_up()
        self.sidecar.remove()

    def _hang_up(self) -> None:
        with self._ordering:
            orders, self._orders = self._orders, None
        if orders is not None:
            orders.close()

    def queries(self) -> Queries:
        """What it has been asked until now."""
        return Queries.parse(self.sidecar.record())

    def is_reached(self, network: Network, *, labels: dict[str, str]) -> bool:
        """Whether what a host asks comes here: one more container on the network asks for a name that nobody has."""
        asking = sidecar.create(
            self.sidecar.client,
            report(words("resolve", NOBODYS_NAME)),
            labels=labels,
            user=sidecar.NOBODY,
            networking_config=network.attachment(network.guest),
            network_mode=network.name,
            dns=[self.address],
            mem_limit=_MEMORY_BYTES,
            pids_limit=_PROCESSES,
        )
        with asking:
            asking.start()
            # What it is answered, if anything, matters as little as when.
            asking.wait(ASK_SECONDS)
        return any(query.name == NOBODYS_NAME for query in self.queries().queries)


def create(client: docker.APIClient, network: Network, names: Iterable[Name], *, labels: dict[str, str]) -> NameServer:
    """Create a name server, which is not started.

    Raises:
        ValueError: there are too many names; see `conformance.probe.names`.
    """
    names = tuple(names)
    created = sidecar.create(
        client,
        answer(names, limit_bytes=LIMIT_BYTES + QUERY_BYTES * len(names) ** 2, refuses=True),
        labels=labels,
        stdin_open=True,
        # To receive what is for another address, for which it has to be root; it gives this up before it answers.
        cap_add=["NET_RAW"],
        networking_config=network.attachment(network.name_server),
        network_mode=network.name,
        # Port 53 without any capability; the default of Docker 20.10 and later, and of no earlier one.
        sysctls={"net.ipv4.ip_unprivileged_port_start": "0"},
        mem_limit=_MEMORY_BYTES,
        pids_limit=_PROCESSES,
    )
    return NameServer(created, network.name_server)
