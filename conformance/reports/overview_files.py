"""The files of an overview: `overview.json` by a published schema, one JUnit file, and a page if Jinja is there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from junitparser import Error, JUnitXml, TestCase, TestSuite

import conformance
from conformance import text
from conformance.errors import UsageError
from conformance.reports import directory, junit, names, overview, page, reading
from conformance.reports.overview import Entry

OVERVIEW = "overview.json"
HTML = "overview.html"

ALL = (OVERVIEW, HTML, names.JUNIT)

SCHEMAS = {1: Path(__file__).parent / "overview.schema.json"}
"""The schema of each version that is read; the last one is written."""


def write(place: Path, entries: Sequence[Entry]) -> tuple[Path, ...]:
    """Write the overview into a directory; returns its files. Raises OSError where that fails."""
    place.mkdir(parents=True, exist_ok=True)
    made = document(place, entries)
    directory.write(place / OVERVIEW, json.dumps(made, indent=2, ensure_ascii=True) + "\n")
    suites = JUnitXml()
    for each in entries:
        for suite in _suites(each):
            suites.append(suite)  # type: ignore[no-untyped-call] # junitparser
    with directory.whole(place / names.JUNIT) as beside:
        suites.write(str(beside))
    written = [place / OVERVIEW, place / names.JUNIT]
    (place / HTML).unlink(missing_ok=True)
    with suppress(UsageError):
        # Without Jinja, as for report.html.
        content = page.render_overview(made)
        directory.write(place / HTML, content)
        written.append(place / HTML)
    return tuple(written)


def document(place: Path, entries: Sequence[Entry]) -> dict[str, Any]:
    """What `overview.json` in a directory is to say of sessions."""
    return {
        "schema_version": max(SCHEMAS),
        "tool": {"name": "sagemaker-processing-conformance", "version": conformance.__version__},
        "exit_status": overview.exit_status(entries),
        "stale_waivers": list(overview.stale(entries)),
        "sessions": [_session(place, each) for each in entries],
    }


def _session(place: Path, entry: Entry) -> dict[str, Any]:
    found = asdict(entry)
    # As seen from the overview, since both are moved together, as by a CI that keeps them.
    report = os.path.relpath(entry.report, place) if entry.report else ""
    has_page = bool(report) and Path(entry.report, names.HTML).is_file()
    return {
        **found,
        "result": entry.word,
        "report": report,
        "page": f"{report}/{names.HTML}" if has_page else "",
        "profile": found["profile"] or None,
        "counts": found["counts"] or None,
        "failing": list(entry.failing),
        "waivers": list(entry.waivers),
    }


def read(file: Path) -> list[Entry]:
    """The sessions of an `overview.json`, of each `report` as seen from here.

    Raises:
        UsageError: it cannot be read, is no overview by its schema, or its exit status is not that of its sessions.
    """
    found, _ = reading.read_any(file, SCHEMAS, f"an {OVERVIEW}")
    try:
        entries = [_entry(file.parent, each) for each in found["sessions"]]
    except UnicodeEncodeError as error:
        raise UsageError(f"{file}: expected directories of reports, got {error.object!r}") from error
    if overview.exit_status(entries) != found["exit_status"]:
        raise UsageError(f"{file}: expected the exit_status of its sessions, got {found['exit_status']}")
    return entries


def _entry(place: Path, session: dict[str, Any]) -> Entry:
    given = {each.name: session[each.name] for each in fields(Entry)}
    listed = {name: tuple(given[name]) for name in ("failing", "waivers")}
    entry = Entry(**{**given, **listed, "profile": given["profile"] or {}, "counts": given["counts"] or {}})
    if not entry.report:
        return entry
    os.fsencode(entry.report)
    return replace(entry, report=os.path.normpath(place / entry.report))


def _suites(entry: Entry) -> Iterator[TestSuite]:
    """Those of its own JUnit file, and one with an error where there is none, or where it does not tell the result."""
    file = Path(entry.report, names.JUNIT)
    if entry.report and file.is_file():
        for told in JUnitXml.fromfile(str(file)):
            junit.drop_nameless(told)
            yield told
        if not entry.said:
            return
    case = TestCase("session", "processing")
    case.result = [Error(text.sentence(entry.said or "no JUnit file"), entry.word)]
    suite = TestSuite(text.line(entry.image))
    suite.append(case)  # type: ignore[no-untyped-call] # junitparser
    suite.tests = suite.errors = 1
    suite.failures = suite.skipped = 0
    for element in (case._elem, suite._elem):  # noqa: SLF001 - junitparser writes 0.0
        element.set("time", "0.000")
    suite.hostname, suite.timestamp = "", ""
    yield suite
