"""A socket in front of the real engine that passes on every call of a session but one, and fails that one."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

from tests.support.engine_proxy import engine_socket

CHUNK = 1 << 16

SLOW_SECONDS = 1.5
"""How long a slow answer lets wait."""

REQUEST = re.compile(rb"(GET|HEAD|POST|PUT|DELETE) (/\S*) HTTP/1\.1\r\n")

NAMED = re.compile(r"[0-9a-f]{64}|conformance-[\w.-]+|sha256:[0-9a-f]+")

TELLING = ("path", "signal", "stdout", "stderr", "timestamps", "stream")
"""The parameters that tell calls of one endpoint apart."""

GARBAGE = b"\x00\xff<html>{garbage]\r\n" * 40


class Fault(StrEnum):
    """What becomes of the call; the engine gets it, unless it is refused."""

    REFUSED = "500"
    HANGS = "hangs"
    CUT = "cut"
    GARBAGE = "garbage"
    EMPTY = "{}"
    SLOW = "slow"


@dataclass(frozen=True)
class Call:
    """A call of the engine's API, without what differs from session to session; `number` counts the ones alike."""

    what: str
    number: int

    def __str__(self) -> str:
        """On one line."""
        return f"{self.what} #{self.number}"


@dataclass
class FaultyEngine:
    """Serves at a path for as long as the block lasts; `calls` are those that came, in this order."""

    path: Path
    call: Call | None = None
    fault: Fault | None = None
    calls: list[Call] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)
    _listener: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_UNIX))

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._listener.bind(str(self.path))
        self._listener.listen(64)
        self._begin(self._accept, engine_socket())
        return self

    def __exit__(self, *_: object) -> None:
        """Take no further connection; those that there were end with the session."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    @property
    def address(self) -> str:
        """For DOCKER_HOST."""
        return f"unix://{self.path}"

    @property
    def struck(self) -> bool:
        """Whether the call that is to fail has come."""
        return self.call in self.calls

    def told(self, head: bytes) -> Fault | None:
        """Count a call by the beginning of its request, and say how it is to fail; None where it is not."""
        found = REQUEST.match(head)
        if found is None:
            return None
        what = _named(found[1].decode("ascii"), found[2].decode("latin-1"))
        with self._lock:
            self._counts[what] += 1
            call = Call(what, self._counts[what])
            self.calls.append(call)
        return self.fault if call == self.call else None

    def _begin(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, engine: str) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                behind = socket.socket(socket.AF_UNIX)
                behind.connect(engine)
                self._begin(_Connection(self, client, behind).serve)


@dataclass
class _Connection:
    """One connection of the session's; once a call on it has failed, it takes no other."""

    engine: FaultyEngine
    client: socket.socket
    behind: socket.socket
    fault: Fault | None = None

    def serve(self) -> None:
        """Pass on what both ends say until both have ended."""
        answering = threading.Thread(target=self._answer, daemon=True)
        with self.client, self.behind:
            answering.start()
            self._ask()
            answering.join()

    def _ask(self) -> None:
        """Pass on what the session sends: the head of each request in one piece, and one request after the other."""
        with suppress(OSError):
            while data := self.client.recv(CHUNK):
                self.fault = self.fault or self.engine.told(data)
                if self.fault is Fault.REFUSED:
                    self._say(b'{"message": "the engine is told to fail"}', "500 Internal Server Error")
                    while self.client.recv(CHUNK):
                        pass
                    break
                self.behind.sendall(data)
        self._close(self.behind)

    def _answer(self) -> None:
        """Pass on what the engine says, or what the fault makes of it."""
        with suppress(OSError):
            while data := self.behind.recv(CHUNK):
                if self.fault is Fault.HANGS:
                    # The connection stays open for as long as the session has it.
                    while self.behind.recv(CHUNK):
                        pass
                    return
                if self.fault is Fault.CUT:
                    self.client.sendall(data[: len(data) // 2])
                    break
                if self.fault in {Fault.GARBAGE, Fault.EMPTY}:
                    self._say(GARBAGE if self.fault is Fault.GARBAGE else b"{}", "200 OK")
                    break
                if self.fault is Fault.SLOW:
                    time.sleep(SLOW_SECONDS)
                    self.fault = None
                self.client.sendall(data)
        self._close(self.client)

    def _say(self, body: bytes, status: str) -> None:
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.client.sendall(head.encode("ascii") + body)
        self.client.shutdown(socket.SHUT_WR)

    @staticmethod
    def _close(end: socket.socket) -> None:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _named(method: str, url: str) -> str:
    parts = urlsplit(url)
    path = NAMED.sub("*", re.sub(r"^/v[\d.]+", "", parts.path))
    asked = parse_qs(parts.query)
    given = {name: asked.get(name, ["False"])[0] for name in TELLING}
    told = [f"{name}={NAMED.sub('*', value)}" for name, value in given.items() if value not in {"False", "0"}]
    return " ".join([method, re.sub(r"^(/images)/.*/json", r"\1/*/json", path), *told])
