"""What a report comes to, in words; from the document alone, so that all reports say the same."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from conformance.verdict.profiles import ExitStatus
from conformance.verdict.verdict import Word

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
    VIOLATES = "does not conform"
    INCOMPLETE = "incomplete"
    ABORTED = "aborted"


def of(document: Document) -> Conclusion:
    """The result of a session."""
    if document["exit_status"] == ExitStatus.CONFORMS:
        return Conclusion.CONFORMS
    if document["exit_status"] == ExitStatus.INCOMPLETE:
        return Conclusion.INCOMPLETE
    return Conclusion.VIOLATES if failing(document) else Conclusion.ABORTED


def sentence(document: Document) -> str:
    """Why that is the result."""
    match of(document):
        case Conclusion.CONFORMS:
            return share(document) + (", among those that were selected" if document["not_selected"] else "")
        case Conclusion.VIOLATES:
            return failures(document)
        case Conclusion.INCOMPLETE:
            return lack(document)
        case _:
            status = document["exit_status"]
            return f"{ENDED.get(status, 'ended early')} (exit status {status})"


def profile(document: Document) -> str:
    """The name of the profile."""
    named = document["profile"]
    return str(named["name"] if isinstance(named, Mapping) else named)


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


def facts(document: Document) -> tuple[str, ...]:
    """Each fact once, whichever runs showed it."""
    of_runs = [fact for run in document["runs"] for fact in run["facts"]]
    return tuple(dict.fromkeys([*document["image"]["facts"], *of_runs]))


def counted(count: int, thing: str) -> str:
    """A number with its noun."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
