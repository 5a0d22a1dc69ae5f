"""What a trace says of calls to the outside, and of when the work began."""

from dataclasses import astuple
from typing import Any

import pytest

from conformance.outcome.trace import Trace
from tests.support.recording import become, begin, fork, leave, reach, reached, record, use

DATA = "/opt/ml/processing/input/data/part-1.csv"
CODE = "/opt/ml/processing/input/code/train.py"
OUTPUT = "/opt/ml/processing/output/out/rows.txt"


def test_a_call_to_the_outside_has_its_error() -> None:
    """When it was made, by whom, whereto, and the error by its name on Linux, or by its number."""
    calls = [(reach(1), reached(1)), (reach(1, "2001:db8::1", 53), reached(1, 101)), (reach(1), reached(1, 9999))]
    trace = Trace.parse(record(begin(), *(event for call in calls for event in call), leave(1)))

    assert [
        (0.001, 1, "192.0.2.1", 443, ""),
        (0.003, 1, "2001:db8::1", 53, "ENETUNREACH"),
        (0.005, 1, "192.0.2.1", 443, "errno 9999"),
    ] == [astuple(connect) for connect in trace.connects]


def test_calls_of_several_threads_are_told_apart() -> None:
    """What returned is the call of that thread; one that never returned has no error and no success."""
    calls = (reach(1, port=1, thread=1), reach(1, port=2, thread=8), reach(1, port=3, thread=9))
    trace = Trace.parse(record(begin(), *calls, reached(9, 111), reached(1, 110), leave(1)))

    assert [(1, "ETIMEDOUT"), (2, None), (3, "ECONNREFUSED")] == [(each.port, each.error) for each in trace.connects]


def test_an_end_without_a_beginning_says_nothing() -> None:
    """It may belong to a call that was left out."""
    trace = Trace.parse(record(begin(), reached(8, 101), ("connects-left-out", {}), leave(1)))

    assert ((), True) == (trace.connects, trace.connects_left_out)


def test_a_trace_without_such_calls_has_none() -> None:
    """None were made, as far as the tracer sees them."""
    trace = Trace.parse(record(begin(), leave(1)))

    assert ((), False, None) == (trace.connects, trace.connects_left_out, trace.work_began)
    assert 0.0 == trace.halted_seconds


@pytest.mark.parametrize(("last", "seconds"), [(("resumed", {}), 0.002), (use(DATA), 0.0)], ids=["resumed", "killed"])
def test_a_halt_lasts_until_all_go_on(last: tuple[str, dict[str, Any]], seconds: float) -> None:
    """What the tracer did not live to tell is not guessed."""
    trace = Trace.parse(record(begin(), ("halted", {}), use(DATA), last, leave(1)))

    assert pytest.approx(seconds) == trace.halted_seconds


def test_the_work_began_with_the_first_use() -> None:
    """Of several directories the one that was used first counts."""
    trace = Trace.parse(record(begin(), use(DATA), use(OUTPUT), leave(1)))

    assert (0.001, [DATA, OUTPUT]) == (trace.work_began, [each.path for each in trace.uses])


@pytest.mark.parametrize(
    ("argv", "cwd"),
    [
        (("python3", "-u", CODE, "--input", DATA), "/"),
        (("/usr/bin/python3.12", "code/train.py"), "/opt/ml/processing/input"),
        ((CODE,), "/"),
        (("bash", CODE), "/"),
        (("tar", "-xzf", "train.py"), "/opt/ml/processing/input/code"),
    ],
    ids=["interpreted", "relative", "executed", "shell", "unpacked"],
)
def test_reading_a_program_is_no_work(argv: tuple[str, ...], cwd: str) -> None:
    """A program that was delivered as an input is read before it does anything, and its arguments are no programs."""
    name, fields = become(8, *argv)
    runs = (fork(8), (name, fields | {"cwd": cwd}))
    trace = Trace.parse(record(begin(), *runs, use(CODE), use(DATA), leave(8), leave(1)))
    never = Trace.parse(record(begin(), *runs, use(CODE), leave(8), leave(1)))

    assert (0.004, None) == (trace.work_began, never.work_began)


@pytest.mark.parametrize("argv", [("cat", DATA), ("/app/train", DATA)], ids=["tool", "program"])
def test_reading_an_argument_is_work(argv: tuple[str, ...]) -> None:
    """A program that is no interpreter reads the file that it is told to."""
    trace = Trace.parse(record(begin(), become(1, *argv), use(DATA), leave(1)))

    assert 0.002 == trace.work_began
