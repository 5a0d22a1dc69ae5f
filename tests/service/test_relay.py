"""The relay beside a container, on a real engine: what connects at its loopback reaches a socket of this machine."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socketserver
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from conformance.service import calls
from conformance.service.calls import PORT
from conformance.service.labels import run_labels
from conformance.service.peers.gate import Gate
from conformance.service.peers.network import Place
from tests.support.probing import SECONDS, shells

pytestmark = pytest.mark.engine

ALONE = Place("algo-1")

CLIENT = f"""
import hashlib, json, socket, threading, time
def connected():
    until = time.monotonic() + {SECONDS}
    while True:
        try:
            return socket.create_connection(("127.0.0.1", {PORT}), {SECONDS})
        except OSError:
            if time.monotonic() > until: raise
            time.sleep(0.02)
def read(stream):
    content = b""
    while piece := stream.recv(1 << 20):
        content += piece
    return content
def ask(line, body=b""):
    with connected() as stream:
        stream.sendall(line.encode() + b"\\n" + body)
        stream.shutdown(socket.SHUT_WR)
        return read(stream)
def digest(content):
    return hashlib.sha256(content).hexdigest()
def done(**found):
    print(json.dumps(found))
"""


class Handler(socketserver.StreamRequestHandler):
    """Does what the first line of a connection says."""

    def handle(self) -> None:
        """Echo the rest, answer with as many bytes as are asked for, or close at once."""
        word, _, rest = self.rfile.readline().decode().strip().partition(" ")
        if word == "digest":
            self.wfile.write(hashlib.sha256(self.rfile.read()).hexdigest().encode())
        elif word == "echo":
            self.wfile.write(self.rfile.read())
        elif word == "give":
            self.wfile.write(bytes(range(256)) * (int(rest) // 256))


class Server(socketserver.ThreadingUnixStreamServer):
    """A server at a path."""

    daemon_threads = True
    request_queue_size = 128


@pytest.fixture(name="address")
def _address(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "s")
    with Server(path, Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield path
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def program(client: docker.APIClient, code: str, address: str, labels: dict[str, str]) -> Iterator[str]:
    """A container that runs this program, with a relay beside it."""
    host = client.create_container(
        shells(),
        command=["python3", "-c", CLIENT + code],
        labels=labels,
        host_config=client.create_host_config(network_mode="none"),
    )["Id"]
    line = calls.create(client, host, address, place=ALONE, gate=Gate([ALONE.host]), labels=labels)
    try:
        client.start(host)
        line.start(ALONE.host)
        yield host
    finally:
        line.remove()
        client.remove_container(host, force=True)


def said(client: docker.APIClient, code: str, address: str) -> dict[str, Any]:
    """What a program said that ran to its end."""
    with program(client, code, address, run_labels(uuid.uuid4().hex[:12], kept=False)) as host:
        ended = client.wait(host, timeout=SECONDS)
        output = client.logs(host).decode()

    assert 0 == ended["StatusCode"], output
    found: dict[str, Any] = json.loads(output)
    return found


def test_megabytes_pass_unchanged_in_both_directions(client: docker.APIClient, address: str) -> None:
    """More than either end holds, and of every value of a byte."""
    found = said(
        client,
        """
content = bytes(range(256)) * (20 << 12)
done(sent=ask("digest", content).decode(), own=digest(content), got=digest(ask("give %d" % (20 << 20))),
     echoed=digest(ask("echo", content)))
""",
        address,
    )
    content = hashlib.sha256(bytes(range(256)) * (20 << 12)).hexdigest()

    assert {"sent": content, "own": content, "got": content, "echoed": content} == found


def test_many_connections_at_once_keep_apart(client: docker.APIClient, address: str) -> None:
    """Each gets what it sent, and one after the other uses the same numbers again."""
    found = said(
        client,
        """
answers = {}
def one(number):
    for turn in range(5):
        answers[number, turn] = ask("echo", b"%d.%d " % (number, turn) * 10_000)
threads = [threading.Thread(target=one, args=(number,)) for number in range(40)]
for thread in threads: thread.start()
for thread in threads: thread.join()
done(count=len(answers), wrong=[key for key, got in answers.items() if got != b"%d.%d " % key * 10_000])
""",
        address,
    )

    assert {"count": 200, "wrong": []} == found


def test_one_that_nobody_reads_keeps_no_other_waiting(client: docker.APIClient, address: str) -> None:
    """What is not read stays where it is, and no more of it comes."""
    found = said(
        client,
        """
idle = [connected() for _ in range(3)]
for each in idle: each.sendall(b"give %d\\n" % (64 << 20))
time.sleep(0.2)
done(answer=ask("echo", b"still here").decode(), rest=len(idle[0].recv(1 << 20)) > 0)
""",
        address,
    )

    assert {"answer": "still here", "rest": True} == found


def test_who_closes_first_is_heard_of(client: docker.APIClient, address: str) -> None:
    """The server may end without reading all, and so may the program."""
    found = said(
        client,
        """
with connected() as stream:
    stream.sendall(b"give 1000000\\n")
    stream.recv(10)
with connected() as stream:
    stream.sendall(b"nothing\\n")
    closed = stream.recv(10)
done(closed=len(closed), after=ask("echo", b"x").decode())
""",
        address,
    )

    assert {"closed": 0, "after": "x"} == found


def test_nobody_at_the_address_is_a_closed_connection(client: docker.APIClient, tmp_path: Path) -> None:
    """A program that connects then is not left waiting."""
    found = said(
        client,
        """
try:
    got = ask("echo", b"x").decode()
except OSError:
    got = ""
done(got=got)
""",
        str(tmp_path / "nobody"),
    )

    assert {"got": ""} == found


def test_the_relay_ends_with_its_input(client: docker.APIClient, address: str) -> None:
    """So nothing keeps running where the session is gone, and to end it twice is no error."""
    labels = run_labels(uuid.uuid4().hex[:12], kept=False)
    host = client.create_container(
        shells(), command=["sleep", "60"], labels=labels, host_config=client.create_host_config(network_mode="none")
    )["Id"]
    try:
        client.start(host)
        line = calls.create(client, host, address, place=ALONE, gate=Gate([ALONE.host]), labels=labels)
        line.start(ALONE.host)
        line.close()
        line.close()
        ended = line.sidecar.wait(SECONDS)
        line.remove()
    finally:
        client.remove_container(host, force=True)

    assert ended
