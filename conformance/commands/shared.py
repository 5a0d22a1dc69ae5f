"""Options that several commands have, validated."""

from __future__ import annotations

from conformance.errors import UsageError
from conformance.service.engine import Engine
from conformance.service.peers import network

LONGEST_GRACE_SECONDS = 86_400.0


def grace(seconds: float) -> float:
    """The value of `--grace`; raises `UsageError` where it is none."""
    if not 0 < seconds < LONGEST_GRACE_SECONDS:
        raise UsageError(
            f"--grace: expected a number of seconds above 0 and below {LONGEST_GRACE_SECONDS:g}, got {seconds:g}"
        )
    return seconds


def image_reference(given: str) -> str:
    """The value of `--image`; raises `UsageError` where it can be no name of an image."""
    reference = given.strip()
    if not reference or reference.startswith("-"):
        raise UsageError(f"--image: expected an image reference or id, got {reference!r}")
    return reference


def outside_network(given: str | None, reached: Engine, *, hosts: int = 1) -> str:
    """The network of `--network`, empty for none; raises `UsageError` where jobs of so many hosts cannot be on it."""
    if given is None:
        return ""
    if not given.strip():
        raise UsageError("--network: expected the name of a Docker network, got an empty string")
    if hosts > 1 and not reached.dialect.resolves_on_both:
        raise UsageError(f"--network: {reached} does not resolve names on a network beside that of several hosts")
    return network.find(reached.client, given.strip(), option="--network")
