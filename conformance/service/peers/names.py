"""The name server of a job's hosts: a container that holds nothing but the probe, on the network of the hosts.

A host's `dns` is its address. Docker's own resolver stands between the two wherever a network has been made by a user:
it answers for containers by their names, ids, hostnames and aliases, and hands on everything else from within the
asking container, so that the name server sees each host under its own address. None of those names may be `algo-N`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass

import docker
from docker.errors import APIError
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import Timeout

from conformance.errors import JobError
from conformance.outcome.resolution import Queries
from conformance.probe import RECORD
from conformance.probe.bundle import bundle, read_record, report, words
from conformance.probe.names import Name, answer
from conformance.service import empty
from conformance.service.peers.network import Network

START_SECONDS = 30.0

ASK_SECONDS = 30
"""Longer than a client waits for an answer that does not come (resolv.conf(5), `timeout` and `attempts`)."""

NOBODYS_NAME = "is-anybody-there.invalid"
"""A name that no host can have (RFC 6761, section 6.4)."""

_MEMORY_BYTES = 32 << 20
_PROCESSES = 8

_NOBODY = "65534:65534"


@dataclass(frozen=True)
class NameServer:
    """A created name server; `address` is what the hosts' `dns` is to be, `plan` what it knows."""

    client: docker.APIClient
    id: str
    address: str
    plan: str

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            JobError: it ends at once, or does not begin to answer.
        """
        self.client.put_archive(self.id, "/", bundle(self.plan))
        self.client.start(self.id)
        _wait_until_it_answers(self)

    def queries(self) -> Queries:
        """What it has been asked until now."""
        chunks, _ = self.client.get_archive(self.id, RECORD)
        return Queries.parse(read_record(chunks))

    def is_reached(self, network: Network, *, labels: dict[str, str]) -> bool:
        """Whether what a host asks comes here: one more container on the network asks for a name that nobody has."""
        asking = empty.create(
            self.client,
            labels=labels,
            user=_NOBODY,
            networking_config=network.attachment(network.guest),
            network_mode=network.name,
            dns=[self.address],
            mem_limit=_MEMORY_BYTES,
        )
        try:
            self.client.put_archive(asking, "/", bundle(report(words("resolve", NOBODYS_NAME))))
            self.client.start(asking)
            # What it is answered, if anything, matters as little as when.
            with contextlib.suppress(Timeout, RequestsConnectionError):
                self.client.wait(asking, timeout=ASK_SECONDS)
        finally:
            self.client.remove_container(asking, v=True, force=True)
        return any(query.name == NOBODYS_NAME for query in self.queries().queries)

    def end(self) -> None:
        """End it at once; what has ended already is no error."""
        with contextlib.suppress(APIError):
            self.client.kill(self.id, "SIGKILL")

    def remove(self) -> None:
        """Remove it; what is gone already is no error."""
        with contextlib.suppress(APIError):
            self.client.remove_container(self.id, v=True, force=True)


def start(client: docker.APIClient, network: Network, names: Iterable[Name], *, labels: dict[str, str]) -> NameServer:
    """Create a name server and wait until it answers; see `create` and `NameServer.start`."""
    server = create(client, network, names, labels=labels)
    try:
        server.start()
    except BaseException:
        server.remove()
        raise
    return server


def create(client: docker.APIClient, network: Network, names: Iterable[Name], *, labels: dict[str, str]) -> NameServer:
    """Create a name server, which is not started.

    Raises:
        ValueError: there are too many names; see `conformance.probe.names`.
    """
    plan = answer(names)
    address = network.name_server
    created = empty.create(
        client,
        labels=labels,
        user=_NOBODY,
        networking_config=network.attachment(address),
        network_mode=network.name,
        # Port 53 without any capability; the default of Docker 20.10 and later, and of no earlier one.
        sysctls={"net.ipv4.ip_unprivileged_port_start": "0"},
        mem_limit=_MEMORY_BYTES,
        pids_limit=_PROCESSES,
    )
    return NameServer(client, created, address, plan)


def _wait_until_it_answers(server: NameServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while b"answering" not in server.client.logs(server.id):
        if not server.client.inspect_container(server.id)["State"]["Running"] or time.monotonic() > deadline:
            # Only now has it surely said everything.
            said = server.client.logs(server.id).decode(errors="replace").strip()
            raise JobError(f"the name server does not answer: {said}")
        time.sleep(0.01)
