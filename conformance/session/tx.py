"""The specifications of `--tx`, as pytest-xdist and execnet write them: here each names the engine of its sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from conformance.errors import UsageError

_MEMBER = re.compile(r"//(?=(?:env:|id=|chdir=|python=|nice=|ssh=|socket=|via=))")
"""Where a part of a specification ends; an address within it has slashes too."""

_SSH = re.compile(r"ssh=(?:-p *(?P<first>\d+) +)?(?P<host>[^\s/:-][^\s/:]*)(?::(?P<last>\d+))?")
"""Another machine, as execnet names it, or with its port behind it."""


def expanded(specifications: Sequence[str]) -> Iterator[str]:
    """`3*popen` is `popen` three times, as for pytest-xdist."""
    for each in specifications:
        count, star, rest = each.partition("*")
        yield from [rest] * int(count) if star and count.isdigit() else [each]


def environment(specification: str) -> Mapping[str, str]:
    """The variables that sessions have of their own; empty where they use the engine of this environment.

    Raises:
        UsageError: it has parts that say where a session is to run, which is always here.
    """
    kind, *members = (each for each in _MEMBER.split(specification) if not each.startswith("id="))
    pairs = [member.removeprefix("env:").partition("=") for member in members if member.startswith("env:")]
    machine = _SSH.fullmatch(kind)
    if not (kind == "popen" or machine) or len(pairs) < len(members) or not all(equals for _, equals, _ in pairs):
        raise UsageError(
            f"--tx: expected popen//env:NAME=VALUE or ssh=USER@HOST, got {specification!r}",
            hint="sessions run here, and their containers on the engine of that machine",
        )
    found = {name: value for name, _, value in pairs}
    if machine:
        port = machine["first"] or machine["last"] or "22"
        found = {"DOCKER_HOST": f"ssh://{machine['host']}:{port}", **found}
    return found
