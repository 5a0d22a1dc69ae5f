"""`--image-limit=NAME=VALUE` and `--image-runtime`: what bounds the containers of jobs, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.errors import UsageError
from conformance.service.engine import Engine

OPTION = "--image-limit"

UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
"""As `docker run --memory` has them."""

LEAST_MEMORY_BYTES = 16 << 20
"""Below this an engine refuses to start a container, or the kernel to keep one."""

LEAST_LOG_BYTES = 64 << 10


def _bytes(said: str) -> int | None:
    found = re.fullmatch(r"(\d{1,15})([bkmgt]?)b?", said.lower())
    return int(found[1]) * UNITS[found[2]] if found else None


def _count(said: str) -> int | None:
    return int(said) if re.fullmatch(r"\d{1,9}", said) else None


def _number(said: str) -> float | None:
    return float(said) if re.fullmatch(r"\d{1,6}(\.\d{1,3})?", said) else None


@dataclass(frozen=True)
class _Limit:
    """The field of `Settings` that a limit sets, how it is read, its least value, and what is expected."""

    setting: str
    read: Callable[[str], float | int | None]
    least: float
    expected: str


LIMITS: Mapping[str, _Limit] = {
    "memory": _Limit("memory_bytes", _bytes, LEAST_MEMORY_BYTES, "a size such as 512m or 4g, of 16m at least"),
    "processes": _Limit("processes", _count, 10, "a number from 10"),
    "processors": _Limit("processors", _number, 0.01, "a number such as 2 or 0.5"),
    "disk": _Limit("disk_bytes", _bytes, 1 << 20, "a size such as 512m or 4g, of 1m at least"),
    "files": _Limit("files", _count, 100, "a number from 100"),
    "log": _Limit("log_bytes", _bytes, LEAST_LOG_BYTES, "a size such as 1m, of 64k at least"),
    "session": _Limit("session_seconds", _number, 0.001, "a number of seconds above 0"),
}
"""By the names that the option has for them."""


def read(given: Iterable[str], runtime: str | None) -> dict[str, Any]:
    """The fields of `Settings` that `--image-limit` and `--image-runtime` set.

    Raises:
        UsageError: a limit is unknown, is given twice, or has no such value.
    """
    if runtime is not None and not runtime.strip():
        raise UsageError("--image-runtime: expected the name of a runtime, got an empty string")
    found: dict[str, Any] = {"runtime": runtime.strip()} if runtime else {}
    for each in given:
        name, _, said = str(each).strip().partition("=")
        limit = LIMITS.get(name)
        if limit is None:
            raise UsageError(f"{OPTION}: expected NAME=VALUE, where NAME is one of {', '.join(LIMITS)}, got {each!r}")
        value = limit.read(said)
        if value is None or value < limit.least:
            raise UsageError(f"{OPTION}={name}: expected {limit.expected}, got {said!r}")
        if limit.setting in found:
            raise UsageError(f"{OPTION}={name}: expected once, got it several times")
        found[limit.setting] = value
    return found


def settled(limits: Mapping[str, Any], engine: Engine) -> Mapping[str, Any]:
    """The same once the engine is known; raises UsageError where it has no such runtime."""
    runtime = limits.get("runtime", "")
    if runtime and runtime not in engine.runtimes:
        raise UsageError(
            f"--image-runtime: expected a runtime of the engine, {' or '.join(engine.runtimes)}, got {runtime!r}",
            hint="`runtimes` in its daemon.json adds one",
        )
    return limits
