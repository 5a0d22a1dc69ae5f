"""The terminal: each verdict's own word while the checks pass by, and the count of the six at the end."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import CONTRACT_VERSION
from conformance.job.gpu import Choice
from conformance.reports import document, junit
from conformance.verdict.profiles import ExitStatus
from conformance.verdict.verdict import Verdict, Word

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
"""For each verdict the name that pytest counts it under, the letter, and the colour.

What fails and what passes keeps pytest's own name, since pytest prints failures by it.
"""


def test_status(word: str, *, failed: bool) -> tuple[str, str, str | tuple[str, Any]]:
    """What pytest shows for a verdict; advice that fails the run under `--image-strict` counts as failed."""
    verdict = Word(word)
    category, letter, markup = SHOWN[verdict]
    if failed and verdict is Word.ADVISED:
        category, letter, markup = SHOWN[Word.VIOLATES]
    return category, letter, (verdict.upper(), markup)


def write(reporter: pytest.TerminalReporter, report: document.Report, *, kept: Sequence[str]) -> None:
    """Print what pytest itself does not: advice, reasons, the count, and what all of it means."""
    reporter.write_sep("=", "conformance")
    for verdict in report.verdicts:
        if verdict.word in {Word.ADVISED, Word.WAIVED} and not report.document["strict"]:
            reporter.write_line(f"{verdict.word}: {verdict.text}")
    reasons: dict[str, list[str]] = {}
    for verdict in report.verdicts:
        if verdict.word is Word.NOT_JUDGED:
            reasons.setdefault(verdict.reason, []).append(_named(verdict))
    for reason, names in reasons.items():
        reporter.write_line(f"not judged: {reason}")
        reporter.write_line(
            textwrap.fill(", ".join(names), 100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
        )
    for fact in _facts(report):
        reporter.write_line(textwrap.fill(f"noted: {fact}", 100, subsequent_indent="  ", break_on_hyphens=False))
    for name in kept:
        reporter.write_line(f"kept: {name}")
    words = list(Word)
    widths = [len(word) for word in words]
    reporter.write_line("")
    reporter.write_line("  ".join(word.rjust(width) for word, width in zip(words, widths, strict=True)))
    counts = [str(report.document["counts"][word]) for word in words]
    reporter.write_line("  ".join(count.rjust(width) for count, width in zip(counts, widths, strict=True)))
    reporter.write_line("")
    reporter.write_line(closing(report), **{"green" if report.exit_status == ExitStatus.CONFORMS else "red": True})
    directory = Path(reporter.config.option.xmlpath).parent
    reporter.write_line(f"reports: {directory / document.FILE_NAME}, {directory / junit.FILE_NAME}")


def closing(report: document.Report) -> str:
    """One sentence: what the session found, by which profile and which edition of the contract."""
    image = report.document["image"]["reference"]
    simulated = ", simulated GPU" if report.document["gpu"]["asked"] == Choice.SIMULATED else ""
    by = f"profile {report.profile}, contract {CONTRACT_VERSION}{simulated}"
    counts = report.document["counts"]
    if report.exit_status == ExitStatus.CONFORMS:
        advised = counts[Word.ADVISED]
        advice = (
            f", with {advised} pieces of advice" if advised > 1 else ", with one piece of advice" if advised else ""
        )
        return f"{image} conforms{advice} ({by})"
    if report.exit_status == ExitStatus.INCOMPLETE:
        missing = sorted(set(report.missing))
        named = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")  # noqa: PLR2004 - what a line holds
        return f"{image} was not wholly judged ({by}): no verdict on {named}"
    if counts[Word.VIOLATES] or report.document["strict"]:
        failing = counts[Word.VIOLATES] + (counts[Word.ADVISED] if report.document["strict"] else 0)
        return f"{image} does not conform ({by}): {failing} of {sum(counts.values())} checks fail"
    return f"the session did not end well ({by}): exit status {report.exit_status}"


def _facts(report: document.Report) -> list[str]:
    """What is told once, whichever run showed it."""
    of_runs = [fact for run in report.document["runs"] for fact in run["facts"]]
    return list(dict.fromkeys([*report.document["image"]["facts"], *of_runs]))


def _named(verdict: Verdict) -> str:
    return f"{verdict.check.id}[{verdict.request}]" if verdict.request else verdict.check.id
