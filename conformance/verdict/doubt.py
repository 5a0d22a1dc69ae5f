"""What a finding needs before it counts: it must recur, and must not be caused by the suite itself.

A check sees its runs once. Here its finding is confirmed by repeating these runs, each alone, and for a MUST without
the tracer. The rule itself is in the check; `conformance.rule.choices` lists what may be caused by the suite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from conformance.outcome.outcome import End, Host, Outcome
from conformance.rule import choices
from conformance.rule.declaration import Check, NotJudged
from conformance.rule.evidence import did_well, now_and_then

FAILED_ATTEMPTS = 2
"""A program that fails now and then may well do so twice in a row where it should not."""

WORTH_SECONDS = 30.0
"""Runs that took longer in total are not repeated for mere advice."""


Find = Callable[[Sequence[Outcome]], Sequence[str]]
"""Returns what a check finds in the outcomes of its job; raises `NotJudged` if they show nothing."""


class Repeat(Protocol):
    """Repeats the runs of a check, each alone."""

    def __call__(self, *, traced: bool, attempt: int = 1) -> tuple[Outcome, ...]:
        """The outcomes in the order of the check's runs; raises `NotJudged` where one would show nothing.

        Each attempt makes all of them anew.
        """


def of_choices(check: Check, outcomes: Sequence[Outcome]) -> str:
    """Why a violation may be caused by the suite; empty if there is no sign of it."""
    if not check.of_failure:
        return ""
    if outcomes[-1].unsteady:
        return now_and_then(outcomes[-1])
    return choices.doubt(outcomes[-1])


def of_chance(find: Find, outcomes: Sequence[Outcome], repeat: Repeat, *, binding: bool) -> str:
    """Why a finding may be due to chance, other runs or the tracer; empty if it recurs."""
    if not binding and sum(outcome.seconds for outcome in outcomes) > WORTH_SECONDS:
        return ""
    attempts = FAILED_ATTEMPTS if any(host.end is End.EXITED for host in _failed(outcomes)) else 1
    reasons = (
        _of_repeat(find, outcomes, repeat(traced=not binding, attempt=attempt)) for attempt in range(1, attempts + 1)
    )
    return next(filter(None, reasons), "")


def _of_repeat(find: Find, outcomes: Sequence[Outcome], again: Sequence[Outcome]) -> str:
    """Why a finding was none, by the same runs made once more; empty where it shows again."""
    differing = [
        f"{host.name} {'succeeded' if did_well(host) else 'failed'} at first, but not when run again alone"
        for one, other in zip(outcomes, again, strict=True)
        for host, repeated in zip(one.hosts, other.hosts, strict=True)
        if did_well(host) != did_well(repeated)
    ]
    if differing:
        return f"intermittent failure: {differing[0]}"
    try:
        shown = bool(find(again))
    except NotJudged:
        # Without the tracer there may be no evidence of what the processes did; compare how they ended.
        shown = _left(outcomes) == _left(again)
    return "" if shown else "not reproducible: the finding does not recur when the job is run again alone"


def _failed(outcomes: Sequence[Outcome]) -> list[Host]:
    return [host for outcome in outcomes for host in outcome.hosts if not did_well(host)]


def _left(outcomes: Sequence[Outcome]) -> list[list[bool]]:
    """Which outputs each host wrote, and whether it wrote a message."""
    return [
        [
            bool(found)
            for host in outcome.hosts
            for found in (host.message, *(outcome.written(host, output) for output in outcome.request.outputs))
        ]
        for outcome in outcomes
    ]
