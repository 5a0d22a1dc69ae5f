"""What the events of the probe's record look like: which fields each has, and of which type.

Whoever reads a record may then take its fields as they are. Of an event that is not listed here nobody looks at more
than the name. The name server's events are not here: it runs in a container of the suite's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Test = Callable[[object], bool]

_LEAST, _MOST = -(1 << 63), 1 << 64
"""The numbers that fit into 64 bits, with a sign or without one."""


def _is_number(value: object) -> bool:
    return type(value) is int and _LEAST <= value < _MOST


def _is_text(value: object) -> bool:
    return isinstance(value, str) and (value.isascii() or max(value) <= "\xff")


def _is_limit(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_number, value)) and len(value) == len(("soft", "hard"))


def _maybe(test: Test) -> Test:
    return lambda value: value is None or test(value)


def _all(test: Test) -> Test:
    return lambda value: isinstance(value, list) and all(map(test, value))


def _by_name(test: Test) -> Test:
    return lambda value: isinstance(value, dict) and all(map(_is_text, value)) and all(map(test, value.values()))


def _fields(text: str = "", numbers: str = "", **others: Test) -> Mapping[str, Test]:
    """The fields of an event: names of texts, names of numbers, and what is neither."""
    return dict.fromkeys(text.split(), _is_text) | dict.fromkeys(numbers.split(), _is_number) | others


def _is_descriptor(value: object) -> bool:
    return isinstance(value, dict) and _has(value, _fields(numbers="number terminal", target=_maybe(_is_text)))


_TIMES = _fields(numbers="time_ns monotonic_ns")

FIELDS: Mapping[str, Mapping[str, Test]] = {
    # The tracer
    "trace": _fields(numbers="pid tracer"),
    "untraced": _fields("error"),
    "fork": _fields(numbers="pid parent"),
    "exec": _fields(numbers="pid", argv=_all(_is_text), executable=_maybe(_is_text), cwd=_maybe(_is_text)),
    "exit": _fields(numbers="pid threads blocked", code=_maybe(_is_number), signal=_maybe(_is_number)),
    "alive": _fields(numbers="pid blocked"),
    "signal": _fields("action", numbers="pid number", sender=_maybe(_is_number)),
    "released": _fields(numbers="pid tracer"),
    "exec-failed": _fields("command", numbers="errno"),
    "unfiltered": _fields(),
    "connect": _fields("address", numbers="pid thread port"),
    "connected": _fields(numbers="thread errno"),
    "connects-left-out": _fields(),
    "watching": _fields(numbers="directories"),
    "work": _fields("path"),
    "halted": _fields(),
    "resumed": _fields(),
    # The stand-in
    "witness": _fields(
        "hostname",
        numbers="pid uid euid gid egid umask",
        argv=_all(_is_text),
        environment=_all(_is_text),
        executable=_maybe(_is_text),
        cwd=_maybe(_is_text),
        groups=_all(_is_number),
        shared_memory_bytes=_maybe(_is_number),
        descriptors=_all(_is_descriptor),
        ignored=_all(_is_number),
        blocked=_all(_is_number),
        limits=_by_name(_is_limit),
        files=_by_name(_maybe(_is_text)),
    ),
    "begin": _fields("verb", numbers="line"),
    "done": _fields("verb error", numbers="line errno"),
    "resolve": _fields("name error", numbers="attempt", addresses=_all(_is_text)),
    "caught": _fields(numbers="number sender"),
    "fed": _fields("path", numbers="size read"),
    "device": _fields("path error", numbers="character"),
    "program": _fields("name error output", status=_maybe(_is_number)),
}

OPTIONAL: Mapping[str, Mapping[str, Test]] = {
    "exec": _fields(numbers="withheld", unbuffered=_maybe(_is_number)),
    "exit": {"mapped": _maybe(_is_text)},
}
"""Fields that are not always there."""


def is_event(value: object) -> bool:
    """Whether the probe may have written it."""
    if not isinstance(value, dict) or not isinstance(value.get("event"), str):
        return False
    name = value["event"]
    if name not in FIELDS:
        return True
    optional = OPTIONAL.get(name, {})
    return (
        _has(value, _TIMES)
        and _has(value, FIELDS[name])
        and all(test(value[field]) for field, test in optional.items() if field in value)
    )


def _has(value: Mapping[str, Any], fields: Mapping[str, Test]) -> bool:
    return all(field in value and test(value[field]) for field, test in fields.items())
