"""The verdict on one check, and the one place that turns it into words."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.outcome.outcome import Outcome
from conformance.rule.declaration import MUST, Advice, Check, DoesNotApply, NotJudged, Registry
from conformance.verdict import doubt
from conformance.verdict.doubt import Repeat


class Word(StrEnum):
    """The six verdicts, in the order in which reports count them."""

    CONFORMS = "conforms"
    VIOLATES = "violates"
    ADVISED = "advised"
    WAIVED = "waived"
    NOT_JUDGED = "not judged"
    ERROR = "error"


@dataclass(frozen=True)
class Verdict:
    """What was found of one check.

    `violations` are full sentences; `reason` says why it was not judged, or what went wrong for the suite;
    `applies` is False where the clause has a condition that was not met, so that no profile can require it; `see` is
    the check that tells why this one was not judged, where there is one; `logs` are the files that tell most of the
    runs that were judged.
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

    @property
    def headline(self) -> str:
        """Id, level and title in one line."""
        return f"{self.check.id} ({self.check.level}): {self.check.title}"

    @property
    def text(self) -> str:
        """All that a reader needs to understand the verdict, and to mend and reproduce what it names."""
        lines = [self.headline]
        lines += [_wrapped("  - ", violation) for violation in self.violations]
        if self.reason:
            lines.append(_wrapped(f"  {self.word}: ", self.reason))
        if self.violations:
            lines.append(_wrapped("  clause:    ", self.check.clause))
            lines.append(f"  source:    {self.check.source.title} ({self.check.basis})")
            lines.append(f"             {self.check.source.url}")
            lines.append(_wrapped("  remedy:    ", self.check.remedy))
            lines += [f"  log:       {log}" for log in self.logs]
            lines.append(f"  reproduce: {self.reproduce}")
        return "\n".join(lines)


MOST_FINDINGS = 100
"""How many sentences a verdict has: an output may hold a hundred thousand links."""

OF_THE_ENTRYPOINT = ("image.entrypoint-", "image.has-command")
"""How the ids begin of the checks that judge the image's own command."""


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
    """Apply a check to an image and to the outcomes of its job; the same arguments give the same verdict.

    What runs show has to show again when `repeat` makes them once more; without it that is not asked.
    `runs` are the outcomes of the user's requests by which a static rule is overruled, see `Check.shown_by`.
    """
    request = outcomes[0].request.name if outcomes and check.job and check.job.needs_request else ""
    try:
        found = _findings(check, image, requests, outcomes, runs)
    except NotJudged as stop:
        return not_judged(check, stop, request=request)
    if not found:
        return Verdict(check, Word.CONFORMS, request=request)
    own_entrypoint = bool(outcomes) and outcomes[0].request.entrypoint is not None
    # What is wrong with another request explains nothing here.
    judged = requests if check.job is None else [outcome.request for outcome in outcomes[:1]]
    shown = runs if check.job is None else outcomes
    cause = _cause(check, image, judged, shown, registry, own_entrypoint=own_entrypoint)
    if cause:
        return not_judged(
            check, NotJudged("what it saw is a consequence of another violation", see=cause), request=request
        )
    binding = _is_violation(check, found)
    try:
        reason = _doubt(
            check, outcomes, lambda again: _findings(check, image, requests, again, runs), repeat, binding=binding
        )
    except NotJudged as stop:
        return not_judged(check, stop, request=request)
    if reason:
        return not_judged(check, NotJudged(reason), request=request)
    word = Word.VIOLATES if binding else Word.ADVISED
    told = [*found[:MOST_FINDINGS], *([f"And {len(found) - MOST_FINDINGS} more."] if found[MOST_FINDINGS:] else [])]
    return Verdict(check, word, violations=tuple(map(_printable, told)), request=request, reproduce=reproduce)


def _doubt(check: Check, outcomes: Sequence[Outcome], find: doubt.Find, repeat: Repeat | None, *, binding: bool) -> str:
    """Why nobody is to be blamed for what a check found; empty where it stands."""
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
    if check.shown_by is not None:
        shown = tuple(run for run in runs if run.variation in check.shown_by.runs)
        return tuple(check.judge(image, tuple(requests), shown))
    given: list[object] = list(outcomes if check.job is not None else ())
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
    own_entrypoint: bool,
) -> str:
    """The check that already names what this one saw, or nothing.

    A request with an entrypoint of its own does not run the image's, whose faults then explain nothing. What a run has
    overruled explains nothing either, so that other checks see the same runs as the one that they point to.
    """
    for other_id in check.explained_by:
        if own_entrypoint and other_id.startswith(OF_THE_ENTRYPOINT):
            continue
        other = registry[other_id]
        try:
            if _is_violation(other, _findings(other, image, requests, (), runs)):
                return other_id
        except NotJudged:
            continue
    return ""


def not_judged(check: Check, stop: NotJudged, *, request: str = "") -> Verdict:
    """The verdict on a check that could not be exercised, which is no fault of anybody."""
    applies = not isinstance(stop, DoesNotApply)
    reason = _printable(str(stop))
    return Verdict(check, Word.NOT_JUDGED, reason=reason, applies=applies, see=stop.see, request=request)


def error(check: Check, reason: str, *, request: str = "") -> Verdict:
    """The verdict on a check that the suite itself failed to apply."""
    return Verdict(check, Word.ERROR, reason=reason, request=request)


def _wrapped(label: str, text: str) -> str:
    """Lines of a terminal; a text of several lines, as a traceback is, keeps them."""
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
        for number, line in enumerate(text.splitlines())
    )


def _printable(text: str) -> str:
    """A sentence without what would steer a terminal: names of files and of programs come from the image."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
