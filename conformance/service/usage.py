"""How much a running container uses, from the engine's counters, as AWS's metrics of a host tell it.

Source: the developer guide, "Amazon SageMaker AI metrics in Amazon CloudWatch", for processing jobs: CPUUtilization is
the sum over all cores, each of which counts up to 100, and MemoryUtilization is a part of all memory, in percent. Those
of GPUs are sums as well.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any

from docker.errors import APIError
from requests.exceptions import RequestException

from conformance.service.disks import Disks
from conformance.service.engine import Engine
from conformance.service.utilization import Gpus

NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Usage:
    """What a container used: of its processors since the last look, and of its memory and disk now; None is not known.

    GPUs are those of the machine, whoever uses them.
    """

    processor_percent: float | None
    memory_percent: float | None
    disk_bytes: int | None = None
    gpu_percent: float | None = None
    gpu_memory_percent: float | None = None


@dataclass
class Meter:
    """Looks at one container again and again, and at GPUs where there are some that can be measured."""

    engine: Engine
    container: str
    disks: Disks
    gpus: Gpus = None
    _seconds: float = 0.0
    _used: int | None = None

    def read(self) -> Usage | None:
        """What it used since the last reading; None where it does not run any more."""
        try:
            found = self.engine.client.stats(self.container, stream=False, one_shot=True)
        except (APIError, RequestException, JSONDecodeError):
            return None
        now, used = time.monotonic(), _processors(found)
        if used is None:
            return None
        passed, before = now - self._seconds, self._used
        self._seconds, self._used = now, used
        if before is None or passed <= 0:
            return Usage(None, _memory(found))
        share = 100 * (used - before) / NANOSECONDS / passed
        busy, memory = (self.gpus and self.gpus()) or (None, None)
        return Usage(share, _memory(found), self.disks.used(self.container), busy, memory)


def _processors(found: Mapping[str, Any]) -> int | None:
    """Nanoseconds of all processors; the engine has none of a container that does not run."""
    return (found.get("cpu_stats") or {}).get("cpu_usage", {}).get("total_usage") or None


def _memory(found: Mapping[str, Any]) -> float | None:
    """Without the page cache that the kernel can take back at any time, as `docker stats` counts."""
    memory = found.get("memory_stats") or {}
    if not memory.get("limit") or "usage" not in memory:
        return None
    details = memory.get("stats", {})
    cached = details.get("total_inactive_file", details.get("inactive_file", 0))
    return float(100 * max(memory["usage"] - cached, 0) / memory["limit"])
