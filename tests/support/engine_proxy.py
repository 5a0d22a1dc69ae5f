"""A socket in front of the real engine that answers one kind of call by itself, to see what the suite makes of it."""

from __future__ import annotations

import itertools
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
import pytest

from conformance.service import address


def engine_socket() -> str:
    """The socket of the engine that the environment names; the test is skipped where it has none on this machine."""
    place = address.find().url
    if not place.startswith("unix://"):
        pytest.skip(f"only what is said to a socket of this machine can be passed on, and the engine is at {place}")
    return place.removeprefix("unix://")


@contextmanager
def failing_engine(path: Path, *, call: str, status: str, message: str) -> Iterator[str]:
    """Serve at `path`; calls whose request line matches `call` fail with this message."""
    with answering_engine(path, call=call, status=status, answer={"message": message}) as at:
        yield at


@contextmanager
def foreign_engine(path: Path, client: docker.APIClient, architecture: str) -> Iterator[str]:
    """Serve at `path`; the engine of `client` says that it runs on this architecture, and emulates its own."""
    told = client.info() | {"Architecture": architecture}
    with answering_engine(path, call=r"^GET /v[\d.]+/info ", status="200 OK", answer=told) as at:
        yield at


@contextmanager
def answering_engine(path: Path, *, call: str, status: str, answer: dict[str, Any]) -> Iterator[str]:
    """Serve at `path`; calls whose request line matches `call` get this answer, all others reach the engine.

    The engine is the one that the environment names. Yields the address for DOCKER_HOST.
    """
    engine = engine_socket()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    threading.Thread(
        target=_accept, args=(listener, engine, re.compile(call), status, json.dumps(answer).encode()), daemon=True
    ).start()
    try:
        yield f"unix://{path}"
    finally:
        listener.close()


@contextmanager
def dying_engine(path: Path, *, call: str, count: int) -> Iterator[str]:
    """Serve at `path` until the call that is the `count`-th to match: then all connections end, and nobody answers."""
    engine, seen, lock = engine_socket(), itertools.count(1), threading.Lock()
    pattern = re.compile(call)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    connections = [listener]

    def die() -> None:
        path.unlink(missing_ok=True)
        with lock:
            for each in connections:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def serve(connection: socket.socket, behind: socket.socket) -> None:
        with suppress(OSError), connection, behind:
            while data := connection.recv(1 << 16):
                if pattern.search(data.partition(b"\r\n")[0].decode("latin-1")) and next(seen) == count:
                    die()
                behind.sendall(data)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                behind = socket.socket(socket.AF_UNIX)
                behind.connect(engine)
                with lock:
                    connections.extend([connection, behind])
                threading.Thread(target=_copy, args=(behind, connection), daemon=True).start()
                threading.Thread(target=serve, args=(connection, behind), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"unix://{path}"
    finally:
        die()


def _accept(listener: socket.socket, place: str, call: re.Pattern[str], status: str, body: bytes) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, place, call, status, body), daemon=True).start()


def _serve(connection: socket.socket, place: str, call: re.Pattern[str], status: str, body: bytes) -> None:
    engine = socket.socket(socket.AF_UNIX)
    engine.connect(place)
    threading.Thread(target=_copy, args=(engine, connection), daemon=True).start()
    with connection, engine:
        while data := connection.recv(1 << 16):
            # A client sends a request's head in one piece, and the next only after the answer.
            if call.search(data.partition(b"\r\n")[0].decode("latin-1")):
                head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + body)
            else:
                engine.sendall(data)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
