"""What becomes of a finding that rests on what processes did when it is repeated without the tracer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from conformance.outcome.outcome import Outcome
from conformance.outcome.trace import Trace
from conformance.rule.declaration import NotJudged
from conformance.rule.sight import Sight
from conformance.verdict.doubt import of_chance
from tests.support.outcomes import OUTPUT, file, host, outcome, process

TRACED = outcome(host(trace=Trace((process(1, 0, "python3"),), tracer=2)))
UNTRACED = outcome(host(untraced="not asked for"))
WROTE = outcome(host(file(f"{OUTPUT}/part-1"), untraced="not asked for"))

CHANCE = "not reproducible: the finding does not recur when the job is run again alone"


Finding = Callable[[Sequence[Outcome]], Iterator[str]]


def by_processes(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Finds something where processes were seen."""
    (run,) = outcomes
    if run.hosts[0].trace is not None:
        yield "a process did wrong"


def declining(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The same, but declines to judge where they were not."""
    yield from by_processes(outcomes)
    (run,) = outcomes
    if run.hosts[0].trace is None:
        raise NotJudged("processes were not seen")


def by_files(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Finds something where nothing was written."""
    (run,) = outcomes
    if not run.uploads:
        yield "nothing was written"


def doubt(finding: Finding, again: Outcome, *, sees: Sight = Sight.PROCESSES, binding: bool = True) -> str:
    """What is said of a finding in a traced run where the next one ends so."""
    return of_chance(
        lambda outcomes: tuple(finding(outcomes)),
        [TRACED],
        lambda *, traced, attempt=1: (again,),  # noqa: ARG005 - as `Repeat`
        sees={sees},
        binding=binding,
    )


@pytest.mark.parametrize("finding", [by_processes, declining])
def test_processes_cannot_be_seen_again_so_what_the_job_left_counts(finding: Finding) -> None:
    """Whether the check then finds nothing, or declines to judge."""
    assert ["", CHANCE] == [doubt(finding, again) for again in (UNTRACED, WROTE)]


@pytest.mark.parametrize("finding", [by_processes, declining])
def test_a_check_that_sees_no_processes_has_to_find_it_again(finding: Finding) -> None:
    """That the job left the same is not what it found."""
    assert CHANCE == doubt(finding, UNTRACED, sees=Sight.LOGS)


def test_a_finding_that_needs_no_processes_has_to_be_found_again() -> None:
    """A check that looks at processes as well may have found it by other evidence."""
    assert ["", CHANCE] == [doubt(by_files, again) for again in (UNTRACED, WROTE)]


@pytest.mark.parametrize("finding", [by_processes, declining])
def test_advice_is_repeated_with_the_tracer_and_has_to_show(finding: Finding) -> None:
    """There the processes are seen again."""
    assert ["", CHANCE] == [doubt(finding, again, binding=False) for again in (TRACED, UNTRACED)]
