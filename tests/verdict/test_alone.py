"""Which of two requests' verdicts counts for an image alone."""

from __future__ import annotations

import pytest

from conformance.checks import load_checks
from conformance.job.standin import tried_request
from conformance.outcome.outcome import Outcome, Upload
from conformance.verdict.alone import STRENGTH, of_trial, stronger
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import host, outcome

CHECKS = load_checks()
UTF8, LINKS, CORRUPT = (
    CHECKS[name] for name in ("message.utf8", "outputs.no-symlinks", "exit.nonzero-on-corrupt-input")
)
TRIED = tried_request("example:1")
FAILED = outcome(host(stderr="no such column\n", exit_code=1), of=TRIED)
EMPTY = outcome(host(stderr="no file\n", exit_code=1), of=TRIED)


def done() -> Outcome:
    """A run in which the program did its work."""
    uploads = tuple(Upload(output.name, "algo-1", "a", f"{output.s3_uri}/a", 1) for output in TRIED.outputs)
    return Outcome(TRIED, outcome().variation, outcome().status, (host(),), uploads)


def of(word: Word) -> Verdict:
    """A verdict with this word."""
    return Verdict(UTF8, word)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Word.CONFORMS, Word.ADVISED, Word.ADVISED),
        (Word.ADVISED, Word.CONFORMS, Word.ADVISED),
        (Word.NOT_JUDGED, Word.CONFORMS, Word.CONFORMS),
        (Word.VIOLATES, Word.NOT_JUDGED, Word.VIOLATES),
        (Word.CONFORMS, Word.ERROR, Word.ERROR),
    ],
)
def test_what_says_more_counts(one: Word, other: Word, expected: Word) -> None:
    """A flaw that either request shows is one."""
    assert expected is stronger(of(one), of(other)).word


def test_of_two_that_say_as_much_the_first_counts() -> None:
    """Its reason names what a user can do."""
    first, second = of(Word.NOT_JUDGED), of(Word.NOT_JUDGED)

    assert first is stronger(first, second)
    assert first is stronger(first, None)
    assert set(Word) == set(STRENGTH)


def test_a_program_that_does_its_work_is_judged_as_with_a_job() -> None:
    """Whatever the check."""
    assert of(Word.ADVISED) == of_trial(LINKS, done(), [done()], lambda: of(Word.ADVISED))


def test_a_program_that_fails_is_judged_by_what_holds_of_any_run() -> None:
    """The other checks need a job."""
    judged = [of_trial(check, FAILED, [FAILED], lambda: of(Word.CONFORMS)) for check in (UTF8, LINKS)]

    assert [of(Word.CONFORMS), None] == judged


def test_a_program_that_fails_on_inputs_for_their_sake_conforms() -> None:
    """That it fails on others as well is no fault."""
    empty = CHECKS["exit.empty-input-noticed"]
    found = of_trial(empty, FAILED, [FAILED, EMPTY], lambda: of(Word.VIOLATES))

    assert Verdict(empty, Word.CONFORMS) == found
    assert of_trial(CORRUPT, FAILED, [FAILED, EMPTY, FAILED], lambda: of(Word.VIOLATES)) is None


def test_a_flaw_that_only_a_job_can_show_is_none_of_a_program_that_fails() -> None:
    """What it left behind half-way says nothing of what it does with its own inputs."""
    left = Verdict(LINKS, Word.VIOLATES, violations=("Expected ...",))

    assert of_trial(LINKS, FAILED, [FAILED], lambda: left) is None


@pytest.mark.parametrize(("found", "expected"), [(("Expected ...",), True), ((), False)])
def test_of_some_checks_a_program_that_fails_shows_flaws_alone(found: tuple[str, ...], expected: bool) -> None:  # noqa: FBT001 - a case
    """Where it has none, that says nothing."""
    writable = CHECKS["outputs.writable-by-user"]
    verdict = Verdict(writable, Word.ADVISED if found else Word.CONFORMS, violations=found)

    assert (verdict if expected else None) == of_trial(writable, FAILED, [FAILED], lambda: verdict)
