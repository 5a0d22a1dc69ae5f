"""What killed runs left on the engine, which a session removes besides its own work.

An engine may refuse it for ever, as Docker 20.10 does where it has lost the container of an endpoint, and no session is
to pay for that.
"""

from __future__ import annotations

import contextlib
import threading

from docker.errors import DockerException
from requests.exceptions import RequestException

from conformance.service import cleanup
from conformance.service.engine import Engine

FIRST_SECONDS = 2.0
"""How long a session waits for what is there to be removed, so that mostly all is when it begins."""

PAUSE_SECONDS = 0.5

MOST_SECONDS = 60.0
"""How long it is tried in all."""


class Leftovers:
    """What others left; `remaining` are the things that the engine has refused to remove so far."""

    def __init__(self, engine: Engine, over: threading.Event) -> None:
        """Nothing is removed any more once `over` is set."""
        self._engine = engine
        self._over = over
        self._tried = threading.Event()
        self.remaining: tuple[str, ...] = ()

    def remove(self) -> None:
        """Begin to remove it, in a thread of its own."""
        if cleanup.left_behind(self._engine.client):
            threading.Thread(target=self._remove, name="leftovers", daemon=True).start()
            self._tried.wait(FIRST_SECONDS)

    def _remove(self) -> None:
        try:
            for _ in range(int(MOST_SECONDS / PAUSE_SECONDS)):
                # An engine that does not answer now may do so the next time.
                with contextlib.suppress(DockerException, RequestException):
                    # What the engine still makes for a killed process, or holds, is looked for again.
                    found = cleanup.left_behind(self._engine.client)
                    left = cleanup.remove_all(found)
                    self.remaining = tuple(f"{thing.kind} {thing.name}" for thing in left)
                    if not found:
                        return
                self._tried.set()
                if self._over.wait(PAUSE_SECONDS):
                    return
        finally:
            self._tried.set()
