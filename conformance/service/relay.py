"""The other end of a relay in a container: each of its connections becomes one to a socket of this machine.

The frames are those of `conformance/probe/src/relay.h`. Nobody sends what the other end cannot hold: so reading never
waits for anything but the container, and one connection that nobody reads keeps none of the others waiting.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from conformance.errors import JobError
from conformance.service.said import STDOUT, frames

WINDOW_BYTES = 256 << 10
"""How much each end holds of a connection, as `relay.c` has it."""

PIECE_BYTES = 64 << 10

LAST = b""
"""In the place of a frame: nothing more is to be sent."""

OPEN, DATA, END, CLOSE, CREDIT = range(5)

_HEADER = struct.Struct(">IBI")


class Stream(Protocol):
    """A connection to the standard streams of a container."""

    def recv(self, size: int, /) -> bytes:
        """Some bytes; none at the end."""

    def sendall(self, data: bytes, /) -> None:
        """Send all of them."""

    def settimeout(self, seconds: float | None, /) -> None:
        """Wait so long for the other end, None for ever."""

    def shutdown(self, how: int, /) -> None:
        """End it, also where another thread waits for it."""

    def close(self) -> None:
        """Let go of it."""


@dataclass
class _Connection:
    """One connection of the container's; its threads wait at `changed`."""

    socket: socket.socket
    credit: int = WINDOW_BYTES
    pending: list[bytes] = field(default_factory=list)
    has_ended: bool = False
    is_over: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)


class Relay:
    """Answers a relay until its container ends, or `close` is called."""

    def __init__(self, stream: Stream, address: str, until: Callable[[], None] = lambda: None) -> None:
        """Connect each of its connections to the socket at this path; where that is empty, something answers here.

        `until` waits for when the first byte of a connection may go.
        """
        self._stream = stream
        self._until = until
        # A job may make no call for hours.
        stream.settimeout(None)
        self._address = address
        # What is sent is bounded by the credit of each connection. Who reads must never wait for who writes: the relay
        # reads nothing while it cannot write.
        self._outgoing: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._connections: dict[int, _Connection] = {}
        self.answered = threading.Event()
        """Whether a connection has come to its end, or none will any more."""
        self._threads = [threading.Thread(target=work, name="relay", daemon=True) for work in (self._read, self._write)]

    def start(self) -> None:
        """Begin, in threads of its own."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End all connections, and the relay with them, whose input ends."""
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._stream.close()

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while frame := self._outgoing.get():
                self._stream.sendall(frame)

    def _read(self) -> None:
        try:
            for number, kind, value, data in _frames(_output(self._stream)):
                self._take(number, kind, value, data)
        except (OSError, JobError):
            # It was closed, here or with its container, perhaps within a frame; what was under way is over.
            pass
        finally:
            for connection in list(self._connections.values()):
                _end(connection)
            self._outgoing.put(LAST)
            self.answered.set()

    def _take(self, number: int, kind: int, value: int, data: bytes) -> None:
        if kind == OPEN:
            self._open(number)
            return
        connection = self._connections.get(number)
        if connection is None:
            return
        if kind == CLOSE:
            del self._connections[number]
            self.answered.set()
            if not connection.is_over:
                _end(connection)
                self._send(number, CLOSE, 0)
            return
        with connection.changed:
            if kind == DATA:
                connection.pending.append(data)
            elif kind == END:
                connection.has_ended = True
            elif kind == CREDIT:
                connection.credit += value
            connection.changed.notify_all()

    def _open(self, number: int) -> None:
        connected = socket.socket(socket.AF_UNIX) if self._address else _answered()
        try:
            if self._address:
                connected.connect(self._address)
        except OSError:
            connected.close()
            self._connections[number] = _Connection(connected, is_over=True)
            self._send(number, CLOSE, 0)
            return
        connection = self._connections[number] = _Connection(connected)
        for work in (self._give, self._fetch):
            threading.Thread(target=work, args=(number, connection), name="relayed", daemon=True).start()

    def _give(self, number: int, connection: _Connection) -> None:
        """Send on what the container sends, and give back credit for it.

        What nobody takes any more is thrown away: a program may go on sending after it has been answered.
        """
        taken = True
        self._until()
        while not connection.is_over:
            with connection.changed:
                while not (connection.pending or connection.has_ended or connection.is_over):
                    connection.changed.wait()
                pieces, connection.pending = connection.pending, []
                ended = connection.has_ended and not pieces
            try:
                for piece in pieces if taken else ():
                    connection.socket.sendall(piece)
                if ended:
                    connection.socket.shutdown(socket.SHUT_WR)
            except OSError:
                taken = False
            if ended:
                return
            self._send(number, CREDIT, sum(map(len, pieces)))

    def _fetch(self, number: int, connection: _Connection) -> None:
        """Send the container what comes, as far as it can hold it; it says when it has passed all of it on."""
        self._until()
        with contextlib.suppress(OSError):
            while True:
                with connection.changed:
                    while not (connection.credit or connection.is_over):
                        connection.changed.wait()
                    room = min(connection.credit, PIECE_BYTES)
                piece = b"" if connection.is_over else connection.socket.recv(room)
                if not piece:
                    break
                with connection.changed:
                    connection.credit -= len(piece)
                self._send(number, DATA, len(piece), piece)
        self._send(number, END, 0)

    def _send(self, number: int, kind: int, value: int, data: bytes = b"") -> None:
        self._outgoing.put(_HEADER.pack(number, kind, value) + data)


def _answered() -> socket.socket:
    """A connection to somebody who says one thing, whatever is asked."""
    connected, other = socket.socketpair()
    with other:
        other.sendall(b"!")
    return connected


def _end(connection: _Connection) -> None:
    with connection.changed:
        connection.is_over = True
        connection.changed.notify_all()
    with contextlib.suppress(OSError):
        connection.socket.shutdown(socket.SHUT_RDWR)
    connection.socket.close()


def _output(stream: Stream) -> Iterator[bytes]:
    """The bytes of stdout out of the engine's frames; what stderr says is for the log."""
    received = iter(lambda: stream.recv(PIECE_BYTES), b"")
    return (data for which, data in frames(received) if which == STDOUT)


def _frames(pieces: Iterator[bytes]) -> Iterator[tuple[int, int, int, bytes]]:
    """Number, kind, value and data of each frame."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        while len(buffer) >= _HEADER.size:
            number, kind, value = _HEADER.unpack_from(buffer)
            end = _HEADER.size + (value if kind == DATA else 0)
            if len(buffer) < end:
                break
            yield number, kind, value, bytes(buffer[_HEADER.size : end])
            del buffer[:end]
