"""The address of a host that has ended, kept so that a connection to it is refused at once.

On AWS an instance stays until the whole job has ended, and its kernel refuses what nobody listens for. An engine takes
a container's network away with it: what others send there is lost without a word, and connections hang for minutes.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from threading import Event

import docker
from docker.errors import APIError

from conformance.probe.bundle import report, words
from conformance.service import sidecar
from conformance.service.peers.network import Network
from conformance.service.sidecar import Sidecar

PATIENCE_SECONDS = 0.3
"""Hosts that end together need nothing kept, and a connection is tried again after a second anyway."""

ATTEMPTS = 10
PAUSE_SECONDS = 0.1
"""The engine gives an address back some moments after its container has ended."""

_DAY_MILLISECONDS = 86_400_000
_MEMORY_BYTES = 32 << 20


def keep_address(
    client: docker.APIClient, network: Network, address: str, others: Sequence[Event], *, labels: Mapping[str, str]
) -> Sidecar | None:
    """Put a container in the place of a host that has ended; None where all `others` end soon as well."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    if all(other.wait(max(0.0, deadline - time.monotonic())) for other in others):
        return None
    kept = sidecar.create(
        client,
        report(words("sleep", _DAY_MILLISECONDS)),
        labels=labels,
        user=sidecar.NOBODY,
        networking_config=network.attachment(address),
        network_mode=network.name,
        mem_limit=_MEMORY_BYTES,
    )
    for _ in range(ATTEMPTS):
        with contextlib.suppress(APIError):
            kept.start()
            break
        time.sleep(PAUSE_SECONDS)
    return kept
