"""What a trace says of processes and signals."""

import pytest

from conformance.outcome.record import EMPTY, TRUNCATED
from conformance.outcome.trace import Process, Trace
from tests.support.recording import arrive, become, begin, fork, leave, record


def process(trace: Trace, pid: int) -> Process:
    """A process that must be there."""
    found = trace.process(pid)
    assert found is not None
    return found


def test_a_simple_run_is_complete() -> None:
    """One process that became a program and ended."""
    trace = Trace.parse(record(begin(), become(1, "python3", "/w.py"), leave(1, 3)))
    first = process(trace, 1)

    assert (True, 7, 1) == (trace.complete, trace.tracer, len(trace.processes))
    assert (("python3", "/w.py"), "/bin/python3", 3, None) == (
        first.argv,
        first.executable,
        first.exit_code,
        first.killed_by,
    )
    assert (0.0, 0.002, 3) == (first.began, first.ended, first.status)
    assert 1_700_000_000.001 == first.executions[0].time


def test_children_are_those_of_a_process() -> None:
    """Its own, in the order in which they began, and not theirs."""
    trace = Trace.parse(record(begin(), fork(8), fork(9, 8), fork(10), fork(11, 9), leave(1)))
    first = process(trace, 1)

    assert [8, 10] == [child.pid for child in trace.children_of(first)]
    assert [[9], [11]] == [[child.pid for child in trace.children_of(process(trace, pid))] for pid in (8, 9)]


def test_a_number_may_be_given_twice() -> None:
    """Two processes, one after another, with one number: each has its own children, signals and end."""
    trace = Trace.parse(
        record(
            begin(),
            *(fork(8), arrive(8, 2), fork(9, 8), leave(9), leave(8, 4)),
            *(fork(8), arrive(8, 15), fork(10, 8), leave(10), leave(8, 5)),
            leave(1),
        )
    )
    former, latter = [found for found in trace.processes if found.pid == 8]

    assert (4, 5) == (former.exit_code, latter.exit_code)
    assert [[9], [10]] == [[child.pid for child in trace.children_of(each)] for each in (former, latter)]
    assert [["SIGINT"], ["SIGTERM"]] == [[found.name for found in trace.signals_to(each)] for each in (former, latter)]
    assert latter == process(trace, 8)


def test_signals_of_one_number() -> None:
    """Signals are found by who got them, and by their number where that is wanted."""
    trace = Trace.parse(record(begin(), arrive(1, 17, 8), arrive(1, 2), arrive(1, 40, None, "default"), leave(1)))
    first = process(trace, 1)

    assert ["SIGCHLD", "SIGINT", "signal 40"] == [found.name for found in trace.signals_to(first)]
    assert [0] == [found.sender for found in trace.signals_to(first, 2)]
    assert ["default"] == [found.action for found in trace.signals_to(first, 40)]


def test_a_signal_s_name_is_that_of_linux() -> None:
    """Numbers are those of the container, whatever the machine of the suite has."""
    arrivals = [arrive(1, number) for number in (1, 9, 15, 17, 19, 31)]
    trace = Trace.parse(record(begin(), *arrivals, leave(1)))

    assert ["SIGHUP", "SIGKILL", "SIGTERM", "SIGCHLD", "SIGSTOP", "SIGSYS"] == [found.name for found in trace.signals]


def test_a_death_by_signal_has_a_shell_s_status() -> None:
    """A killed process has no exit code."""
    first = process(Trace.parse(record(begin(), leave(1, None, 9))), 1)

    assert (None, 9, 137) == (first.exit_code, first.killed_by, first.status)


def test_execution_by_a_second_thread_takes_an_end_back() -> None:
    """The first thread ended, another one became a new program: the process goes on."""
    first = process(Trace.parse(record(begin(), become(1, "a"), leave(1, 0), become(1, "b"), leave(1, 7))), 1)

    assert (("a",), ("b",), 7) == (first.executions[0].argv, first.argv, first.exit_code)


def test_the_last_word_on_an_end_counts() -> None:
    """A process that was killed while it exited is recorded twice."""
    first = process(Trace.parse(record(begin(), leave(1, 0), leave(1, None, 9))), 1)

    assert (None, 9) == (first.exit_code, first.killed_by)


def test_a_process_whose_beginning_was_lost_is_there() -> None:
    """Its parent is not known."""
    trace = Trace.parse(record(begin(), become(8, "a"), leave(1)))

    assert (0, ("a",)) == (process(trace, 8).parent, process(trace, 8).argv)


def test_signals_that_a_process_may_have_fetched_by_itself_are_told() -> None:
    """What a process blocked at its end, or at the end of process 1, may have reached it unseen."""
    alive = ("alive", {"pid": 9, "blocked": 1 << 1})
    trace = Trace.parse(record(begin(), fork(8), fork(9), leave(8, 0, None, 1 << 14 | 1), leave(1), alive))

    assert [frozenset(), {1, 15}, {2}] == [found.blocked for found in trace.processes]
    assert [True, True, False] == [found.ended is not None for found in trace.processes]


def test_the_command_may_stand_below_an_init() -> None:
    """Where the engine puts an init before the command, process 1 is not seen; the trace is complete nevertheless."""
    trace = Trace.parse(record(begin(8, 7), become(7, "a"), fork(9, 7), leave(9), leave(7)))

    assert trace.command is not None
    assert (7, True) == (trace.command.pid, trace.complete)


def test_privileges_that_were_withheld_are_told() -> None:
    """A traced process gets no user from its file."""
    trace = Trace.parse(record(begin(), fork(8), become(8, "sudo", withheld=1), leave(8), leave(1)))

    assert [8] == [found.pid for found in trace.disturbed]


@pytest.mark.parametrize(("told", "expected"), [(None, None), (0, False), (1, True)])
def test_whether_python_was_unbuffered_is_told_where_the_record_tells(
    told: int | None,
    expected: bool | None,  # noqa: FBT001 - a parameter of a test
) -> None:
    """Of each program that a process became; records of an earlier probe do not tell."""
    trace = Trace.parse(record(begin(), fork(8), become(8, "python3", unbuffered=told), leave(8), leave(1)))

    assert [expected] == [run.unbuffered for process in trace.processes for run in process.executions]


def test_a_missing_filter_is_told() -> None:
    """A debugger would have gone unnoticed."""
    assert Trace.parse(record(begin(), ("unfiltered", {"errno": 1, "error": "x"}), leave(1))).unfiltered


def test_a_command_that_did_not_begin_is_told() -> None:
    """The container's status is then the probe's own."""
    failed = ("exec-failed", {"command": "nope", "errno": 2, "error": "No such file or directory"})
    trace = Trace.parse(record(begin(), failed, leave(1, 127)))

    assert ("nope", 2, True) == (trace.failed_command, trace.failed_errno, trace.complete)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", EMPTY),
        (record(become(1, "a")), "the tracer did not begin"),
        (
            record(("untraced", {"errno": 1, "error": "Operation not permitted"})),
            "the tracer could not attach: Operation not permitted",
        ),
        (
            record(begin(), become(1, "a")),
            "the record ends before the command does: the tracer was killed, or the container still runs",
        ),
        (
            record(begin(), fork(8), ("released", {"pid": 8, "thread": 8, "tracer": 1, "request": "x"}), leave(1)),
            "left to a debugger in the container: process 8",
        ),
        (record(begin(), ("left", {})), "the tracer left, because process 1 waited for it with __WALL"),
        (record(begin(), ("cut", {})), "the record reached its size limit, or the container's disk was full"),
        (record(begin()) + b"{", TRUNCATED),
    ],
    ids=["empty", "no tracer", "refused", "killed", "released", "left", "cut", "half a line"],
)
def test_an_incomplete_trace_says_why(content: bytes, fault: str) -> None:
    """Whoever judges by a trace can tell that something may be missing, and what the reason is."""
    trace = Trace.parse(content)

    assert (False, fault) == (trace.complete, trace.fault)


def test_a_process_that_becomes_very_many_programs_is_read_in_one_pass() -> None:
    """Each of them is kept, in the order in which they came."""
    trace = Trace.parse(record(begin(), *(become(1, str(number)) for number in range(50_000)), leave(1)))

    assert [str(number) for number in range(50_000)] == [run.argv[0] for run in trace.processes[0].executions]


def test_signals_are_told_of_the_process_that_had_the_number_then() -> None:
    """A number may be given again."""
    trace = Trace.parse(
        record(begin(), fork(8), arrive(8, 2), leave(8), fork(8), arrive(8, 15), arrive(1, 10), leave(8), leave(1))
    )
    first, second, third = (trace.signals_to(process) for process in trace.processes)

    assert [[10], [2], [15]] == [[arrival.number for arrival in arrivals] for arrivals in (first, second, third)]
