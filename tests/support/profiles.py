"""The suite's own profiles, over all checks."""

from __future__ import annotations

from conformance.checks import load_checks
from conformance.verdict.profiles import Profile, Scope, reading


def own(scope: Scope) -> Profile:
    """The one of sessions of this scope."""
    return reading.own(scope, load_checks())
