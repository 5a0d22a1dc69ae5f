"""What the page of an overview shows, in the order in which it shows it: plain data for the template."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from conformance.reports.page import shares
from conformance.reports.page.shares import Share
from conformance.verdict.profiles import INTERNAL_ERROR, INTERRUPTED, NOTHING, ExitStatus

Json = Mapping[str, Any]

KINDS = {
    ExitStatus.VIOLATES: ("fail", "bad"),
    INTERRUPTED: ("interrupted", "odd"),
    INTERNAL_ERROR: ("internal error", "odd"),
    ExitStatus.USAGE: ("not run", "odd"),
    NOTHING: ("nothing selected", "warn"),
    ExitStatus.INCOMPLETE: ("incomplete", "warn"),
    ExitStatus.CONFORMS: ("pass", "good"),
}
"""What is said of all sessions with an exit status, and its colour, in the order of the page.

Any other status is an internal error.
"""

SHORT_DIGEST = len("sha256:") + 12


@dataclass(frozen=True)
class Row:
    """One session; `link` is the page of its report, empty where there is none."""

    session: Json
    tone: str
    link: str
    digest: str
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Failing:
    """A check, and the images that fail it."""

    check: str
    images: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """The whole page; `tone` is that of the exit status of all."""

    verdict: str
    tone: str
    shares: tuple[Share, ...]
    rows: tuple[Row, ...]
    failing: tuple[Failing, ...]
    checked: tuple[str, ...]
    engines: tuple[str, ...]
    suites: tuple[str, ...]


def of(document: Json) -> Page:
    """The page of an overview."""
    sessions = document["sessions"]
    kinds = Counter(_kind(each["exit_status"]) for each in sessions)
    order = tuple(KINDS.values())
    return Page(
        verdict=", ".join(f"{kinds[kind]} {kind[0]}" for kind in order if kinds[kind]),
        tone=_kind(document["exit_status"])[1],
        shares=shares.of((*kind, kinds[kind]) for kind in reversed(order)),
        rows=tuple(_row(each) for each in sorted(sessions, key=lambda each: order.index(_kind(each["exit_status"])))),
        failing=tuple(_failing(sessions)),
        checked=tuple(sorted({each["checked"] for each in sessions if each["checked"]})),
        engines=tuple(sorted({each["engine"] for each in sessions if each["engine"]})),
        suites=tuple(sorted({each["suite"] for each in sessions if each["suite"]})),
    )


def _kind(exit_status: int) -> tuple[str, str]:
    return KINDS.get(exit_status, KINDS[INTERNAL_ERROR])


def _row(session: Json) -> Row:
    return Row(
        session=session,
        tone=_kind(session["exit_status"])[1],
        # Below the page, whatever a directory is called: never a scheme.
        link=f"./{quote(os.fsencode(session['page']))}" if session["page"] else "",
        digest=session["digest"][:SHORT_DIGEST],
        shares=shares.of_counts(session["counts"]) if session["counts"] else (),
    )


def _failing(sessions: Sequence[Json]) -> Iterator[Failing]:
    """The check that most images fail comes first."""
    images: dict[str, list[str]] = {}
    for session in sessions:
        for check in session["failing"]:
            images.setdefault(check, []).append(session["image"])
    for check, failed in sorted(images.items(), key=lambda item: (-len(item[1]), item[0])):
        yield Failing(check, tuple(failed))
