"""Cutting a host from the network of the others while it runs."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from docker.errors import APIError

from conformance.service.engine import Engine
from conformance.service.peers.network import Network


@contextlib.contextmanager
def cutting_off(engine: Engine, container: str, seconds: float, network: Network) -> Iterator[list[float]]:
    """Cut a container off after so many seconds, unless the block has come to its end by then.

    The list has after the block when it was, in seconds; it stays empty where it was not.
    """
    ended = threading.Event()
    cut_off: list[float] = []
    begun = time.monotonic()

    def cut() -> None:
        # What has just ended is on no network any more, which the engine answers with an error.
        if not ended.wait(seconds):
            with contextlib.suppress(APIError):
                engine.client.disconnect_container_from_network(container, network.name)
                cut_off.append(time.monotonic() - begun)

    thread = threading.Thread(target=cut, name="cutting-off")
    thread.start()
    try:
        yield cut_off
    finally:
        ended.set()
        thread.join()
