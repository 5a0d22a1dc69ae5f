"""What bounds a host's container on the engine, as docker-py's host configuration takes it."""

from __future__ import annotations

from typing import Any

from conformance.service.dialect import Dialect
from conformance.service.settings import Settings

NANO = 1_000_000_000

OOM_SCORE = 500
"""Halfway to the first one to go, for whatever a container runs (proc(5), `oom_score_adj`)."""


def of_host(settings: Settings, memory_bytes: int, dialect: Dialect) -> dict[str, Any]:
    """The bounds of a host with so much memory, 0 for any."""
    return {
        "pids_limit": settings.processes,
        "mem_limit": memory_bytes or None,
        # Together with swap, of which an instance has none: a machine that swaps is of no use to anybody.
        "memswap_limit": memory_bytes or None,
        "nano_cpus": int(settings.processors * NANO) or None,
        # Where memory runs out all the same, the kernel is to end what a job runs, not the engine. A user's Podman
        # may itself have a higher one, which it may not lower.
        "oom_score_adj": None if dialect.has_libpod else OOM_SCORE,
        **({"runtime": settings.runtime} if settings.runtime else {}),
    }
