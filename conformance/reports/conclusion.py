"""What a report comes to, in words; from the document alone, so that all reports say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from conformance.verdict.profiles import ExitStatus
from conformance.verdict.verdict import Word
from conformance.verdict.waiver import Waiver
from conformance.verdict.waivers import STALE

Document = Mapping[str, Any]

JUDGED = (Word.CONFORMS, Word.VIOLATES, Word.ADVISED, Word.WAIVED)
"""The verdicts that say something about the image."""

ENDED = {1: "tests other than the checks failed", 2: "interrupted", 3: "internal error", 5: "no check was selected"}
"""What pytest's own exit statuses mean where they are kept."""

NAMED = 5
"""How many checks a sentence names."""


class Conclusion(StrEnum):
    """The result of a session in a word or two."""

    CONFORMS = "conforms"
    PASSES = "passes"
    """There is a violation, and each is waived."""
    VIOLATES = "does not conform"
    INCOMPLETE = "incomplete"
    ABORTED = "aborted"


def of(document: Document) -> Conclusion:
    """The result of a session."""
    if document["exit_status"] == ExitStatus.CONFORMS:
        return Conclusion.PASSES if document["counts"][Word.WAIVED] else Conclusion.CONFORMS
    if document["exit_status"] == ExitStatus.INCOMPLETE:
        return Conclusion.INCOMPLETE
    return Conclusion.VIOLATES if failing(document) else Conclusion.ABORTED


def sentence(document: Document) -> str:
    """Why that is the result."""
    match of(document):
        case Conclusion.CONFORMS | Conclusion.PASSES:
            return (
                waived(document)
                + share(document)
                + (", among those that were selected" if document["not_selected"] else "")
            )
        case Conclusion.VIOLATES:
            return failures(document)
        case Conclusion.INCOMPLETE:
            return lack(document)
        case _:
            return f"{ended(document, 'ended early')} (exit status {document['exit_status']})"


def waived(document: Document) -> str:
    """How many violations are waived, before something else; empty where none is."""
    count = document["counts"][Word.WAIVED]
    return f"{count} waived, " if count else ""


def ended(document: Document, otherwise: str) -> str:
    """Why a session neither conforms nor violates nor lacks anything."""
    count = len(stale(document))
    if count and document["exit_status"] == ExitStatus.VIOLATES:
        return f"{counted(count, 'waiver')} expired or without a violation"
    return ENDED.get(document["exit_status"], otherwise)


def stale(document: Document) -> Sequence[Mapping[str, Any]]:
    """The waivers that fail the session."""
    return [each for each in document["waivers"] if each["state"] in STALE]


def waiver(record: Mapping[str, Any]) -> str:
    """What came of a waiver that was not used, on one line, with its place as editors take it."""
    return f"{record['file']}:{record['line']}: waiver of {record['check']}: {record['said']}"


def profile(document: Document) -> str:
    """The name of the profile."""
    return str(document["profile"]["name"])


def failing(document: Document) -> int:
    """How many checks fail the session."""
    counts = document["counts"]
    return int(counts[Word.VIOLATES] + (counts[Word.ADVISED] if document["strict"] else 0))


def judged(document: Document) -> int:
    """How many checks say something about the image."""
    return sum(document["counts"][word] for word in JUDGED)


def failures(document: Document) -> str:
    """How many checks fail, out of those that say something."""
    count = failing(document)
    return f"{count} of {counted(judged(document), 'judged check')} {'fails' if count == 1 else 'fail'}"


def share(document: Document) -> str:
    """How many checks say something about the image, out of all."""
    passed_over = sum(1 for verdict in document["verdicts"] if not verdict["applies"])
    total = len(document["verdicts"]) + len(document["not_selected"])
    return f"{judged(document)} of {total} checks judged" + (f", {passed_over} not applicable" if passed_over else "")


def lack(document: Document) -> str:
    """What a session lacks that would show whether the image conforms."""
    missing = sorted(set(document["missing"]))
    if not missing:
        met = document["warnings"]
        why = "the session did not end well, see the warnings" if met else "no check that was selected could be judged"
        return f"{why}: {share(document)}"
    named = ", ".join(missing[:NAMED]) + (f" and {len(missing) - NAMED} more" if len(missing) > NAMED else "")
    return f"{len(missing)} required {'check has' if len(missing) == 1 else 'checks have'} no result: {named}"


def answered(verdict: Mapping[str, Any]) -> tuple[str, ...]:
    """By whom, until when and why a verdict is waived; empty where it is not."""
    waivers = map(Waiver.of, verdict["waived"]["by"] if verdict["waived"] else ())
    return tuple(f"{each.answer} ({each.place})" for each in waivers)


def facts(document: Document) -> tuple[str, ...]:
    """Each fact once, whichever runs showed it."""
    of_runs = [fact for run in document["runs"] for fact in run["facts"]]
    return tuple(dict.fromkeys([*document["image"]["facts"], *of_runs]))


def counted(count: int, thing: str) -> str:
    """A number with its noun."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
