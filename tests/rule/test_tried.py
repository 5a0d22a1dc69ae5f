"""What the image's own program shows where it tries the suite's own request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.checks import load_checks
from conformance.job.standin import own_request, tried_request
from conformance.outcome.activity import Use
from conformance.outcome.outcome import Outcome
from conformance.outcome.trace import Trace
from conformance.rule import tried
from conformance.verdict.verdict import Word
from tests.support.outcomes import file, host, image, judged, not_started, outcome, process

CHECKS = load_checks()
TRIED = tried_request("example:1")
SCRIPT = process(1, 0, "python3", "/processing.py")
DATA = "/opt/ml/processing/input/data/data.csv"


def failing(said: str = "no such column\n", *, uses: str = DATA, message: str | None = None, **rest: Any) -> Outcome:  # noqa: ANN401 - the fields of Host
    """A run in which the program used a file, said something and failed."""
    trace = Trace((SCRIPT,), tracer=2, uses=(Use(1.0, uses),) if uses else ())
    return outcome(host(stdout="", stderr=said, exit_code=1, trace=trace, message=message, **rest), of=TRIED)


def test_the_requests_differ_in_nothing_but_who_does_them() -> None:
    """The one has the name of the other in no report."""
    own = own_request("example:1")

    assert {"ProcessingJobName"} == {name for name in own.document if own.document[name] != TRIED.document[name]}
    assert (own.is_own, own.is_tried, TRIED.is_own, TRIED.is_tried) == (True, False, True, True)


def test_checks_that_are_named_exist_and_are_tried() -> None:
    """By ids that exist, of a job that the program is run with."""
    assert all(tried.may_show(CHECKS[check_id]) for check_id in tried.SHOWN_BY_FAILURE)


@pytest.mark.parametrize(
    ("check_id", "expected"),
    [
        ("outputs.no-symlinks", True),
        ("launch.arguments-reach-the-program", False),
        ("hosts.peer-fails", False),
        ("gpu.visible", False),
        ("image.platform", False),
        ("launch.default-command", False),
    ],
)
def test_what_a_program_may_show_is_known_before_it_runs(check_id: str, expected: bool) -> None:  # noqa: FBT001 - a case
    """Not what it is started with, nor anything of several hosts or GPUs, nor what needs no request."""
    assert expected is tried.may_show(CHECKS[check_id])


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (failing("no file\n"), True),
        (failing("no such column\n", message="no file"), True),
        # For whatever reason it fails, it is not the input.
        (failing(), False),
        (failing("no file\n", uses=""), False),
        (failing("no file\n", uses="/opt/ml/processing/output/first/a"), False),
        (outcome(host(stderr="skipped\n"), of=TRIED), False),
    ],
)
def test_corrupt_inputs_are_noticed_that_a_program_uses_and_fails_on(last: Outcome, expected: bool) -> None:  # noqa: FBT001 - a case
    """It has to say something else than on inputs that are merely not its own."""
    assert expected is tried.holds(CHECKS["exit.nonzero-on-corrupt-input"], [failing(), failing(), last])


def test_empty_inputs_have_nothing_to_be_used() -> None:
    """What is said is enough; what differs from run to run is not."""
    check = CHECKS["exit.empty-input-noticed"]

    assert tried.holds(check, [failing(), failing("no file\n", uses="")])
    assert not tried.holds(check, [failing("12 rows\n"), failing("13 rows\n")])
    assert not tried.holds(CHECKS["message.utf8"], [failing(), failing("no file\n")])


@pytest.mark.parametrize(
    ("check_id", "last", "expected"),
    [
        ("message.utf8", failing(uses=""), True),
        ("message.no-secrets", failing(), True),
        ("message.no-secrets", failing(uses=""), False),
        ("logs.no-secrets", failing(""), False),
        ("outputs.no-symlinks", failing(), False),
        ("message.utf8", outcome(not_started("no such file"), of=TRIED), False),
    ],
)
def test_of_a_program_that_fails_little_is_judged(check_id: str, last: Outcome, expected: bool) -> None:  # noqa: FBT001 - a case
    """What holds of any run; of what becomes of an input only if it was used."""
    assert expected is tried.is_exercised(CHECKS[check_id], [failing(), last])


def test_the_last_run_is_the_one_that_used_an_input_and_said_so() -> None:
    """On whichever stream, and as much on the one as on the other."""
    both = failing("ab\n")
    last = replace(both, hosts=tuple(replace(each, stdout=each.stderr) for each in both.hosts))

    assert tried.is_exercised(CHECKS["logs.no-secrets"], [failing(), failing(uses=""), last])


def test_a_message_tells_one_failure_from_another() -> None:
    """Where the log has the same lines; without one there is nothing that could differ."""
    check = CHECKS["exit.empty-input-noticed"]

    assert tried.holds(check, [failing(message="no such column"), failing(message="no file")])
    assert not tried.holds(check, [failing(message="no such column"), failing(message="no such column")])


def test_a_run_without_a_trace_shows_no_use() -> None:
    """It may have used the input or not."""
    unseen = failing()
    untraced = replace(unseen, hosts=tuple(replace(each, trace=None) for each in unseen.hosts))

    assert not tried.is_exercised(CHECKS["logs.no-secrets"], [untraced, untraced])


FAILS = "exit.zero-on-success"
CLEANING = process(9, 1, "rm", "/tmp/x", exit_code=1)  # noqa: S108 - the container's
WRAPPER = process(1, 0, "/bin/sh", "/run.sh", executable="/bin/dash")


def wrapped(*, exit_code: int = 0, writes: int = 2, stderr: str = "rm: no such file\n") -> Outcome:
    """A run whose wrapper failed after its program had ended, which wrote so many outputs."""
    written = [file(f"{output.local_path}/a") for output in TRIED.outputs[:writes]]
    trace = Trace((WRAPPER, process(7, 1, "python3", "/processing.py", exit_code=exit_code), CLEANING), tracer=2)
    return outcome(host(*written, exit_code=1, stderr=stderr, trace=trace), of=TRIED)


def test_a_wrapper_that_fails_after_the_work_is_advised_against() -> None:
    """It may need what only a job of the user's brings, so that this is no violation."""
    verdict = judged(FAILS, image(), wrapped())

    assert Word.ADVISED is verdict.word
    assert "as ['python3', '/processing.py'] did, which wrote all outputs, but it exited" in verdict.violations[0]


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (wrapped(exit_code=1), "was not done"),
        (wrapped(writes=1), "was not done"),
        (wrapped(stderr="curl: (6) Could not resolve host: example.com\n"), "no outside network"),
    ],
)
def test_a_wrapper_is_not_blamed_for_what_it_cannot_do(run: Outcome, reason: str) -> None:
    """Nor for what its program could not."""
    verdict = judged(FAILS, image(), run)

    assert Word.NOT_JUDGED is verdict.word
    assert reason in verdict.reason


def test_a_failure_that_is_swallowed_is_advice_alone() -> None:
    """The suite's own request is none that an image has to be able to do."""
    said = "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nKeyError: 'target'\n"
    swallowed = outcome(host(stdout="", stderr=said, trace=Trace((SCRIPT,), tracer=2)), of=TRIED)

    assert Word.ADVISED is judged("exit.nonzero-on-failure", image(), swallowed, swallowed).word
