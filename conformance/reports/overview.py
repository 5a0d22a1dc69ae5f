"""The overview of many sessions, of which each checked one image: a table, `overview.json`, and one JUnit file.

It is made of the reports that the sessions wrote, wherever they ran, so it can say no more than these; of an image
without a report it says that there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from junitparser import Error, JUnitXml, TestCase, TestSuite

import conformance
from conformance import text
from conformance.errors import UsageError
from conformance.reports import directory, names
from conformance.verdict.profiles import ExitStatus
from conformance.verdict.verdict import Word
from conformance.verdict.waivers import State

OVERVIEW = "overview.json"
SCHEMA_VERSION = 1

INTERRUPTED, INTERNAL_ERROR, NOTHING = 2, 3, 5
"""Pytest's own statuses."""

WORST_FIRST = (
    INTERRUPTED,
    INTERNAL_ERROR,
    ExitStatus.VIOLATES,
    ExitStatus.USAGE,
    ExitStatus.INCOMPLETE,
    NOTHING,
    ExitStatus.CONFORMS,
)
"""Which exit status of a session is that of all: where one was cut short, nobody knows what the others mean."""

WORDS = {
    ExitStatus.CONFORMS: "conforms",
    ExitStatus.VIOLATES: "fails",
    INTERRUPTED: "interrupted",
    INTERNAL_ERROR: "internal error",
    ExitStatus.USAGE: "not run",
    NOTHING: "nothing selected",
    ExitStatus.INCOMPLETE: "incomplete",
}

_ODD = re.compile(r"[^\w.-]+", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """One session; `report` is the directory of its report, empty where there is none, of which `said` tells why."""

    image: str
    exit_status: int
    report: str = ""
    digest: str = ""
    profile: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    not_selected: int = 0
    failing: tuple[str, ...] = ()
    waivers: tuple[Mapping[str, Any], ...] = ()
    said: str = ""

    @property
    def word(self) -> str:
        """Its exit status in a word or two."""
        if self.exit_status == ExitStatus.CONFORMS and self.counts.get(Word.WAIVED):
            return f"passes, {self.counts[Word.WAIVED]} waived"
        if self.exit_status == ExitStatus.CONFORMS and self.not_selected:
            return "no violation, not all selected"
        return WORDS.get(self.exit_status, f"exit status {self.exit_status}")


def of_report(place: Path) -> Entry:
    """The session whose report is in a directory.

    Raises:
        UsageError: the report cannot be read, is none, or contradicts itself.
    """
    file = place / names.REPORT
    try:
        document = json.loads(file.read_bytes())
        image, failing = document["image"], {Word.VIOLATES, *([Word.ADVISED] if document["strict"] else [])}
        entry = Entry(
            image=str(image["reference"]),
            exit_status=int(document["exit_status"]),
            report=str(place),
            digest=str(image["digest"]),
            profile={name: str(document["profile"][name]) for name in ("name", "version", "sha256")},
            counts={str(word): int(document["counts"][word]) for word in Word},
            not_selected=len(document["not_selected"]),
            failing=tuple(
                dict.fromkeys(str(each["check"]) for each in document["verdicts"] if each["verdict"] in failing)
            ),
            waivers=tuple(document["waivers"]),
        )
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{file}: expected a report of this version of the suite, but {error!r}") from error
    bad = entry.counts[Word.VIOLATES] or entry.counts[Word.ERROR] or entry.failing
    if entry.exit_status == ExitStatus.CONFORMS and (bad or not any(map(entry.counts.get, _judged()))):
        raise UsageError(f"{file}: expected verdicts that agree with exit_status 0, but they do not")
    return entry


def _judged() -> tuple[Word, ...]:
    return Word.CONFORMS, Word.ADVISED, Word.WAIVED


def stale(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The waivers of a shared file that are for none of these images; each with its place."""
    where: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for entry in entries:
        for each in entry.waivers:
            key = tuple(
                str(each[name]) for name in ("check", "image", "owner", "reason", "expires", "contains", "line")
            )
            where.setdefault(key, []).append(each)
    return tuple(
        f"{each[0]['file']}:{each[0]['line']}: waiver of {each[0]['check']}: no image matches {each[0]['image']!r}"
        for each in where.values()
        if all(one["state"] == State.ELSEWHERE for one in each)
    )


def exit_status(entries: Sequence[Entry]) -> int:
    """The exit status of all of them; never 0 without any session, nor with a waiver that is for none of the images."""
    known = {each.exit_status if each.exit_status in WORST_FIRST else INTERNAL_ERROR for each in entries}
    if stale(entries):
        known.add(ExitStatus.VIOLATES)
    worst = next((status for status in WORST_FIRST if status in known), ExitStatus.INCOMPLETE)
    return int(ExitStatus.INCOMPLETE if worst == NOTHING else worst)


def lines(entries: Sequence[Entry]) -> Iterator[str]:
    """The table, what fails, and one sentence on all."""
    words = (Word.CONFORMS, Word.VIOLATES, Word.ADVISED, Word.WAIVED, Word.NOT_JUDGED, Word.ERROR)
    rows = [("image", "result", "profile", *map(str, words))]
    rows += [
        (each.image, each.word, each.profile.get("name", ""), *(str(each.counts.get(word, "")) for word in words))
        for each in entries
    ]
    shown = [[text.line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        left = [cell.ljust(width) for cell, width in zip(row[:3], widths[:3], strict=True)]
        right = [cell.rjust(width) for cell, width in zip(row[3:], widths[3:], strict=True)]
        yield "  ".join([*left, *right]).rstrip()
    for each in entries:
        if each.failing:
            yield text.line(f"{each.image} fails {', '.join(each.failing)}")
        if each.said:
            yield text.line(f"{each.image}: {each.said}")
    yield from (text.line(f"stale: {each}") for each in stale(entries))
    good = sum(each.exit_status == ExitStatus.CONFORMS for each in entries)
    yield f"{good} of {len(entries)} sessions passed (exit status {exit_status(entries)})"


def write(place: Path, entries: Sequence[Entry]) -> tuple[Path, ...]:
    """Write `overview.json` and `junit.xml` into a directory; returns both. Raises OSError where that fails."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "sagemaker-processing-conformance", "version": conformance.__version__},
        "exit_status": exit_status(entries),
        "stale_waivers": list(stale(entries)),
        "sessions": [asdict(each) | {"waivers": list(each.waivers)} for each in entries],
    }
    place.mkdir(parents=True, exist_ok=True)
    directory.write(place / OVERVIEW, json.dumps(document, indent=2, ensure_ascii=True) + "\n")
    suites = JUnitXml()
    for each in entries:
        for suite in _suites(each):
            suites.append(suite)  # type: ignore[no-untyped-call] # junitparser
    with directory.whole(place / names.JUNIT) as beside:
        suites.write(str(beside))
    return place / OVERVIEW, place / names.JUNIT


def _suites(entry: Entry) -> Iterator[TestSuite]:
    """Those of its own JUnit file, or one with an error where there is none."""
    file = Path(entry.report, names.JUNIT)
    if entry.report and file.is_file():
        yield from JUnitXml.fromfile(str(file))
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


def images_in(file: Path) -> tuple[str, ...]:
    """The images that a file lists, one a line; blank lines and those that begin with `#` are none.

    Raises:
        UsageError: it cannot be read, lists none, or has a line that is no reference.
    """
    try:
        listed = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"--images-from: {file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--images-from: {file}: not UTF-8 text: {error.reason} at byte {error.start}") from error
    images = []
    for number, line in enumerate(listed, start=1):
        image = line.strip()
        if not image or image.startswith("#"):
            continue
        if image.startswith("-") or len(image.split()) > 1:
            raise UsageError(f"--images-from: {file}:{number}: expected an image reference or id, got {image!r}")
        images.append(image)
    if not images:
        raise UsageError(f"--images-from: {file}: expected an image on each line, but there is none")
    return tuple(images)


def folder(image: str, taken: Iterable[str]) -> str:
    """The name of the directory of an image's report, unlike those that are taken."""
    plain = _ODD.sub("-", image).strip("-.") or "image"
    names = (plain if number == 1 else f"{plain}-{number}" for number in range(1, len(tuple(taken)) + 2))
    return next(name for name in names if name not in set(taken))
