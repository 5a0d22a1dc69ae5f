"""What the exit code tells where inputs are corrupt: evidence of a failure that it hides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host, Outcome
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import (
    OUTPUT,
    empty_inputs,
    file,
    host,
    image,
    judged,
    not_started,
    outcome,
    process,
    ran,
    request,
)

CHECK = "exit.nonzero-on-corrupt-input"

RESULT = file(f"{OUTPUT}/part-1")
NOTICING = host(exit_code=1, stderr="error: input data is empty\n")
TRACEBACK = """Traceback (most recent call last):
  File "/processing.py", line 3, in <module>
    main()
ValueError: part-1.csv cannot be read at byte 0
"""
SWALLOWING = host(stderr=TRACEBACK)
SAYING = host(stdout="ERROR: part-1.csv cannot be read at byte 0\n")
TWO = request(outputs={"clean": "/opt/ml/processing/clean", "rejected": "/opt/ml/processing/rejected"})
CLEAN, REJECTED = file("/opt/ml/processing/clean/x"), file("/opt/ml/processing/rejected/x")


def over(
    corrupt: Host, *, empty: Host = NOTICING, good: Outcome | None = None, of: JobRequest | None = None
) -> Verdict:
    """The verdict where the run with corrupt inputs ended so."""
    run = outcome(corrupt, of=of, variation=Variation.CORRUPT_INPUTS)
    return judged(CHECK, image(), good or outcome(of=of), empty_inputs(empty, of=of), run)


@pytest.mark.parametrize("code", [1, 2, 255])
def test_a_program_that_fails_over_an_input_and_says_so_conforms(code: int) -> None:
    """By its exit code; what it logs and writes is its own affair."""
    assert Word.CONFORMS is over(host(exit_code=code, stderr="ERROR: part-1.csv cannot be read\n")).word
    assert Word.CONFORMS is over(host(RESULT, exit_code=code)).word


def test_a_failure_that_exits_with_0_violates() -> None:
    """A traceback beside outputs that are all missing can mean nothing else; the sentence has both."""
    verdict = over(SWALLOWING)

    assert Word.VIOLATES is verdict.word
    (violation,) = verdict.violations
    assert (
        "Expected algo-1 to exit non-zero when it fails on corrupt inputs, but it exited with 0 although its "
        "log has a traceback: 'ValueError: part-1.csv cannot be read at byte 0' and it wrote nothing to output "
        "result."
    ) == violation


@pytest.mark.parametrize("more", ["", ", skipping this job"])
def test_a_word_in_a_log_is_advice(more: str) -> None:
    """It once was a violation; but nobody but its author knows what a program means by it.

    At the level ERROR it is no warning, whatever was skipped.
    """
    verdict = over(host(stdout=f"ERROR: part-1.csv cannot be read at byte 0{more}\n"))

    (advice,) = verdict.violations
    assert Word.ADVISED is verdict.word
    assert f"its log says: 'ERROR: part-1.csv cannot be read at byte 0{more}' and it wrote nothing to output" in advice


@pytest.mark.parametrize(
    "said",
    [
        "WARNING part-1.csv: UnicodeDecodeError: invalid start byte",
        "ignored 3 of 3 records: ValueError: not a number",
        "Error in part-1.csv, dropped",
        "Error in part-1.csv: quarantined",
        "exception: part-1.csv is no table, moving on",
    ],
)
def test_a_tolerant_reader_is_not_accused(said: str) -> None:
    """Who skips what it cannot read, and says so, has decided to do without; it once was a violation."""
    verdict = over(host(stdout=f"{said}\n"))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


def test_a_traceback_that_a_tolerant_reader_prints_is_not_held_against_it() -> None:
    """As one that catches, logs and goes on does."""
    verdict = over(host(stderr=f"WARNING skipping part-1.csv\n{TRACEBACK}"))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


def test_a_failure_below_process_1_is_evidence_without_a_word_in_the_log() -> None:
    """The process tree shows what a wrapper swallowed: a signal is certain, an exit code may be an answer."""
    shell, work = process(1, 0, "/bin/sh", "/run.sh"), process(8, 1, "python3", "/processing.py")
    bare, good = request(outputs={}), ran(shell, work)
    (answering,) = ran(shell, replace(work, exit_code=3), of=bare).hosts
    (complaining,) = ran(shell, replace(work, exit_code=3), of=bare, stderr="unreadable: part-1.csv\n").hosts
    (killed,) = ran(shell, replace(work, exit_code=None, killed_by=11), of=bare).hosts
    verdicts = [over(corrupt, good=good) for corrupt in (answering, complaining, killed)]

    assert [Word.ADVISED, Word.VIOLATES, Word.VIOLATES] == [verdict.word for verdict in verdicts]
    assert [
        f"although ['python3', '/processing.py'] {how} below process 1 and it wrote nothing to output result."
        for how in ("exited with code 3", "exited with code 3", "was killed by SIGSEGV")
    ] == [verdict.violations[0].partition("exited with 0 ")[2] for verdict in verdicts]


@pytest.mark.parametrize(
    "corrupt",
    [
        host(RESULT, stdout="ERROR: part-1.csv cannot be read\n"),
        host(stdout="0 rows in 2 files\n"),
        host(message="0 rows"),
        host(RESULT),
    ],
    ids=["written all the same", "nothing wrong", "nothing wrong by its message", "silent"],
)
def test_a_program_that_does_not_visibly_fail_is_not_accused(corrupt: Host) -> None:
    """Bytes are bytes to one that counts or copies them."""
    verdict = over(corrupt)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "with corrupt inputs the program exited with 0 and showed no sign of failure" == verdict.reason


def test_a_job_that_writes_nothing_and_does_not_say_so_is_advised_against() -> None:
    """As a pool of threads does whose results nobody asks for; numbers and times in a log say nothing."""
    usual = outcome(host(RESULT, stdout="started at 12:00:01\ndone\n"))
    silent = host(stdout="started at 12:00:07\ndone\n")
    verdict = over(silent, good=usual)

    (advice,) = verdict.violations
    assert Word.ADVISED is verdict.word
    assert advice == (
        "Expected a non-zero exit code, an output, or something in the log when all inputs are corrupt, but the job "
        "exited with 0, wrote nothing to output result, and logged nothing that it does not log otherwise."
    )
    assert not over(silent, good=usual, empty=silent).applies
    assert not over(silent, good=outcome(host(stdout="started at 12:00:01\ndone\n"))).applies


def test_a_program_that_sets_corrupt_inputs_aside_is_not_accused() -> None:
    """It writes to an output of its own for them, which it does not write to otherwise."""
    quarantine = host(REJECTED, stderr="ERROR: part-1.csv cannot be read, moved to rejected\n")
    verdict = over(quarantine, good=outcome(host(CLEAN), of=TWO), of=TWO)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert verdict.reason.endswith("the program wrote different outputs, which may report the error")


def test_an_output_that_is_always_written_tells_nothing_of_them() -> None:
    """One that is missing of two is enough to tell of it, and not to be sure, as with empty inputs."""
    both = outcome(host(CLEAN, REJECTED), of=TWO)
    verdict = over(host(REJECTED, stderr=TRACEBACK), good=both, of=TWO)

    (advice,) = verdict.violations
    assert Word.ADVISED is verdict.word
    assert advice.endswith("and it wrote nothing to output clean.")


def test_what_empty_inputs_show_already_is_not_shown_twice() -> None:
    """It swallows every failure, and is told so there."""
    verdict = over(SWALLOWING, empty=SWALLOWING)

    assert "its failure is also swallowed with empty inputs; see exit.nonzero-on-failure" == verdict.reason
    assert (Word.NOT_JUDGED, "exit.nonzero-on-failure", True) == (verdict.word, verdict.see, verdict.applies)


def test_what_empty_inputs_show_as_advice_leaves_nothing_open() -> None:
    """The clause has a verdict, so that the session is complete."""
    said = host(stdout="ERROR: cannot be read\n")
    verdict = over(said, empty=said)

    assert (Word.NOT_JUDGED, "exit.nonzero-on-failure", False) == (verdict.word, verdict.see, verdict.applies)


def test_advice_over_empty_inputs_does_not_stand_for_a_violation() -> None:
    """What is certain here would be told nowhere; what is advice in both cases is told there."""
    saying = host(stdout="ERROR: no input\n")
    verdict = over(SAYING, empty=saying)

    assert Word.VIOLATES is over(SWALLOWING, empty=saying).word
    # No MUST is left open.
    assert (Word.NOT_JUDGED, "exit.nonzero-on-failure", False) == (verdict.word, verdict.see, verdict.applies)


@pytest.mark.parametrize(
    "empty",
    [
        host(RESULT, stderr="ERROR: no input, writing an empty table\n"),
        host(stdout="nothing to do\n"),
        host(exit_code=137, end=End.SUITE_LIMIT),
        not_started("no"),
    ],
    ids=["written all the same", "silent", "suite's limit", "not started"],
)
def test_empty_inputs_that_show_no_such_thing_excuse_nothing(empty: Host) -> None:
    """Only where that check violates, it stands for this one."""
    assert Word.VIOLATES is over(SWALLOWING, empty=empty).word


@pytest.mark.parametrize("end", [End.SUITE_LIMIT, End.MAX_RUNTIME])
def test_a_program_that_hangs_over_an_input_is_not_judged(end: End) -> None:
    """It has no exit code of its own."""
    verdict = over(host(exit_code=137, end=end))

    assert (Word.NOT_JUDGED, "", True) == (verdict.word, verdict.see, verdict.applies)
    assert f"with corrupt inputs, algo-1 was {end}" == verdict.reason


def test_a_job_that_fails_with_its_own_inputs_proves_nothing() -> None:
    """Which is judged elsewhere."""
    verdict = over(SWALLOWING, good=outcome(host(exit_code=1)))

    assert (Word.NOT_JUDGED, "exit.zero-on-success", True) == (verdict.word, verdict.see, verdict.applies)


def test_without_inputs_none_can_be_corrupt() -> None:
    """The request has none."""
    verdict = over(SWALLOWING, of=request(inputs={}))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "no inputs that could be empty or corrupt" in verdict.reason
