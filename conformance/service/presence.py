"""What a session does on the engine to be seen: for as long as it makes things there, nobody takes it for over.

It is a volume, which takes an engine some milliseconds, in the place of the one before.
"""

from __future__ import annotations

import contextlib
import threading

from docker.errors import DockerException
from requests.exceptions import RequestException

from conformance.service.engine import Engine
from conformance.service.labels import new_name

RENEWAL_SECONDS = 15.0
"""A few times within the time after which a run counts as over, see `cleanup.SILENCE_SECONDS`."""


def stay_present(
    engine: Engine, labels: dict[str, str], over: threading.Event, *, every_seconds: float = RENEWAL_SECONDS
) -> threading.Thread:
    """Begin to have something made with these labels every few seconds, in a thread that ends once `over` is set."""
    thread = threading.Thread(target=_renew, args=(engine, labels, over, every_seconds), name="presence", daemon=True)
    thread.start()
    return thread


def _renew(engine: Engine, labels: dict[str, str], over: threading.Event, every_seconds: float) -> None:
    before = ""
    while not over.wait(every_seconds):
        # An engine that does not answer now may do so the next time, and what was left is removed with the rest.
        with contextlib.suppress(DockerException, RequestException):
            name = new_name(labels, "present")
            engine.client.create_volume(name, labels=labels)
            if before:
                engine.client.remove_volume(before)
            before = name
