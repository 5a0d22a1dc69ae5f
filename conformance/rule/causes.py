"""Why a job failed: which runs find out, one after the other, and which of them the checks judge.

A job that failed is run again unchanged, alone and without the tracer. If it fails again, the suite's own choices are
lifted one at a time; a choice is the cause only if nothing else differed, and if the job fails once more with it
(A-B-A). If the same run both fails and succeeds, the failure is intermittent and nothing is concluded from it.

Each function is pure: the session makes the runs that `next_conditions` returns, and judges what `settled` returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.files.tree import Kind
from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN, Conditions, Lifted
from conformance.job.request import RESERVED
from conformance.outcome.outcome import End, Outcome, Trial
from conformance.rule.choices import FURTHER_MEMBERS
from conformance.rule.evidence import asked_outside, did_well, end_of, is_killed_by, lines, succeeded
from conformance.rule.machine import SIGBUS
from conformance.rule.refusal import REFUSED

ACROSS_MOUNTS = re.compile(r"cross-device|\bEXDEV\b|resource busy|\bEBUSY\b|errno 18\b|errno 16\b", re.IGNORECASE)
SHARED_MEMORY = re.compile(r"bus error|SIGBUS|/dev/shm|shared memory|no space left", re.IGNORECASE)
MEMBERS = re.compile("|".join(("network_interface_name", *FURTHER_MEMBERS)))
NETWORK = re.compile(r"network|resol|connect|interface|address|socket|host", re.IGNORECASE)

WITH_AND_WITHOUT = 4
"""So many further runs, with the tracer and without it in turns, tell whether it is the tracer that counts."""

MOST_RUNS = 10
"""How often a job is run at most to find out why it fails; what each run says may bring in a further choice."""


@dataclass(frozen=True)
class Tried:
    """A run of the job as requested; `alone` means that the suite ran nothing else on the engine."""

    outcome: Outcome
    alone: bool = True


def is_settled(tried: Sequence[Tried]) -> bool:
    """Whether the first run is enough, whatever is in the image."""
    return not _is_worth_repeating(tried[0].outcome)


def next_conditions(image: Image, tried: Sequence[Tried]) -> Conditions | None:
    """The conditions of the next run, alone; None if runs cannot show any more."""
    first, *repeated = [each.outcome for each in tried]
    if not _is_worth_repeating(first):
        return None
    if not repeated or first.on_aws:
        # On AWS there is nothing of the suite's own to be lifted.
        return None if repeated else AS_CHOSEN.untraced()
    second, *others = repeated
    if _is_fine(second):
        return _of_what_succeeded(others)
    helped = next((outcome for outcome in others if outcome.conditions.lifted and _is_fine(outcome)), None)
    if helped is not None:
        return AS_CHOSEN if others[-1] is helped else None
    # What helps is left out once more, which is the last run.
    if len(tried) >= MOST_RUNS - 1:
        return None
    candidates = list(_candidates(image, [first, *repeated]))
    alternatives = [frozenset({choice}) for choice in candidates] + [frozenset(candidates)]
    lifted = {outcome.conditions.lifted for outcome in others}
    untried = (choices for choices in alternatives if choices and choices not in lifted)
    return next((AS_CHOSEN.lifting(*choices) for choices in untried), None)


def settled(tried: Sequence[Tried]) -> Outcome:
    """The run that the checks judge, with all runs that were made."""
    outcomes = [each.outcome for each in tried]
    trials = tuple(_trial(each) for each in tried) if len(tried) > 1 else ()
    chosen, unsteady = _chosen(outcomes)
    return replace(chosen, trials=trials, unsteady=unsteady)


def _chosen(outcomes: Sequence[Outcome]) -> tuple[Outcome, bool]:
    """Which run is judged, and whether the same run both failed and succeeded."""
    first, *repeated = outcomes
    if not repeated:
        return first, False
    second, *others = repeated
    if _is_fine(second):
        return _of_those_that_succeeded(first, second, others)
    helped = next((outcome for outcome in others if outcome.conditions.lifted and _is_fine(outcome)), None)
    if helped is None:
        return first, False
    again = others[-1]
    return (helped, False) if not _is_fine(again) else (again, True)


def _of_what_succeeded(others: Sequence[Outcome]) -> Conditions | None:
    """What is next where a run alone and without the tracer succeeded: with it and without it in turns."""
    if len(others) == WITH_AND_WITHOUT or any(_is_fine(outcome) is outcome.conditions.traced for outcome in others):
        return None
    return AS_CHOSEN if len(others) % 2 == 0 else AS_CHOSEN.untraced()


def _of_those_that_succeeded(first: Outcome, second: Outcome, others: Sequence[Outcome]) -> tuple[Outcome, bool]:
    if others and _is_fine(others[0]):
        # What reached a limit alongside other runs, but not alone, had to share this machine with them.
        return others[0], not is_limited(first)
    as_the_tracer_has_it = all(_is_fine(outcome) is not outcome.conditions.traced for outcome in others)
    if len(others) == WITH_AND_WITHOUT and as_the_tracer_has_it:
        return others[-1], False
    return second, True


def is_limited(outcome: Outcome) -> bool:
    """Whether a host reached a time limit or ran out of memory, which concurrent runs share."""
    return any(host.end is End.MAX_RUNTIME or host.out_of_memory for host in outcome.hosts)


def _is_worth_repeating(first: Outcome) -> bool:
    """Whether it failed in a way that another run can show: not if it never started or never ended."""
    if any(not host.started or host.end is End.SUITE_LIMIT for host in first.hosts):
        return False
    return not _is_fine(first)


def _is_fine(outcome: Outcome) -> bool:
    """Whether it succeeded and was not prevented from writing an output."""
    if not succeeded(outcome):
        return False
    unwritten = [
        output for output in outcome.request.outputs if not any(outcome.written(host, output) for host in outcome.hosts)
    ]
    return not (unwritten and _says(outcome, REFUSED))


def _candidates(image: Image, outcomes: Sequence[Outcome]) -> Iterator[Lifted]:
    """The choices that may be the cause, according to the job's log."""
    if image.user.partition(":")[0] not in {"", "root", "0"} or _any_says(outcomes, REFUSED):
        yield Lifted.OWNERS
    if _any_says(outcomes, MEMBERS):
        yield Lifted.MEMBERS
    if _any_says(outcomes, ACROSS_MOUNTS) and not any(
        file.kind is not Kind.DIRECTORY for file in image.files.below(RESERVED)
    ):
        yield Lifted.MOUNTS
    if _any_says(outcomes, SHARED_MEMORY) or any(
        is_killed_by(host, SIGBUS) for outcome in outcomes for host in outcome.hosts
    ):
        yield Lifted.SHARED_MEMORY
    first = outcomes[0]
    # A job that always waits until its limit is not repeated, unless its log mentions a network.
    waits = all(is_limited(outcome) for outcome in outcomes) and not _any_says(outcomes, NETWORK)
    if len(first.hosts) == 1 and not first.request.is_isolated and not waits:
        yield Lifted.NO_NETWORK


def _says(outcome: Outcome, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(line) for host in outcome.hosts for line in lines(host))


def _any_says(outcomes: Sequence[Outcome], pattern: re.Pattern[str]) -> bool:
    return any(_says(outcome, pattern) for outcome in outcomes)


def _trial(tried: Tried) -> Trial:
    outcome = tried.outcome
    failed = next((host for host in outcome.hosts if not did_well(host)), None)
    return Trial(
        outcome.conditions,
        tried.alone,
        succeeded=failed is None,
        said="" if failed is None else f"{failed.name} {end_of(failed)}",
        limited=is_limited(outcome),
        asked=tuple(dict.fromkeys(name for host in outcome.hosts for name in asked_outside(outcome, host))),
    )
