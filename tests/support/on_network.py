"""Containers that are run as the hosts of a job, on a network with a name server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import docker

from conformance.probe import PROGRAM, RECORD
from conformance.probe.bundle import bundle, read_record, report, words
from conformance.service.peers import names, network
from tests.support.probing import SECONDS, shells
from tests.support.standin import Lookup, full_witness

DECOY = "ip-10-0-86-41.ec2.internal"

LOOK_UP = """
import json, socket, sys
def look_up(name):
    try:
        if name[0].isdecimal():
            return socket.gethostbyaddr(name)[0]
        return sorted({found[4][0] for found in socket.getaddrinfo(name, None)})
    except OSError as error:
        return error.errno
print(json.dumps([look_up(name) for name in sys.argv[1:]]))
"""
"""Resolves names, and addresses, as programs do that use the C library: glibc's, which asks for A and AAAA at once."""


@dataclass(frozen=True)
class Hosts:
    """A network with its name server, on which containers are run as hosts."""

    client: docker.APIClient
    network: network.Network
    server: names.NameServer
    labels: dict[str, str]

    def run(self, number: int, *argv: str, plan: str = "") -> bytes:
        """Run a command as the host of this number; its output, or the probe's record where it has a plan."""
        container = self.client.create_container(
            shells(),
            entrypoint=[PROGRAM] if plan else list(argv),
            hostname=DECOY,
            labels=self.labels,
            networking_config=self.network.attachment(self.network.host(number)),
            host_config=self.client.create_host_config(network_mode=self.network.name, dns=[self.server.address]),
        )["Id"]
        try:
            if plan:
                self.client.put_archive(container, "/", bundle(plan))
            self.client.start(container)
            self.client.wait(container, timeout=SECONDS)
            if plan:
                return read_record(self.client.get_archive(container, RECORD)[0])
            return bytes(self.client.logs(container))
        finally:
            self.client.remove_container(container, force=True)

    def look_up(self, number: int, *wanted: str) -> list[list[str] | str | int]:
        """What the C library of a host finds for names and for addresses: a list of addresses, a name, or an error."""
        found: list[list[str] | str | int] = json.loads(self.run(number, "python3", "-c", LOOK_UP, *wanted))
        return found

    def resolve(self, number: int, *lines: Sequence[str | int]) -> tuple[Lookup, ...]:
        """What the probe finds, which asks with musl's resolver, and for A alone."""
        return full_witness(self.run(number, plan=report(*(words("resolve", *line) for line in lines)))).lookups
