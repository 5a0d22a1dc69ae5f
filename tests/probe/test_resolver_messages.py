"""The name server, and messages that no resolver would send: each gets the reply that RFC 1035 asks for, or none.

The messages are sent within the name server's own network namespace, over its loopback interface.
"""

import base64
import contextlib
import json
import struct
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import docker
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from conformance.outcome.record import to_text
from conformance.outcome.resolution import Queries
from conformance.probe.names import Name
from conformance.service.dialect import DOCKER
from conformance.service.labels import run_labels
from conformance.service.peers import names, network
from tests.support.name_server import malformed
from tests.support.probing import shells

pytestmark = pytest.mark.engine

CLIENT = """
import base64, json, socket, struct, sys
transport, *messages = json.loads(sys.argv[1])
messages = [base64.b64decode(message) for message in messages]
SENTINEL = base64.b64decode(%r)
ADDRESS = ("127.0.0.1", 53)
def exchange_datagrams():
    asking, watching = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    asking.setblocking(False)
    watching.settimeout(10)
    for message in messages:
        asking.sendto(message, ADDRESS)
        # The server takes one after the other: when this one is answered, so is the one before.
        watching.sendto(SENTINEL, ADDRESS)
        watching.recv(2048)
        try:
            yield asking.recv(2048)
        except BlockingIOError:
            yield None
def exchange_streams():
    for message in messages:
        with socket.create_connection(ADDRESS, timeout=10) as stream:
            received = b""
            try:
                stream.sendall(message)
                stream.shutdown(socket.SHUT_WR)
                while piece := stream.recv(65536):
                    received += piece
            except TimeoutError:
                raise
            except OSError:
                pass  # the server has closed the connection
            yield received
replies = exchange_datagrams() if transport == "udp" else exchange_streams()
print(json.dumps([None if reply is None else base64.b64encode(reply).decode() for reply in replies]))
"""


def query(name: bytes, kind: int, *, number: int = 1, flags: int = 0x0100, klass: int = 1, edns: bool = False) -> bytes:
    """A query for a name as it stands in a message, with or without EDNS (RFC 6891)."""
    extra = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0) if edns else b""
    return struct.pack("!6H", number, flags, 1, 0, 0, len(extra) > 0) + name + struct.pack("!HH", kind, klass) + extra


def wire(*labels: bytes) -> bytes:
    """A name as it stands in a message."""
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


ALGO_1 = wire(b"algo-1")
SENTINEL = query(ALGO_1, 1, number=0xBEEF)


def name_in(message: bytes) -> list[bytes] | None:
    """The labels of the name in a query; None where there is no whole name, or it refers to another place."""
    labels, rest = [], message[12:]
    while rest and rest[0]:
        if rest[0] > 63 or len(rest) <= rest[0]:
            return None
        labels.append(rest[1 : 1 + rest[0]])
        rest = rest[1 + rest[0] :]
    return labels if len(rest) >= 5 and len(wire(*labels)) <= 255 else None


def reply_to(message: bytes, address: str) -> bytes | None:
    """The reply of a name server that knows one host, by its name and by its address; what it should be."""
    message = message[:1024]
    if len(message) < 12 or message[2] & 0x80:
        return None

    def header(code: int, answers: int = 0, *, question: bool = True) -> bytes:
        flags = 0x8080 | (message[2] & 0x79) << 8 | code
        return message[:2] + struct.pack("!5H", flags, question, answers, 0, 0)

    labels = name_in(message)
    if message[2] & 0x78:
        return header(4, question=False)
    if labels is None or message[4:6] != b"\0\1":
        return header(1, question=False)
    name = wire(*labels)
    asked = message[12 : 12 + len(name) + 4]
    data = {
        b"algo-1": bytes(map(int, address.split("."))),
        b".".join(address.encode().split(b".")[::-1]) + b".in-addr.arpa": ALGO_1,
    }
    known = b".".join(labels).lower() if all(b"." not in label for label in labels) else b""
    if known not in data:
        return header(3) + asked
    kind = b"\0\1" if known == b"algo-1" else b"\0\x0c"
    if asked[-4:] != kind + b"\0\1":
        return header(0) + asked
    record = b"\xc0\x0c" + kind + b"\0\1" + bytes(4) + struct.pack("!H", len(data[known])) + data[known]
    return header(0, 1) + asked + record


@dataclass(frozen=True)
class Exchange:
    """A name server, and a container in its network namespace that sends it messages."""

    client: docker.APIClient
    server: names.NameServer
    container: str
    address: str

    def send(self, transport: str, messages: Sequence[bytes]) -> list[bytes | None]:
        """What comes back for each message, or for each stream."""
        text = json.dumps([transport, *(base64.b64encode(message).decode() for message in messages)])
        script = CLIENT % base64.b64encode(SENTINEL).decode()
        replies = json.loads(self.run(script, text))
        return [None if reply is None else base64.b64decode(reply) for reply in replies]

    def run(self, script: str, *arguments: str) -> str:
        """Run a Python script there; what it prints."""
        execution = self.client.exec_create(self.container, ["python3", "-c", script, *arguments])["Id"]
        output: bytes = self.client.exec_start(execution)
        assert self.client.exec_inspect(execution)["ExitCode"] == 0, output.decode()
        return output.decode()

    def queries(self) -> Queries:
        """What the name server wrote down."""
        return self.server.queries()


@contextlib.contextmanager
def exchange(client: docker.APIClient, *, after_queries: int = 0) -> Iterator[Exchange]:
    """Start a name server that knows one host, and the container that asks it."""
    labels = run_labels(uuid.uuid4().hex[:12], kept=False)
    made = network.create(client, labels=labels, dialect=DOCKER)
    with contextlib.ExitStack() as undone:
        undone.callback(made.remove)
        known = [Name("algo-1", made.host(1), after_queries=after_queries)]
        server = undone.enter_context(names.create(client, made, known, labels=labels))
        server.start()
        asking = client.create_container(
            shells(),
            entrypoint=["python3", "-c", "import time; time.sleep(600)"],
            labels=labels,
            host_config=client.create_host_config(network_mode=f"container:{server.sidecar.id}"),
        )["Id"]
        undone.callback(client.remove_container, asking, force=True)
        client.start(asking)
        yield Exchange(client, server, asking, made.host(1))


@pytest.fixture(name="peer", scope="module")
def _peer(client: docker.APIClient) -> Iterator[Exchange]:
    """A name server that all tests of this module ask."""
    with exchange(client) as made:
        yield made


labels = st.lists(st.binary(min_size=1, max_size=63), max_size=4).map(lambda drawn: wire(*drawn))
longest, too_long = (wire(*[b"a" * 63] * 3, b"a" * length) for length in (61, 62))
others = (wire(b"algo-2"), wire(b"algo-1", b"a"), b"\0", longest, too_long, wire(b"a" * 64))
near = (ALGO_1, wire(b"ALGO-1"), wire(b"aLgO-1"), *others)
queries = st.builds(
    query,
    st.sampled_from(near) | labels,
    st.sampled_from([1, 12, 28, 255]) | st.integers(0, 0xFFFF),
    number=st.integers(0, 0xFFFF),
    flags=st.sampled_from([0x0100, 0x0000, 0x0120]) | st.integers(0, 0xFFFF),
    klass=st.sampled_from([1, 1, 3, 255]),
    edns=st.booleans(),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A query of which some bytes are others, or lack, or are too many."""
    message = bytearray(draw(queries))
    for _ in range(draw(st.integers(0, 4))):
        message[draw(st.integers(0, len(message) - 1))] = draw(st.sampled_from([0, 1, 0x3F, 0x40, 0xC0, 0xFF]))
    cut = message[: draw(st.integers(0, len(message)))] if draw(st.booleans()) else message
    return bytes(cut) + draw(st.binary(max_size=8))


long = st.builds(lambda asked, more: asked + bytes(more), queries, st.integers(400, 1100))
messages = st.binary(max_size=1200) | queries | mutated() | long


# What fails is a single message of many, so that nothing need be shrunk.
without_shrinking = partial(settings, phases=[Phase.explicit, Phase.reuse, Phase.generate])


@without_shrinking(max_examples=25)
@given(st.lists(messages, min_size=30, max_size=50))
def test_any_datagram_gets_its_reply(peer: Exchange, sent: list[bytes]) -> None:
    """Whatever it is, the reply is the one that a model of it makes, and everything is written down."""
    before, malformed_before = peer.queries(), len(malformed(peer.server))
    expected = [reply_to(message, peer.address) for message in sent]
    received = peer.send("udp", sent)
    after, malformed_after = peer.queries(), len(malformed(peer.server))
    read = [message for message, reply in zip(sent, expected, strict=True) if reply is not None and reply[5]]

    assert [] == [found for found in zip(sent, expected, received, strict=True) if found[1] != found[2]]
    assert after.fault == ""
    assert len(after.queries) - len(before.queries) == len(read) + len(sent)  # each is followed by a sentinel
    assert malformed_after - malformed_before == len(sent) - len(read)
    asked = [found.name for found in after.queries[len(before.queries) :]]
    for message in read:
        asked.remove(text_of(name_in(message) or []))
    assert {"algo-1"} == set(asked)


def text_of(parts: list[bytes]) -> str:
    """A name as the record has it: dots and backslashes within labels have a backslash before them."""
    escaped = [part.replace(b"\\", b"\\\\").replace(b".", b"\\.") for part in parts]
    return to_text(b".".join(escaped).lower().decode("latin-1"))


def framed(message: bytes) -> bytes:
    """A message as it is sent over TCP."""
    return struct.pack("!H", len(message)) + message


remainders = st.binary(max_size=20) | queries.map(lambda asked: framed(asked)[:-1])


@without_shrinking(max_examples=20)
@given(st.lists(st.tuples(st.lists(messages, max_size=5), remainders), min_size=5, max_size=10))
def test_any_stream_gets_its_replies(peer: Exchange, sent: list[tuple[list[bytes], bytes]]) -> None:
    """Each message of a stream is answered in turn; a length that no query has ends it."""
    streams = [b"".join(map(framed, whole)) + rest for whole, rest in sent]
    replies = peer.send("tcp", streams)

    for stream, reply in zip(streams, replies, strict=True):
        expected, ended = replies_to(stream, peer.address)
        assert reply is not None
        # A connection that is closed with bytes unread is reset, and what was on its way may be lost.
        assert expected.startswith(reply) if ended else expected == reply


def replies_to(stream: bytes, address: str) -> tuple[bytes, bool]:
    """What should come back, and whether the server closes the connection before it has read everything."""
    replies = b""
    while len(stream) >= 2:
        length = int.from_bytes(stream[:2], "big")
        if length > 1024:
            return replies, True
        if len(stream) < 2 + length:
            break
        reply = reply_to(stream[2 : 2 + length], address)
        replies += b"" if reply is None else framed(reply)
        stream = stream[2 + length :]
    return replies, False


def test_no_reply_is_much_longer_than_its_query(peer: Exchange) -> None:
    """The longest answer adds a record of 16 bytes with an address, or of as much as a host's name with 12 more."""
    reverse = wire(*peer.address.encode().split(b".")[::-1], b"in-addr", b"arpa")
    sent = [query(ALGO_1, 1), query(reverse, 12), query(wire(*[b"a" * 62] * 4), 1)]
    lengths = [len(reply or b"") for reply in peer.send("udp", sent)]

    assert [len(sent[0]) + 16, len(sent[1]) + 12 + len(ALGO_1), len(sent[2])] == lengths


def test_idle_connections_keep_nobody_out(peer: Exchange) -> None:
    """Where there are more than the server keeps, the one that was silent for longest is closed."""
    script = (
        "import socket\n"
        f"asked = {framed(SENTINEL)!r}\n"
        "idle = [socket.create_connection(('127.0.0.1', 53), timeout=10) for _ in range(40)]\n"
        "with socket.create_connection(('127.0.0.1', 53), timeout=10) as stream:\n"
        "    stream.sendall(asked)\n"
        "    print(len(stream.recv(2048)))\n"
        "print(sum(each.recv(1) == b'' for each in idle[:24]))\n"
    )

    assert [str(len(framed(SENTINEL)) + 16), "24"] == peer.run(script).split()


def test_more_clients_than_it_counts_are_counted_as_one(client: docker.APIClient) -> None:
    """Each of 256 clients is refused twice, and all further ones together; they take nothing from any other."""
    script = (
        "import socket\n"
        "for number in (*range(300), 0):\n"
        "    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:\n"
        "        asking.bind((f'127.1.{number // 200}.{number % 200 + 1}', 0))\n"
        "        asking.settimeout(10)\n"
        f"        asking.sendto({SENTINEL!r}, ('127.0.0.1', 53))\n"
        "        print(asking.recv(2048)[3] & 15)\n"
    )
    with exchange(client, after_queries=2) as made:
        codes = made.run(script).split()

    assert ["3"] * 257 + ["0"] * 43 + ["3"] == codes


def test_a_record_that_is_full_keeps_nobody_from_an_answer(
    client: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past its limit nothing is written down, and the record says so."""
    monkeypatch.setattr(names, "LIMIT_BYTES", 2000)
    monkeypatch.setattr(names, "QUERY_BYTES", 0)
    with exchange(client) as made:
        replies = made.send("udp", [SENTINEL] * 50)
        read = made.queries()

    assert [reply_to(SENTINEL, made.address)] * 50 == replies
    assert "the record reached its size limit, or the container's disk was full" == read.fault
    assert 0 < len(read.queries) < 20


def test_who_does_not_read_keeps_nobody_waiting(client: docker.APIClient) -> None:
    """A connection whose replies cannot be sent is closed; another one is served."""
    script = (
        "import socket\n"
        f"asked = {framed(SENTINEL)!r}\n"
        "deaf = socket.socket()\n"
        "deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)\n"
        "deaf.settimeout(10)\n"
        "deaf.connect(('127.0.0.1', 53))\n"
        "try:\n"
        "    for _ in range(2000):\n"
        "        deaf.sendall(asked * 100)\n"
        "    print('read')\n"
        "except (BrokenPipeError, ConnectionResetError):\n"
        "    print('closed')\n"
        "with socket.create_connection(('127.0.0.1', 53), timeout=10) as stream:\n"
        "    stream.sendall(asked)\n"
        "    print(len(stream.recv(2048)))\n"
    )
    with exchange(client) as made:
        output = made.run(script).split()

    assert ["closed", str(len(framed(SENTINEL)) + 16)] == output
