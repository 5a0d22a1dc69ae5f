"""The options of a session that certifies: those that it may have, and all others as they are by default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.verdict.profiles import scope_named

DEFAULTS: Mapping[str, Any] = {
    "timeout_seconds": 300.0,
    "grace_seconds": 10.0,
    "keep": False,
    "network": "",
    "hosts": None,
    "limits": {},
    "waivers": "",
    "waivers_shared": False,
}
"""Options whose default nobody may change, by their names in `report.json`."""

ALLOWED = {
    "strict": (True, False),
    "aws": (True, False),
    "no_cache": (True, False),
    "gpu": ("auto", "require"),
}
"""Options that make a session stricter, or without which a job could not run at all."""


def changed(options: Mapping[str, Any]) -> Iterator[str]:
    """What of a session's options keeps it from certifying anything, each in a sentence.

    `image` and `profile` are looked at elsewhere too.
    """
    for name, default in DEFAULTS.items():
        if name not in options or options[name] != default or type(options[name]) is not type(default):
            yield f"{_option(name)}: expected the default, {default!r}, got {options.get(name)!r}"
    for name, choices in ALLOWED.items():
        if not any(options.get(name) is choice or options.get(name) == choice for choice in choices):
            yield f"{_option(name)}: expected {' or '.join(map(repr, choices))}, got {options.get(name)!r}"
    profile = options.get("profile")
    if profile is not None and (not isinstance(profile, str) or scope_named(profile) is None):
        yield f"--image-profile: expected one of the suite's own, got {profile!r}"
    for name in sorted(options.keys() - {*DEFAULTS, *ALLOWED, "image", "profile"}):
        yield f"{_option(name)}: expected no such option, got {options[name]!r}"


def _option(name: str) -> str:
    return f"--image-{name.removesuffix('_seconds').replace('_', '-')}"
