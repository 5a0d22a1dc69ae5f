"""When a container wrote the lines of its log, by the engine's clock."""

from __future__ import annotations

from datetime import datetime

import docker

from conformance.service.said import said

LISTED_LINES = 200
"""Of how many lines at the end of a stream the time is kept."""

MOST_BYTES = 1 << 20
"""How much of a stream is read for that at most: one line may be as long as the log."""


def of_lines(client: docker.APIClient, container: str, **stream: bool) -> tuple[float, ...]:
    """Of the last lines of a stream, how many seconds after its start the container wrote each; `stream` names which.

    Empty where the engine tells no time of the start.
    """
    started = _time(client.inspect_container(container)["State"].get("StartedAt", ""))
    if started is None:
        return ()
    read = bytearray()
    for chunk in said(client, container, timestamps=True, tail=LISTED_LINES, **stream):
        read += chunk
        if len(read) > MOST_BYTES:
            break
    # Podman counts what is to be kept of both streams together.
    written = [_time(line.partition(b" ")[0].decode("ascii", "replace")) for line in read.splitlines()]
    return tuple(max(round(at - started, 3), 0.0) for at in written if at is not None)[-LISTED_LINES:]


def _time(said: str) -> float | None:
    """A time as RFC 3339 writes it, in seconds since the epoch; None where it is none."""
    try:
        return datetime.fromisoformat(said).timestamp()
    except ValueError:
        return None
