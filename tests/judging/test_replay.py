"""Recorded runs in the place of a session: the same outcomes, and the same reasons why there are none."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conformance.job.gpu import Choice
from conformance.job.variation import (
    AS_REQUESTED,
    DEFAULT_COMMAND,
    EMPTY_INPUTS,
    LATE_NAMES,
    LOOK_AT_GPUS,
    ONE_HOST,
    STAND_IN,
    THROTTLED,
    Job,
    Variation,
    default_command_request,
)
from conformance.judging.replay import Made, Repeated, Replay, UnrecordedError
from conformance.outcome.outcome import Outcome
from conformance.rule.declaration import DoesNotApply, NotJudged
from tests.support.outcomes import host, image, outcome, request

ASKED = request()
GOOD = outcome()
FAILED = outcome(host(exit_code=1))
UNDISTURBED = (Variation.AS_REQUESTED, ASKED.name)


def replay(runs: Mapping[Made | Repeated, Outcome]) -> Replay:
    """A session of one job on one host, with these runs and no AWS."""
    return Replay(image(), (ASKED,), Choice.AUTO, has_aws=False, runs=runs)


def test_the_outcomes_of_a_job_are_those_that_are_recorded() -> None:
    """In the order of its runs, and all of them are noted."""
    empty = outcome(host(exit_code=1), variation=Variation.EMPTY_INPUTS)
    runs = replay({UNDISTURBED: GOOD, (Variation.EMPTY_INPUTS, ASKED.name): empty})

    assert (GOOD, empty) == runs.outcomes(EMPTY_INPUTS, ASKED)
    assert runs.runs.keys() == runs.used


def test_the_default_command_is_run_with_a_request_of_its_own() -> None:
    """Whichever the user's are, and it rests on none of their runs."""
    started = outcome(variation=Variation.DEFAULT_COMMAND)
    key = (Variation.DEFAULT_COMMAND, default_command_request("x").name)
    runs = replay({key: started})

    assert (started,) == runs.outcomes(DEFAULT_COMMAND, None)
    assert {key} == runs.used


def test_a_run_that_could_only_show_the_same_is_not_recorded() -> None:
    """As on one host, where the job has only one."""
    runs = replay({UNDISTURBED: GOOD})

    assert (GOOD, GOOD) == runs.outcomes(ONE_HOST, ASKED)
    assert {UNDISTURBED} == runs.used


@pytest.mark.parametrize(
    ("job", "reason", "said"),
    [
        (LATE_NAMES, DoesNotApply, "the request has one host"),
        (THROTTLED, DoesNotApply, "--image-aws gives it one"),
        (LOOK_AT_GPUS, DoesNotApply, "has no GPU"),
        (STAND_IN, NotJudged, "the unmodified job already fails"),
    ],
    ids=lambda value: value.name if isinstance(value, Job) else "",
)
def test_a_run_that_would_show_nothing_says_why(job: Job, reason: type[NotJudged], said: str) -> None:
    """By the rule of the session that made the others; no reason is recorded that could be made up."""
    with pytest.raises(reason, match=said):
        replay({UNDISTURBED: FAILED}).outcomes(job, ASKED)


def test_all_runs_of_a_job_are_asked_for_before_one_says_why_there_is_none() -> None:
    """As a session begins all of them, so that none seems to be one too many."""
    key = (Variation.EMPTY_INPUTS, ASKED.name)
    runs = replay({UNDISTURBED: FAILED, key: FAILED})

    with pytest.raises(NotJudged):
        runs.outcomes(Job("both", (Variation.STAND_IN, Variation.EMPTY_INPUTS)), ASKED)

    assert {UNDISTURBED, key} == runs.used


def test_a_run_that_is_not_recorded_is_noted_as_needed() -> None:
    """An outcome is never made up."""
    runs = replay({})

    with pytest.raises(UnrecordedError, match="no run as requested of"):
        runs.outcomes(AS_REQUESTED, ASKED)

    assert {UNDISTURBED} == runs.used


def test_each_repetition_is_a_run_of_its_own() -> None:
    """By whether it was traced, and by its attempt; what could only show the same repeats the undisturbed one."""
    again = outcome(host(exit_code=2))
    runs = replay({UNDISTURBED: GOOD, (*UNDISTURBED, False, 2): again})

    assert (again, again) == runs.repeated(ONE_HOST, ASKED, traced=False, attempt=2)
    with pytest.raises(UnrecordedError):
        runs.repeated(AS_REQUESTED, ASKED, traced=True)
