"""How much of the disk running containers take: their own layers, and their volumes.

An engine tells the size of a volume only with that of everything it has (Engine API, SystemDataUsage), for which it
looks at every file. So it is asked once for all containers, and nobody waits for its answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import Any

from docker.errors import APIError
from requests.exceptions import RequestException

from conformance.service.engine import Engine

FRESH_SECONDS = 5.0
"""An answer is good for so long."""


@dataclass
class Disks:
    """Asks one engine; from any thread."""

    engine: Engine
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_asked: bool = False
    _asked_at: float = 0.0
    _used: Mapping[str, int] = field(default_factory=dict)

    def used(self, container: str) -> int | None:
        """The bytes that a container took when the engine last answered; None is not known, or not yet."""
        with self._lock:
            is_fresh = container in self._used and time.monotonic() - self._asked_at < FRESH_SECONDS
            if not is_fresh and not self._is_asked:
                self._is_asked = True
                threading.Thread(target=self._ask, name="disks", daemon=True).start()
            return self._used.get(container)

    def _ask(self) -> None:
        begun = time.monotonic()
        client = self.engine.client
        try:
            used = _by_container(client.df())
        except (APIError, RequestException, JSONDecodeError):
            # An engine may answer one such question at a time, whoever has asked it.
            used = {}
        client.close()
        with self._lock:
            self._used, self._asked_at, self._is_asked = used, begun, False


def _by_container(found: Mapping[str, Any]) -> dict[str, int]:
    """The bytes of each container's layer and volumes, where the engine knows both; -1 is what it does not know."""
    volumes = {each["Name"]: (each.get("UsageData") or {}).get("Size", -1) for each in found.get("Volumes") or ()}
    used = {}
    for container in found.get("Containers") or ():
        names = [mount["Name"] for mount in container.get("Mounts") or () if mount.get("Name")]
        sizes = [container.get("SizeRw") or 0, *(volumes.get(name, -1) for name in names)]
        if min(sizes) >= 0:
            used[container["Id"]] = sum(sizes)
    return used
