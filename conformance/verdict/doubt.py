"""What a finding needs before anybody is blamed for it: that it shows again, and that it is not the suite's own doing.

A check sees its runs once. Here its finding is held against the same runs made once more, each alone, and those of a
MUST without the tracer. The rule itself is the check's; see `conformance.rule.choices` for what is the suite's doing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Protocol

from conformance.outcome.outcome import End, Host, Outcome
from conformance.rule import choices
from conformance.rule.declaration import Check, NotJudged
from conformance.rule.evidence import did_well, now_and_then
from conformance.rule.sight import Sight

FAILED_ATTEMPTS = 2
"""A program that fails now and then may well do so twice in a row where it should not."""

WORTH_SECONDS = 30.0
"""Runs that took longer together are not made once more for the sake of advice."""


CHOICES_SEE = frozenset({Sight.ENDS, Sight.LOGS, Sight.NAMES, Sight.PROCESSES, Sight.STOPS, Sight.TIMES, Sight.TRIALS})
"""What `of_choices` looks at, whatever the check itself sees."""

EVERYTHING = frozenset(Sight)

Find = Callable[[Sequence[Outcome]], Sequence[str]]
"""Gives what a check finds in the outcomes of its job; raises `NotJudged` where they show nothing."""


class Repeat(Protocol):
    """Makes the runs of a check once more, each alone."""

    def __call__(self, *, traced: bool, attempt: int = 1) -> tuple[Outcome, ...]:
        """The outcomes in the order of the check's runs; raises `NotJudged` where one would show nothing.

        Each attempt makes all of them anew.
        """


def of_choices(check: Check, outcomes: Sequence[Outcome]) -> str:
    """Why a violation may be the suite's own doing; empty where nothing speaks for it."""
    if not check.of_failure:
        return ""
    if outcomes[-1].unsteady:
        return now_and_then(outcomes[-1])
    return choices.doubt(outcomes[-1])


def of_chance(
    find: Find,
    outcomes: Sequence[Outcome],
    repeat: Repeat,
    *,
    binding: bool,
    sees: Collection[Sight] = EVERYTHING,
) -> str:
    """Why a finding may have come about by chance, by its neighbours or by the tracer; empty where it shows again.

    The check has to find it again. A MUST is repeated without the tracer, so one that rests on what processes did has
    nothing to find there: instead every host has to end in the same way and to leave the same.
    """
    if not binding and sum(outcome.seconds for outcome in outcomes) > WORTH_SECONDS:
        return ""
    needs_tracer = Sight.PROCESSES in sees and not _finds(find, [_untraced(outcome) for outcome in outcomes])
    attempts = FAILED_ATTEMPTS if any(host.end is End.EXITED for host in _failed(outcomes)) else 1
    reasons = (
        _of_repeat(find, outcomes, repeat(traced=not binding, attempt=attempt), is_blind=binding and needs_tracer)
        for attempt in range(1, attempts + 1)
    )
    return next(filter(None, reasons), "")


def _of_repeat(find: Find, outcomes: Sequence[Outcome], again: Sequence[Outcome], *, is_blind: bool) -> str:
    """Why a finding was none, by the same runs made once more; empty where it shows again."""
    differing = [
        f"{host.name} {'succeeded' if did_well(host) else 'failed'} at first, and not when it was run again alone"
        for one, other in zip(outcomes, again, strict=True)
        for host, repeated in zip(one.hosts, other.hosts, strict=True)
        if did_well(host) != did_well(repeated)
    ]
    if differing:
        return f"it fails now and then: {differing[0]}"
    if _finds(find, again) or (is_blind and _left(outcomes) == _left(again)):
        return ""
    return "it does not show again when the job is run once more, alone"


def _finds(find: Find, outcomes: Sequence[Outcome]) -> bool:
    try:
        return bool(find(outcomes))
    except NotJudged:
        return False


def _untraced(outcome: Outcome) -> Outcome:
    """The same outcome, had the tracer not been there."""
    hosts = (replace(host, trace=None, untraced="the tracer was left out") for host in outcome.hosts)
    return replace(outcome, hosts=tuple(hosts))


def _failed(outcomes: Sequence[Outcome]) -> list[Host]:
    return [host for outcome in outcomes for host in outcome.hosts if not did_well(host)]


def _left(outcomes: Sequence[Outcome]) -> list[list[bool]]:
    """Which outputs each host wrote, and whether it left a message."""
    return [
        [
            bool(found)
            for host in outcome.hosts
            for found in (host.message, *(outcome.written(host, output) for output in outcome.request.outputs))
        ]
        for outcome in outcomes
    ]
