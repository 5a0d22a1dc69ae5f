"""What answers for the hosts of a job that have ended, and what a host is told of the others, on a real network."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator

import docker
import docker.errors
import pytest

from conformance.probe.names import Name
from conformance.service.dialect import DOCKER
from conformance.service.labels import run_labels
from conformance.service.peers import names, neighbours, network
from tests.support.on_network import Hosts
from tests.support.probing import SECONDS, shells

pytestmark = pytest.mark.engine


@pytest.fixture(name="hosts")
def _hosts(client: docker.APIClient) -> Iterator[Hosts]:
    """A network whose name server knows one host."""
    labels = run_labels(uuid.uuid4().hex[:12], kept=False)
    made = network.create(client, labels=labels, dialect=DOCKER)
    try:
        with names.create(client, made, [Name("algo-1", made.host(1))], labels=labels) as server:
            server.start()
            yield Hosts(client, made, server, labels)
    finally:
        made.remove()


CONNECT = """
import errno, socket, sys, time
kind, address = getattr(socket, sys.argv[1]), sys.argv[2]
asking = socket.socket(socket.AF_INET, kind)
asking.settimeout(20)
begun = time.monotonic()
try:
    asking.connect((address, 7070))
    asking.send(b"x")
    asking.recv(1)
except OSError as error:
    print(errno.errorcode.get(error.errno or 0, type(error).__name__), end="")
assert time.monotonic() - begun < 15, "it was not refused before it was given up"
"""
"""Speaks to a port where nothing listens, and says how that ends."""

ECHO = """
import socket, sys
def checked(total):
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).to_bytes(2, "big")
asking = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
asking.settimeout(15)
asking.sendto(b"\\x08\\0" + checked(0x0800 + 0x1234 + 0x0001) + b"\\x12\\x34\\0\\x01", (sys.argv[1], 0))
got, sender = asking.recvfrom(100)
print(sender[0], got[20:].hex(), end="")
"""


def test_what_is_sent_to_a_host_that_has_ended_is_refused(hosts: Hosts) -> None:
    """As by the machine of a host on AWS, which stays; before its end nobody answers for it."""
    ended = hosts.network.host(1)
    before = hosts.run(7, "python3", "-c", CONNECT, "SOCK_STREAM", ended)
    hosts.server.refuse(hosts.network.host(2))
    hosts.server.refuse(ended)
    refused = [hosts.run(7, "python3", "-c", CONNECT, kind, ended) for kind in ("SOCK_STREAM", "SOCK_DGRAM")]

    assert b"EHOSTUNREACH" == before
    assert [b"ECONNREFUSED"] * 2 == refused
    assert f"{ended} 0000edca12340001".encode() == hosts.run(7, "python3", "-c", ECHO, ended)
    assert b"EHOSTUNREACH" == hosts.run(7, "python3", "-c", CONNECT, "SOCK_STREAM", hosts.network.host(3))
    assert [hosts.network.host(1)] == hosts.look_up(7, "algo-1")[0]


def test_a_connection_to_a_host_that_has_ended_is_reset(hosts: Hosts) -> None:
    """It hears of that when it next sends something, also where it has been told the MAC of that host for good."""
    ended, asking = hosts.network.host(1), hosts.network.host(7)
    server = "import socket; s = socket.create_server(('', 7070)); c, _ = s.accept(); c.recv(1); c.recv(1)"
    client = (
        "import socket, sys, time\n"
        "c = socket.create_connection((sys.argv[1], 7070)); c.send(b'a'); time.sleep(4)\n"
        "try:\n"
        "    [(c.send(b'b'), time.sleep(0.5)) for _ in range(30)]\n"
        "except OSError as error:\n"
        "    print(type(error).__name__, end='')\n"
    )
    labels, made = hosts.labels, hosts.network

    def start(address: str, code: str) -> str:
        container: str = hosts.client.create_container(
            shells(),
            entrypoint=["python3", "-c", code, ended],
            labels=labels,
            mac_address=neighbours.mac(address),
            networking_config=made.attachment(address),
            host_config=hosts.client.create_host_config(network_mode=made.name),
        )["Id"]
        hosts.client.start(container)
        return container

    serving = start(ended, server)
    calling = start(asking, client)
    try:
        place = network.Place("algo-7", made, asking, neighbours=(ended,))
        neighbours.tell(hosts.client, calling, place, labels=labels)
        neighbour = hosts.client.exec_start(
            hosts.client.exec_create(calling, ["python3", "-c", "print(open('/proc/net/arp').read())"])["Id"]
        )
        hosts.client.remove_container(serving, force=True)
        hosts.server.refuse(ended)
        hosts.client.wait(calling, timeout=SECONDS)
        said = hosts.client.logs(calling)
    finally:
        for container in (serving, calling):
            with contextlib.suppress(docker.errors.NotFound):
                hosts.client.remove_container(container, force=True)

    # Flags 6: complete and permanent (linux/if_arp.h, ATF_COM and ATF_PERM).
    assert ["0x6", neighbours.mac(ended)] == neighbour.decode().split(f"{ended} ")[1].split()[1:3]
    assert said in {b"ConnectionResetError", b"BrokenPipeError"}
