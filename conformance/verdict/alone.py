"""The verdict on a check of an image alone, of which two requests show something: a stand-in's, and its program's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.outcome.outcome import Outcome
from conformance.rule import tried
from conformance.rule.declaration import Check
from conformance.rule.evidence import did_its_work
from conformance.verdict.verdict import Verdict, Word

STRENGTH = (Word.NOT_JUDGED, Word.CONFORMS, Word.WAIVED, Word.ADVISED, Word.VIOLATES, Word.ERROR)
"""Whichever says most counts: neither request shows all of an image."""


def of_trial(check: Check, good: Outcome, outcomes: Sequence[Outcome], judged: Callable[[], Verdict]) -> Verdict | None:
    """The verdict on a check of the image's own program; None if its runs say nothing of that check.

    `good` is the run as requested, and `judged` judges the outcomes of the check's job as if they were of the user's.
    """
    if did_its_work(good):
        return judged()
    if tried.holds(check, outcomes):
        return Verdict(check, Word.CONFORMS)
    if tried.is_exercised(check, outcomes):
        return judged()
    found = judged() if check.id in tried.OF_FLAWS else None
    return found if found is not None and found.violations else None


def stronger(one: Verdict, other: Verdict | None) -> Verdict:
    """The one that says more; the first of two that say as much."""
    if other is None or STRENGTH.index(other.word) <= STRENGTH.index(one.word):
        return one
    return other
