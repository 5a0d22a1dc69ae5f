"""The overview of many sessions, of which each checked one image: what came of each, and of all.

It is made of the reports that the sessions wrote, wherever they ran, so it can say no more than these; of an image
without a report it says that there is none. `overview_files.py` writes and reads it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance import text
from conformance.errors import UsageError
from conformance.reports import names, reading
from conformance.reports.conclusion import JUDGED
from conformance.verdict.profiles import INTERNAL_ERROR, INTERRUPTED, NOTHING, ExitStatus
from conformance.verdict.verdict import Word
from conformance.verdict.waivers import STALE, State

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
    """One session; `report` is the directory of its report, empty where there is none, of which `said` tells why.

    `checked` is when it ended, in UTC, and `suite` the version of the suite that made the report.
    """

    image: str
    exit_status: int
    report: str = ""
    digest: str = ""
    profile: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    not_selected: int = 0
    failing: tuple[str, ...] = ()
    waivers: tuple[Mapping[str, Any], ...] = ()
    checked: str = ""
    engine: str = ""
    suite: str = ""
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
        UsageError: the report cannot be read, is none by its schema, or contradicts itself.
    """
    file = place / names.REPORT
    document = reading.read(file)
    if fault := _contradiction(document):
        raise UsageError(f"{file}: expected a report that agrees with its exit_status, but {fault}")
    return Entry(
        image=document["image"]["reference"],
        exit_status=document["exit_status"],
        report=str(place),
        digest=document["image"]["digest"],
        profile=document["profile"],
        counts=document["counts"],
        not_selected=len(document["not_selected"]),
        failing=_failing(document),
        waivers=tuple(document["waivers"]),
        checked=document["session"]["ended"] if document["session"] else "",
        engine=document["service"]["engine"],
        suite=document["tool"]["version"],
    )


def _failing(document: Mapping[str, Any]) -> tuple[str, ...]:
    words = {Word.VIOLATES, *([Word.ADVISED] if document["strict"] else [])}
    return tuple(dict.fromkeys(each["check"] for each in document["verdicts"] if each["verdict"] in words))


def _contradiction(document: Mapping[str, Any]) -> str:
    """What cannot be true of a report that a session wrote; empty if there is nothing."""
    found = Counter(each["verdict"] for each in document["verdicts"])
    if any(found[word] != document["counts"][word] for word in Word):
        return "its counts are not those of its verdicts"
    status = document["exit_status"]
    if status in {ExitStatus.CONFORMS, ExitStatus.INCOMPLETE} and (failing := _failing(document)):
        return f"that is {status}, and {failing[0]} fails"
    if status != ExitStatus.CONFORMS:
        return ""
    if found[Word.ERROR] or document["missing"] or document["warnings"]:
        return "that is 0, and there are errors, warnings or checks without a result"
    if any(each["state"] in STALE for each in document["waivers"]):
        return "that is 0, and a waiver is stale"
    return "" if any(map(found.get, JUDGED)) else "that is 0, and nothing was judged"


def reconciled(entry: Entry, told: Entry) -> Entry:
    """A session of which an overview tells as well: the process may have ended otherwise than its report knows.

    A report of a later session in the same directory counts alone, and one of an earlier session is not that one's.
    """
    if told.exit_status == entry.exit_status or entry.checked > told.checked:
        return entry
    as_ended = ended(entry, told.exit_status)
    return replace(as_ended, said=told.said or as_ended.said)


def ended(entry: Entry, exit_status: int, how: str = "") -> Entry:
    """A session that ended with another status than its report has, which was written before; `how` if by no status."""
    said = f"ended {how or f'with status {exit_status}'}, though its report has status {entry.exit_status}"
    return replace(entry, exit_status=exit_status or ExitStatus.INCOMPLETE, said=said)


def without_report(told: Entry) -> Entry:
    """A session that an overview tells of, and whose report is not there; nobody can say that it passed."""
    said = told.said or "its report is gone"
    return Entry(told.image, told.exit_status or ExitStatus.INCOMPLETE, failing=told.failing, said=said)


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
    if checked := sorted({each.checked for each in entries if each.checked}):
        yield f"checked {' to '.join(dict.fromkeys((checked[0], checked[-1])))}"
    if len(suites := sorted({each.suite for each in entries if each.suite})) > 1:
        yield text.line(f"checked by different versions of the suite: {', '.join(suites)}")
    good = sum(each.exit_status == ExitStatus.CONFORMS for each in entries)
    yield f"{good} of {len(entries)} sessions passed (exit status {exit_status(entries)})"


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
