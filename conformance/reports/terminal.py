"""The terminal: a word for each verdict as the checks run, and the counts and closing line at the end."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import CONTRACT_VERSION, text
from conformance.job.gpu import Choice
from conformance.reports import conclusion, document
from conformance.reports.conclusion import counted
from conformance.rule.played import NEEDS_REQUEST
from conformance.shells import SHELLS
from conformance.verdict.profiles import ExitStatus
from conformance.verdict.verdict import Verdict, Word
from conformance.verdict.waivers import STALE, State

if TYPE_CHECKING:
    import pytest

SHOWN = {
    Word.CONFORMS: ("passed", ".", {"green": True}),
    Word.VIOLATES: ("failed", "F", {"red": True}),
    Word.ADVISED: ("advised", "a", {"yellow": True}),
    Word.WAIVED: ("waived", "w", {"yellow": True}),
    Word.NOT_JUDGED: ("not judged", "n", {"yellow": True}),
    Word.ERROR: ("error", "E", {"red": True}),
}
"""For each verdict the category that pytest counts it under, the letter, and the colour.

Passed and failed keep pytest's own categories, by which pytest prints its failures section.
"""


def test_status(word: str, *, failed: bool) -> tuple[str, str, str | tuple[str, Any]]:
    """What pytest shows for a verdict; advice counts as failed under `--image-strict`."""
    verdict = Word(word)
    category, letter, markup = SHOWN[verdict]
    if failed and verdict is Word.ADVISED:
        category, letter, markup = SHOWN[Word.VIOLATES]
    return category, letter, (verdict.upper(), markup)


class Screen:
    """The terminal as far as the summary needs it; nothing but text reaches it, whatever the image put into a name."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        """Write where pytest does."""
        self._reporter = reporter
        self.config = reporter.config

    def write_line(self, line: str, **markup: bool) -> None:
        """Write a line, or several."""
        self._reporter.write_line(text.lines(line), **markup)

    def write_command(self, command: str) -> None:
        """Write a workflow command of `conformance.reports.workflow`, the one thing that is to steer a CI service."""
        self._reporter.write_line(command)

    def write_sep(self, separator: str, title: str) -> None:
        """Write a title across the terminal."""
        self._reporter.write_sep(separator, text.line(title))


def write(
    reporter: Screen,
    report: document.Report,
    *,
    kept: Sequence[str],
    files: Sequence[Path] = (),
    brought: bool = False,
    left: Sequence[str] = (),
) -> None:
    """Print what pytest does not: the violations, advice, what was not judged and why, notes, counts, the closing line.

    `brought` says that the image itself brings the job, which may be an easy one. `left` are things of killed sessions
    that the engine refuses to remove.
    """
    reporter.write_sep("=", "conformance")
    for line, markup in _findings(report):
        reporter.write_line(line, **markup)
    for line in _not_judged(report, named=reporter.config.option.verbose > 0):
        reporter.write_line(line)
    for fact in conclusion.facts(report.document):
        reporter.write_line(textwrap.fill(f"note: {fact}", 100, subsequent_indent="  ", break_on_hyphens=False))
    _write_waivers(reporter, report.document)
    for warning in report.document["warnings"]:
        reporter.write_line(f"warning: {warning}", yellow=True)
    for name in kept:
        reporter.write_line(f"kept: {name}")
    for name in left:
        reporter.write_line(f"note: {name} of an earlier session is in use and cannot be removed")
    words = list(Word)
    widths = [len(word) for word in words]
    reporter.write_line("")
    reporter.write_line("  ".join(word.rjust(width) for word, width in zip(words, widths, strict=True)))
    counts = [str(report.document["counts"][word]) for word in words]
    reporter.write_line("  ".join(count.rjust(width) for count, width in zip(counts, widths, strict=True)))
    reporter.write_line("")
    reporter.write_line(
        closing(report, kept=bool(kept), brought=brought),
        **{"green" if report.exit_status == ExitStatus.CONFORMS else "red": True},
    )
    if files:
        reporter.write_line(f"reports: {', '.join(map(str, files))}")


def write_without_verdict(reporter: Screen, image: str) -> None:
    """Print the closing line of a session that ran no check."""
    reporter.write_line(f"{image} was not checked: no check was run", red=True)


def _brings_no_program(image: dict[str, Any]) -> bool:
    """Whether all that it would run by default is an interpreter or a shell, or nothing."""
    words = [*image["entrypoint"], *image["cmd"]]
    name = Path(words[0]).name if words else ""
    return len(words) <= 1 and (not name or name in SHELLS or name.startswith(("python", "pypy")))


def _write_waivers(reporter: Screen, report: conclusion.Document) -> None:
    """Print those that no violation used."""
    for each in conclusion.stale(report):
        reporter.write_line(f"stale: {conclusion.waiver(each)}", red=True)
    for each in report["waivers"]:
        if each["state"] not in {*STALE, State.USED}:
            reporter.write_line(f"note: {conclusion.waiver(each)}")


def closing(report: document.Report, *, kept: bool, brought: bool) -> str:
    """One sentence: the result of the session, with the profile and the version of the contract."""
    image = report.document["image"]["reference"]
    simulated = ", simulated GPU" if report.document["gpu"]["asked"] == Choice.SIMULATED else ""
    job = " with a job that the image brings" if brought else ""
    by = f"profile {conclusion.profile(report.document)}{job}, contract {CONTRACT_VERSION}{simulated}"
    counts, share = report.document["counts"], conclusion.share(report.document)
    if report.exit_status == ExitStatus.CONFORMS:
        warnings = f" ({counted(counts[Word.ADVISED], 'warning')})" if counts[Word.ADVISED] else ""
        if report.document["not_selected"]:
            return f"no violation by {image} in the checks that were selected{warnings}: {share} - {by}"
        waived = f"passes, {counts[Word.WAIVED]} waived" if counts[Word.WAIVED] else "conforms"
        return f"{image} {waived}{warnings}: {share} - {by}"
    if report.exit_status == ExitStatus.INCOMPLETE:
        return f"{image} incomplete: {conclusion.lack(report.document)} - {by}"
    if conclusion.failing(report.document):
        return f"{image} does not conform: {conclusion.failures(report.document)} - {by}"
    why = conclusion.ended(report.document, "aborted")
    return f"{why} (exit status {report.exit_status}){'' if kept else '; containers removed'} - {by}"


def _findings(report: document.Report) -> Iterator[tuple[str, dict[str, bool]]]:
    """Violations first, by their titles: their texts are pytest's failures, which `--tb` shows or leaves out."""
    for verdict in report.verdicts:
        if verdict.word is Word.VIOLATES:
            job = f" (job {verdict.request})" if verdict.request else ""
            yield f"{verdict.word}: {verdict.headline}{job}", {"red": True}
    for verdict in report.verdicts:
        if verdict.word is Word.WAIVED or (verdict.word is Word.ADVISED and not report.document["strict"]):
            yield f"{verdict.word}: {verdict.text}", {}


def _not_judged(report: document.Report, *, named: bool) -> Iterator[str]:
    """Each reason with the number of checks, and with `-v` their names."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for verdict in report.verdicts:
        if verdict.word is Word.NOT_JUDGED:
            reasons.setdefault((verdict.label, verdict.reason), []).append(_named(verdict))
    for (label, reason), names in reasons.items():
        if (label, reason) == (Word.NOT_JUDGED, NEEDS_REQUEST):
            needs = "check needs" if len(names) == 1 else "checks need"
            yield f"{len(names)} {needs} a job of yours: pytest --image-init writes one to start from"
            if _brings_no_program(report.document["image"]):
                yield "the image brings no program: --image-script checks it as ScriptProcessor uses it"
        else:
            told = f"{label}: {reason} ({counted(len(names), 'check')})"
            yield textwrap.fill(told, 100, subsequent_indent="  ", break_on_hyphens=False)
        if named:
            yield textwrap.fill(
                ", ".join(names), 100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
            )


def _named(verdict: Verdict) -> str:
    return f"{verdict.check.id}[{verdict.request}]" if verdict.request else verdict.check.id
