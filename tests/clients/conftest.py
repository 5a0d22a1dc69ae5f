"""Where clients are tried: without any network, and with a name server that writes down what it is asked for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

LONGEST_QUERY = 4096

NO_SUCH_NAME = b"\x81\x83"
"""The flags of a response: recursion was wanted, and there is no such name (RFC 1035, section 4.1.1)."""


@pytest.fixture(autouse=True)
def _no_name_is_asked_for() -> Iterator[None]:
    """Whoever needs a name server would reach another machine, were there a network."""
    if [name for _, name in socket.if_nameindex()] != ["lo"]:
        pytest.fail("expected a network namespace of its own: run `make clients`, or python -m tests.clients")
    asked: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        answering = threading.Thread(target=_answer, args=(server, asked), daemon=True)
        answering.start()
        yield
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"", ("127.0.0.1", 53))
        answering.join()

    assert [] == asked


def _answer(server: socket.socket, asked: list[str]) -> None:
    """Say of each name that there is none, until an empty message comes."""
    while True:
        query, sender = server.recvfrom(LONGEST_QUERY)
        if not query:
            return
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode("latin-1"))
            at += query[at] + 1
        asked.append(".".join(labels))
        counts = b"\0\1" + bytes(6)
        server.sendto(query[:2] + NO_SUCH_NAME + counts + query[12 : at + 5], sender)
