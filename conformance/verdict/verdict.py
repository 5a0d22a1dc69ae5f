"""The verdict on a check, and the one place that turns it into words."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance import text
from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.outcome.outcome import Outcome
from conformance.rule import outside
from conformance.rule.declaration import MUST, Advice, Check, DoesNotApply, NotJudged, Registry
from conformance.rule.played import NEEDS_REQUEST, is_all_there_is, not_shown
from conformance.verdict import doubt
from conformance.verdict.doubt import Repeat
from conformance.verdict.waiver import Waiver


class Word(StrEnum):
    """The six verdicts, in the order in which reports list them."""

    CONFORMS = "conforms"
    VIOLATES = "violates"
    ADVISED = "advised"
    WAIVED = "waived"
    NOT_JUDGED = "not judged"
    ERROR = "error"


@dataclass(frozen=True)
class Waived:
    """What a waived verdict was before, and the waivers that cover it."""

    found: Word
    by: tuple[Waiver, ...]


@dataclass(frozen=True)
class Verdict:
    """The result of one check.

    `violations` are full sentences; `reason` says why the check was not judged, or what went wrong in the suite;
    `applies` is False if the clause has a condition that was not met, so that no profile can require it; `see` is the
    check that explains why this one was not judged, if any; `logs` are the most relevant log files of the runs;
    `waived` says by whom and until when a known violation is answered for.
    """

    check: Check
    word: Word
    violations: tuple[str, ...] = ()
    reason: str = ""
    applies: bool = True
    see: str = ""
    request: str = ""
    reproduce: str = ""
    logs: tuple[str, ...] = ()
    waived: Waived | None = None

    @property
    def headline(self) -> str:
        """Id, level and title on one line."""
        return f"{self.check.id} ({self.check.level}): {self.check.title}"

    @property
    def label(self) -> str:
        """The word before the reason: a check whose condition is not met does not apply."""
        return str(self.word) if self.applies or self.word is not Word.NOT_JUDGED else "not applicable"

    @property
    def text(self) -> str:
        """Everything that a reader needs to understand, fix and reproduce a finding."""
        lines = [self.headline]
        lines += [_wrapped("  - ", violation) for violation in self.violations]
        for each in self.waived.by if self.waived is not None else ():
            told = f"{each.answer} ({each.place})"
            lines.append(_wrapped("  waived:    ", told))
        if self.reason:
            lines.append(_wrapped(f"  {self.label}: ", self.reason))
        if self.violations:
            lines.append(_wrapped("  clause:    ", self.check.clause))
            lines.append(f"  source:    {self.check.source.title} ({self.check.basis})")
            lines.append(f"             {self.check.source.url}")
            lines.append(_wrapped("  fix:       ", self.check.remedy))
            lines += [f"  log:       {log}" for log in self.logs]
            lines.append(f"  reproduce: {self.reproduce}")
        return text.lines("\n".join(lines))


MOST_FINDINGS = 100
"""The maximum number of sentences in a verdict: an output may contain a hundred thousand links."""


def judge(
    check: Check,
    image: Image,
    requests: Sequence[JobRequest] = (),
    outcomes: Sequence[Outcome] = (),
    *,
    registry: Registry,
    runs: Sequence[Outcome] = (),
    reproduce: str = "",
    repeat: Repeat | None = None,
) -> Verdict:
    """Apply a check to an image and the outcomes of its job; the same arguments always give the same verdict.

    A finding must recur when `repeat` repeats the runs; without `repeat` it is not confirmed. `runs` are the outcomes
    of the user's requests that can overrule a static rule, see `Check.shown_by`.
    """
    is_of_user = bool(outcomes and check.job and check.job.needs_request and not outcomes[0].request.is_own)
    request = outcomes[0].request.name if is_of_user else ""
    try:
        found = _findings(check, image, requests, outcomes, runs)
        if found and outcomes and repeat is not None:
            alone = doubt.steadier(outcomes, repeat, binding=_is_violation(check, found))
            if alone is not outcomes:
                outcomes, found = alone, _findings(check, image, requests, alone, runs)
    except NotJudged as stop:
        return not_judged(check, stop, request=request)
    if not found:
        lack = not_shown(check, image, outcomes) or outside.why_not_conforming(check, outcomes)
        conforms = Verdict(check, Word.CONFORMS, request=request)
        return not_judged(check, NotJudged(lack), request=request) if lack else conforms
    # A problem with another request explains nothing here.
    judged = requests if check.job is None else [outcome.request for outcome in outcomes[:1]]
    shown = runs if check.job is None else outcomes
    binding = _is_violation(check, found)
    cause = _cause(check, image, judged, shown, registry, binding=binding)
    if cause:
        return not_judged(check, NotJudged("caused by another violation", see=cause), request=request)
    try:
        reason = _doubt(
            check, outcomes, lambda again: _findings(check, image, requests, again, runs), repeat, binding=binding
        )
    except NotJudged as stop:
        return not_judged(check, stop, request=request)
    if reason := reason or ("" if binding else outside.why_too_weak(check, outcomes, found)):
        return not_judged(check, NotJudged(reason), request=request)
    word = Word.VIOLATES if binding else Word.ADVISED
    told = [*found[:MOST_FINDINGS], *([f"And {len(found) - MOST_FINDINGS} more."] if found[MOST_FINDINGS:] else [])]
    return Verdict(check, word, violations=tuple(map(text.sentence, told)), request=request, reproduce=reproduce)


def _doubt(check: Check, outcomes: Sequence[Outcome], find: doubt.Find, repeat: Repeat | None, *, binding: bool) -> str:
    """Why a finding is not conclusive; empty if it is."""
    if not outcomes:
        return ""
    reason = doubt.of_choices(check, outcomes) if binding else ""
    if reason or repeat is None:
        return reason
    return doubt.of_chance(find, outcomes, repeat, sees=check.sees, binding=binding)


def _is_violation(check: Check, found: Sequence[str]) -> bool:
    return check.level is MUST and any(not isinstance(finding, Advice) for finding in found)


def _findings(
    check: Check, image: Image, requests: Sequence[JobRequest], outcomes: Sequence[Outcome], runs: Sequence[Outcome]
) -> tuple[str, ...]:
    if unseen := outside.why_not_judged(check, (*outcomes, *runs)):
        raise NotJudged(unseen)
    if check.shown_by is not None:
        shown = tuple(run for run in runs if run.variation in check.shown_by.runs)
        return tuple(check.judge(image, tuple(requests), shown))
    if is_all_there_is(check, outcomes):
        raise NotJudged(NEEDS_REQUEST)
    given: list[object] = list(outcomes)
    if len(inspect.signature(check.judge).parameters) > 1 + len(given):
        given.append(tuple(requests))
    return tuple(check.judge(image, *given))


def _cause(
    check: Check,
    image: Image,
    requests: Sequence[JobRequest],
    runs: Sequence[Outcome],
    registry: Registry,
    *,
    binding: bool,
) -> str:
    """The check that already reports the cause of this finding, or an empty string; advice explains only advice.

    A rule that a run has overruled explains nothing, so other checks see the same runs as the one that they point to;
    nor does a rule that does not hold for these requests, as those on a command that none of them runs.
    """
    for other_id in check.explained_by:
        other = registry[other_id]
        try:
            told = _findings(other, image, requests, (), runs)
            if _is_violation(other, told) or (told and not binding):
                return other_id
        except NotJudged:
            continue
    return ""


def not_judged(check: Check, stop: NotJudged, *, request: str = "") -> Verdict:
    """The verdict on a check that could not be exercised."""
    applies = not isinstance(stop, DoesNotApply)
    reason = text.sentence(str(stop))
    return Verdict(check, Word.NOT_JUDGED, reason=reason, applies=applies, see=stop.see, request=request)


def error(check: Check, reason: str, *, request: str = "") -> Verdict:
    """The verdict on a check that the suite failed to apply."""
    reason = "\n".join(map(text.shortened, reason.split("\n")))
    return Verdict(check, Word.ERROR, reason=reason, request=request)


def _wrapped(label: str, said: str) -> str:
    """Wrapped for a terminal; existing line breaks, as in a traceback, are kept."""
    margin = " " * len(label)
    return "\n".join(
        textwrap.fill(
            line,
            width=100,
            initial_indent=margin if number else label,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=not line.startswith(" "),
        )
        for number, line in enumerate(said.splitlines())
    )
