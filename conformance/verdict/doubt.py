"""What a finding needs before it counts: it must recur, and must not be caused by the suite itself.

A check sees its runs once. Here its finding is confirmed by repeating these runs, each alone, and for a MUST without
the tracer. The rule itself is in the check; `conformance.rule.choices` lists what may be caused by the suite.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Protocol

from conformance.outcome.outcome import End, Host, Outcome
from conformance.rule import choices
from conformance.rule.causes import is_limited
from conformance.rule.declaration import Check, NotJudged
from conformance.rule.evidence import did_well, now_and_then
from conformance.rule.sight import Sight

FAILED_ATTEMPTS = 2
"""An intermittent failure may well happen twice in a row."""

WORTH_SECONDS = 30.0
"""Runs that took longer in total are not repeated for mere advice, those aside that reached a time limit."""


CHOICES_SEE = frozenset(
    {
        *(Sight.CALLS, Sight.ENDS, Sight.LOGS, Sight.NAMES),
        *(Sight.PROCESSES, Sight.STOPS, Sight.TIMES, Sight.TRIALS),
    }
)
"""The evidence that `of_choices` uses, whatever the check itself sees."""

Find = Callable[[Sequence[Outcome]], Sequence[str]]
"""Returns what a check finds in the outcomes of its job; raises `NotJudged` if they show nothing."""


class Repeat(Protocol):
    """Repeats the runs of a check, each alone."""

    def __call__(self, *, traced: bool, attempt: int = 1) -> tuple[Outcome, ...]:
        """The outcomes in the order of the check's runs; raises `NotJudged` where one would show nothing.

        Each attempt makes all of them anew.
        """


def steadier(outcomes: Sequence[Outcome], repeat: Repeat, *, binding: bool) -> Sequence[Outcome]:
    """The runs to judge: those made alone, if time or memory ran out in these, and in none of those.

    These had to share the machine with the suite's other runs, which is no fault of the image.
    """
    # On AWS each has machines of its own.
    if outcomes[0].on_aws or not any(map(_ran_out, outcomes)) or _is_too_long(outcomes, binding=binding):
        return outcomes
    if any(map(_ran_out, repeat(traced=not binding))):
        return outcomes
    alone = repeat(traced=True, attempt=FAILED_ATTEMPTS)
    return outcomes if any(map(_ran_out, alone)) else alone


def of_choices(check: Check, outcomes: Sequence[Outcome]) -> str:
    """Why a violation may be caused by the suite; empty if there is no sign of it."""
    if by_emulator := next(filter(None, map(choices.emulated, outcomes)), ""):
        return by_emulator
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
    sees: Collection[Sight],
    binding: bool,
) -> str:
    """Why a finding may be due to chance, other runs or the tracer; empty if it recurs.

    The check has to find it again. A MUST is repeated without the tracer, so a check that depends on processes cannot
    find anything there: instead, every host must end in the same way and write the same outputs.
    """
    if _is_too_long(outcomes, binding=binding):
        return ""
    needs_tracer = Sight.PROCESSES in sees and not _finds(find, [_untraced(outcome) for outcome in outcomes])
    attempts = FAILED_ATTEMPTS if any(host.end is End.EXITED for host in _failed(outcomes)) else 1
    reasons = (
        _of_repeat(find, outcomes, repeat(traced=not binding, attempt=attempt), is_blind=binding and needs_tracer)
        for attempt in range(1, attempts + 1)
    )
    return next(filter(None, reasons), "")


def _is_too_long(outcomes: Sequence[Outcome], *, binding: bool) -> bool:
    """Whether a finding is only advice and its runs took too long to repeat them for that.

    A run that reached a time limit does not count: where that was chance, the next one does not last as long.
    """
    seconds = sum(outcome.seconds for outcome in outcomes if not is_limited(outcome))
    return not binding and seconds > WORTH_SECONDS


def _ran_out(outcome: Outcome) -> bool:
    """Whether a host reached a time limit, a grace period or the limit of its memory."""
    return is_limited(outcome) or any(host.stop is not None and host.stop.killed for host in outcome.hosts)


def _of_repeat(find: Find, outcomes: Sequence[Outcome], again: Sequence[Outcome], *, is_blind: bool) -> str:
    """Why a finding does not count after repeating the same runs; empty if it recurs."""
    differing = [
        f"{host.name} {'succeeded' if did_well(host) else 'failed'} at first, but not when run again alone"
        for one, other in zip(outcomes, again, strict=True)
        for host, repeated in zip(one.hosts, other.hosts, strict=True)
        if did_well(host) != did_well(repeated)
    ]
    if differing:
        return f"intermittent failure: {differing[0]}"
    if _finds(find, again) or (is_blind and _left(outcomes) == _left(again)):
        return ""
    return "not reproducible: the finding does not recur when the job is run again alone"


def _finds(find: Find, outcomes: Sequence[Outcome]) -> bool:
    try:
        return bool(find(outcomes))
    except NotJudged:
        return False


def _untraced(outcome: Outcome) -> Outcome:
    """The same outcome as without the tracer."""
    hosts = (replace(host, trace=None, untraced="the tracer was left out") for host in outcome.hosts)
    return replace(outcome, hosts=tuple(hosts))


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
