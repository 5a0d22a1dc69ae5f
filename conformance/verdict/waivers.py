"""Waivers as they are applied to verdicts, and what is wrong with those that no violation needs any more.

A waiver is for what an image does: an error or a check that was not judged stays what it is. Each sentence of a verdict
has to be covered, so that a further violation of the same check is not waived along with the known one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from conformance.image.image import Image
from conformance.verdict.verdict import Verdict, Waived, Word
from conformance.verdict.waiver import Waiver

FINDINGS = frozenset({Word.VIOLATES, Word.ADVISED})


class State(StrEnum):
    """What came of a waiver in a session."""

    USED = "used"
    """There is a violation that it covers."""
    UNDECIDED = "undecided"
    """Its check was not selected, not judged, or does not apply here."""
    ELSEWHERE = "another image"
    """It is for no image of this session, whose file has waivers for others too."""
    EXPIRED = "expired"
    CONFORMS = "conforms"
    """Its check conforms by now."""
    UNMATCHED = "unmatched"
    """It matches no image of the session, or none of the check's violations."""


STALE = frozenset({State.EXPIRED, State.CONFORMS, State.UNMATCHED})
"""What fails a session."""


@dataclass(frozen=True)
class Waivers:
    """The waivers of a file; `today` is in UTC.

    `is_shared` says that the file has waivers for images of other sessions too.
    """

    all: tuple[Waiver, ...] = ()
    today: date = date.min
    source: str = ""
    is_shared: bool = False

    def applied(self, verdict: Verdict, image: Image) -> Verdict:
        """The verdict as it counts."""
        if verdict.word not in FINDINGS:
            return verdict
        held = [each for each in self.all if each.check == verdict.check.id and self._holds(each, image)]
        used = tuple(each for each in held if any(map(each.covers, verdict.violations)))
        if not all(any(each.covers(violation) for each in used) for violation in verdict.violations):
            return verdict
        return replace(verdict, word=Word.WAIVED, waived=Waived(verdict.word, used))

    def results(self, verdicts: Iterable[Verdict], image: Image) -> tuple[Result, ...]:
        """What came of each, once there are verdicts."""
        verdicts = tuple(verdicts)
        return tuple(
            self._result(each, image, [verdict for verdict in verdicts if verdict.check.id == each.check])
            for each in self.all
        )

    def _holds(self, waiver: Waiver, image: Image) -> bool:
        return self.today <= waiver.expires and waiver.is_of(image.reference, _digests(image))

    def _result(self, waiver: Waiver, image: Image, verdicts: Sequence[Verdict]) -> Result:
        found = [verdict for verdict in verdicts if verdict.word in {*FINDINGS, Word.WAIVED}]
        if self.today > waiver.expires:
            return Result(waiver, State.EXPIRED, f"it expired on {waiver.expires}")
        if not waiver.is_of(image.reference, _digests(image)):
            said = f"it is for {waiver.image!r}, which does not match {image.reference}"
            return Result(waiver, State.ELSEWHERE if self.is_shared else State.UNMATCHED, said)
        if any(waiver.covers(violation) for verdict in found for violation in verdict.violations):
            return Result(waiver, State.USED)
        if found:
            return Result(waiver, State.UNMATCHED, f"no violation contains {waiver.contains!r}")
        if verdicts and all(verdict.word is Word.CONFORMS for verdict in verdicts):
            return Result(waiver, State.CONFORMS, "the check conforms by now")
        return Result(waiver, State.UNDECIDED, "its check has no verdict here")


NO_WAIVERS = Waivers()


@dataclass(frozen=True)
class Result:
    """What came of a waiver, and why, if it was not used."""

    waiver: Waiver
    state: State
    said: str = ""

    @property
    def is_stale(self) -> bool:
        """Whether it fails the session."""
        return self.state in STALE

    def described(self) -> dict[str, Any]:
        """As plain data."""
        return {**self.waiver.described(), "state": str(self.state), "said": self.said}


def _digests(image: Image) -> Collection[str]:
    return {image.digest, image.id}
