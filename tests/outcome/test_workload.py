"""Which process does the work: the rule, case by case."""

from typing import Any

import pytest

from conformance.outcome import workload
from conformance.outcome.record import EMPTY
from conformance.outcome.trace import Trace
from tests.support.recording import arrive, become, begin, fork, idle, leave, record


def found(*events: object, at: float | None = None) -> tuple[int | None, str]:
    """The number of the process that does the work, and the doubt about it."""
    trace = Trace.parse(record(begin(), *events))  # type: ignore[arg-type] # pairs, as tests.recording makes them
    result = workload.find(trace, at=at)
    return (result.process.pid if result.process else None), result.doubt


def test_process_1_is_the_work_where_it_is_no_wrapper() -> None:
    """What it starts itself is its own affair."""
    assert (1, "") == found(become(1, "python3", "w.py"), fork(8), become(8, "gcc"), leave(8), leave(1))


@pytest.mark.parametrize(
    "wrapper",
    [
        ("sh", "-c", "w"),
        ("bash", "/run.sh"),
        ("busybox", "ash", "-c", "w"),
        ("tini", "--", "w"),
        ("dumb-init", "w"),
        ("timeout", "9", "w"),
        ("sudo", "-u", "x", "w"),
        ("/opt/conda/bin/conda", "run", "-n", "base", "w"),
        ("python3.11", "/opt/conda/bin/conda", "run", "w"),
        ("uv", "run", "w"),
        ("script", "-q", "-c", "w", "/dev/null"),
    ],
    ids=lambda wrapper: " ".join(wrapper[:2]),
)
def test_a_wrapper_hands_its_work_on(wrapper: tuple[str, ...]) -> None:
    """Shells, inits, changes of user and conda only start what works."""
    assert (8, "") == found(become(1, *wrapper), fork(8), become(8, "python3", "w.py"), leave(8), leave(1))


def test_a_wrapper_that_becomes_the_work_is_the_work() -> None:
    """What counts is the program that a process became last."""
    assert (1, "") == found(become(1, "sh", "/run.sh"), become(1, "gosu", "x", "w"), become(1, "python3"), leave(1))


def test_wrappers_below_wrappers() -> None:
    """An init, a shell, a fork of it, and the program at last."""
    events = (
        *(become(1, "tini", "--", "sh"), fork(8), become(8, "sh", "-c", "(w)"), fork(9, 8), fork(10, 9)),
        *(become(10, "python3"), *idle(5), leave(10), leave(9), leave(8), leave(1)),
    )

    assert (10, "") == found(*events)


def test_common_tools_of_a_script_are_not_the_work() -> None:
    """The program in a pipeline is the work, though `tee` lives as long and begins later."""
    events = (
        *(become(1, "bash", "/run.sh"), fork(7), become(7, "mkdir", "x"), leave(7)),
        *(fork(8), fork(9), become(8, "python3"), become(9, "tee", "log"), *idle(9), leave(8, 1), leave(9), leave(1)),
    )

    assert (8, "") == found(*events)


def test_a_tool_that_runs_a_program_hands_its_work_on() -> None:
    """As the command, where a shell became it beside a program, and in the middle of a pipeline."""
    work = (fork(9, 8), become(9, "python3"), *idle(5), leave(9))
    command = (become(1, "xargs", "python3"), fork(9), *work[1:], leave(1))
    beside = (
        *(become(1, "sh", "/run.sh"), fork(8), become(8, "tee", "log"), fork(9), become(9, "python3")),
        *(become(1, "tail", "-f", "log"), *idle(5), leave(9), leave(8), leave(1)),
    )
    pipeline = (become(1, "sh", "/run.sh"), fork(7), fork(8), become(7, "find"), become(8, "xargs", "python3"))

    assert (9, "") == found(*command)
    assert (9, "") == found(*beside)
    assert (9, "") == found(*pipeline, *work, leave(8), leave(7), leave(1))


def test_a_tool_below_an_init_is_the_work() -> None:
    """An init was told to run nothing else."""
    assert (8, "") == found(become(1, "tini", "cp", "a", "b"), fork(8), become(8, "cp", "a", "b"), leave(8), leave(1))


def test_a_tool_that_forks_itself_runs_no_program() -> None:
    """As `sort` may."""
    sort = (fork(8), become(8, "sort"), fork(9, 8), *idle(5), leave(9), leave(8))

    assert (8, "") == found(become(1, "tini", "sort"), *sort, leave(1))


def test_a_script_of_common_tools_does_the_work_itself() -> None:
    """That is in doubt: one of the tools may be meant."""
    events = (become(1, "sh", "/run.sh"), fork(8), become(8, "cp", "a", "b"), leave(8), leave(1))

    assert (1, "the shell in process 1 only started cp") == found(*events)


def test_the_tools_of_a_script_are_named_in_order() -> None:
    """Each once; a fork of the shell is no tool."""
    tools = [*(fork(7), become(7, "mv"), leave(7)), *(fork(8), become(8, "cp"), leave(8)), fork(9), leave(9)]

    assert (1, "the shell in process 1 only started cp, mv") == found(become(1, "sh", "/run.sh"), *tools, leave(1))


def test_a_script_beside_a_program_is_not_known_to_do_the_work() -> None:
    """Though it has tools of its own; all that ran beside it are named."""
    events = (
        *(become(1, "tini", "sh"), fork(5), become(5, "redis-server"), fork(6), become(6, "nginx")),
        *(fork(7), become(7, "sh", "/run.sh"), fork(8, 7), become(8, "cp"), *idle(9), leave(8), leave(7), leave(1)),
    )
    result = workload.find(Trace.parse(record(begin(), *events)))

    assert (False, "process 7 (sh) ran alongside 5 (redis-server), 6 (nginx)") == (result.is_script, result.doubt)


def test_a_script_of_nothing_but_itself_is_the_work() -> None:
    """A shell that starts nothing does what it does by itself, and an init that starts nothing is all there is."""
    assert (1, "") == found(become(1, "sh", "/run.sh"), leave(1))
    assert (1, "") == found(become(1, "tini", "x"), leave(1))


def test_the_last_of_several_long_lives_is_the_work() -> None:
    """Preparation that took a moment, and a step before it, are not what a run ends with."""
    events = (
        *(become(1, "sh", "/run.sh"), fork(7), become(7, "prepare"), leave(7)),
        *(fork(8), become(8, "python3", "a.py"), *idle(10), leave(8)),
        *(
            fork(9),
            become(9, "python3", "b.py"),
            *idle(8),
            leave(9),
            fork(10),
            become(10, "report"),
            leave(10),
            leave(1),
        ),
    )

    assert (9, "") == found(*events)


def test_programs_side_by_side_are_in_doubt() -> None:
    """A server in the background and a program beside it: the one that began last, with the other one named."""
    events = (
        *(become(1, "bash", "/run.sh"), fork(8), become(8, "redis-server"), fork(9), become(9, "python3")),
        *(*idle(9), leave(9), leave(1)),
    )

    assert (9, "process 9 (python3) ran alongside 8 (redis-server)") == found(*events)


def test_the_work_at_a_moment() -> None:
    """A signal is asked for at the moment when it was sent: the step that lived then counts."""
    events = (
        *(become(1, "bash", "/run.sh"), fork(8), become(8, "a"), *idle(5), leave(8)),
        *(arrive(1, 2), fork(9), become(9, "b"), *idle(20), leave(9), leave(1)),
    )

    assert (8, "") == found(*events, at=0.005)
    assert (9, "") == found(*events, at=0.020)
    assert (1, "only wrappers were running at that moment") == found(*events, at=0.0095)


def test_a_shell_that_becomes_the_work_later_is_a_shell_before() -> None:
    """Its first step is the work until then, and who gets the signal is no program yet."""
    events = (
        *(become(1, "bash", "/run.sh"), fork(8), become(8, "a"), *idle(5), leave(8)),
        *(become(1, "b"), *idle(20), leave(1)),
    )

    assert (8, "") == found(*events, at=0.005)
    assert (1, "") == found(*events, at=0.020)


def test_a_fork_counts_as_the_program_that_it_becomes_next() -> None:
    """A signal may come between the two."""
    events = (*(become(1, "bash", "/run.sh"), fork(8), *idle(5), become(8, "a"), *idle(9)), leave(8), leave(1))

    again = (*events[:-2], become(8, "timeout", "9", "b"), leave(8), leave(1))

    assert (8, "") == found(*events, at=0.005)
    assert (8, "") == found(*again, at=0.005)


def test_what_a_program_runs_at_a_moment() -> None:
    """Programs, also below shells, that live then; neither tools nor forks nor the workers of its own."""
    events = (
        *(become(1, "python3", "/launcher.py"), fork(2), become(2, "a"), leave(2)),
        *(fork(3), become(3, "python3", "/work.py"), fork(4), become(4, "sh", "-c", "b"), fork(5, 4), become(5, "b")),
        *(fork(6), become(6, "tee", "log"), fork(7), fork(8), become(8, "sh", "-c", "sleep 9"), fork(9, 8)),
        *(become(9, "sleep", "9"), fork(10), become(10, "python3", "-c", "from multiprocessing.spawn import main")),
        *(fork(11), become(11, "python3", "-m", "joblib.externals.loky.backend.popen_loky_posix")),
        *(*idle(10), fork(12), become(12, "c"), leave(1)),
    )
    trace = Trace.parse(record(begin(), *events))
    first = trace.process(1)
    assert first is not None

    assert [3, 5] == [process.pid for process in workload.run_by(trace, first, at=0.03)]
    assert [2] == [process.pid for process in workload.run_by(trace, first, at=0.003)]


def test_what_a_shell_becomes_later_is_not_run_yet() -> None:
    """As one that a launcher starts, which waits before its `exec`."""
    events = (become(1, "python3", "/launcher.py"), fork(3), become(3, "sh", "-c", "x"), *idle(10), become(3, "a"))
    trace = Trace.parse(record(begin(), *events, leave(1)))
    first = trace.process(1)
    assert first is not None

    assert [[], [3]] == [[each.pid for each in workload.run_by(trace, first, at=at)] for at in (0.005, None)]


def test_an_incomplete_trace_is_a_doubt() -> None:
    """What was not recorded may have been the work."""
    process, doubt = found(become(1, "python3"))

    assert 1 == process
    assert doubt.startswith("the record ends before the command does")


def test_without_a_trace_there_is_none() -> None:
    """Nothing can be said, and why."""
    result = workload.find(Trace.parse(b""))

    assert (None, False) == (result.process, result.certain)
    assert EMPTY == result.doubt


def test_a_shell_that_runs_itself_for_ever_is_not_followed_for_ever() -> None:
    """A thousand shells below each other are looked through no deeper than any sound wrapper goes."""
    shells = [event for pid in range(2, 2000) for event in (fork(pid, pid - 1), become(pid, "sh", "-c", "x"))]
    process, _ = found(become(1, "sh", "-c", "x"), *shells, leave(1))

    assert 101 == process


def test_a_program_is_told_by_its_file_and_not_by_its_name() -> None:
    """What a program calls itself is its own choice; only for programs of many names it counts."""
    trace = Trace.parse(
        record(
            begin(),
            become(1, "anything", executable="/usr/bin/dash"),
            *(fork(8), become(8, "-sh", executable="/bin/busybox")),
            *(fork(9), become(9, "busybox", "tee", executable="/bin/busybox")),
            fork(10),
        )
    )

    assert ["dash", "sh", "tee", ""] == [workload.program(process) for process in trace.processes]


def at_the_stop(*events: object) -> tuple[list[str], str | None]:
    """The programs that ran when SIGINT came, and the one that had done its work by then."""
    trace = Trace.parse(record(begin(), *events, arrive(1, 2), leave(1, None, 9)))  # type: ignore[arg-type] # as above
    (signal,) = trace.signals
    done = workload.finished(trace, signal.at)
    ran = [" ".join(process.argv) for process in workload.running(trace, signal.at)]
    return ran, " ".join(done.argv) if done else None


def work(pid: int = 8, parent: int = 1, script: str = "w.py") -> list[tuple[str, dict[str, Any]]]:
    """A program that takes its time and ends."""
    return [fork(pid, parent), become(pid, "python3", script), *idle(9), leave(pid)]


def short(*argv: str, pid: int = 7) -> list[tuple[str, dict[str, Any]]]:
    """A program that ends at once."""
    return [fork(pid), become(pid, *argv), leave(pid)]


SHELL = become(1, "sh", "/run.sh")
TAIL = ("tail", "-f", "/dev/null")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((SHELL, *work(), fork(9), become(9, *TAIL)), ("tail -f /dev/null", "python3 w.py")),
        (
            (SHELL, *work(), fork(9), become(9, "sh"), fork(10, 9), become(10, *TAIL)),
            ("tail -f /dev/null", "python3 w.py"),
        ),
        ((SHELL, *work(), become(1, *TAIL)), ("tail -f /dev/null", "python3 w.py")),
        ((SHELL, *work()), ("sh /run.sh", "python3 w.py")),
        (
            (become(1, "tini", "sh"), fork(7), become(7, "sh", "-c", "read"), *work(8, 7)),
            ("sh -c read", "python3 w.py"),
        ),
        ((SHELL, fork(7), become(7, "redis-server"), *work()), ("redis-server", "python3 w.py")),
        (
            (SHELL, *work(8, script="a.py"), *work(9, script="b.py"), fork(10), become(10, *TAIL)),
            ("tail -f /dev/null", "python3 b.py"),
        ),
        ((SHELL, *short("mkdir", "x"), *work(), become(1, "server")), ("server", "python3 w.py")),
        ((SHELL, *work(), *short("report"), become(1, "server")), ("server", "python3 w.py")),
        ((SHELL, fork(7), *work(8, 7), leave(7), become(1, "server")), ("server", "python3 w.py")),
        (
            (SHELL, become(1, "bash", "/run.sh"), *work(), fork(9), become(9, *TAIL)),
            ("tail -f /dev/null", "python3 w.py"),
        ),
        ((SHELL, become(1, "bash", "/run.sh"), *work(), become(1, *TAIL)), ("tail -f /dev/null", "python3 w.py")),
    ],
    ids=[
        *("tail", "tail of a shell", "exec", "shell", "shell of an init", "server beside it", "two steps"),
        *("exec after tools", "exec after several", "exec after a fork", "exec of a shell"),
        "exec after an exec",
    ],
)
def test_what_still_ran_and_what_had_done_its_work(events: tuple[object, ...], expected: tuple[str, str]) -> None:
    """Below the wrappers: tools keep a container alive as well, and have done no work when they end."""
    ran, done = at_the_stop(*events)

    assert expected == ("; ".join(ran), done)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((become(1, "python3", "w.py"), *short("gcc")), "python3 w.py"),
        ((become(1, "python3", "a.py"), *short("gcc"), become(1, "python3", "b.py")), "python3 b.py"),
        ((SHELL, become(1, "server"), *short("gcc")), "server"),
        ((SHELL, become(1, "python3", "a.py"), *work(), become(1, "server")), "server"),
        ((SHELL, fork(8), become(8, "python3", "w.py")), "python3 w.py"),
        ((SHELL, *short("mkdir", "x"), fork(9), become(9, "sleep", "9")), "sleep 9"),
        ((SHELL, *short("mkdir", "x"), become(1, "server")), "server"),
        ((SHELL, fork(8), leave(8)), "sh /run.sh"),
    ],
    ids=[
        "no wrapper",
        "exec of no wrapper",
        "exec and child",
        "exec, child and exec",
        "work",
        "tools",
        "tools and exec",
        "fork",
    ],
)
def test_a_program_that_is_still_at_work_has_not_finished(events: tuple[object, ...], expected: str) -> None:
    """Nor has one whose children have: what it starts itself is its own affair."""
    assert ([expected], None) == at_the_stop(*events)


def test_what_ends_at_the_stop_had_not_ended_before() -> None:
    """The moment is that of the signal."""
    events = (SHELL, fork(8), become(8, "python3"), arrive(1, 2), leave(8, 130), leave(1, 130))
    trace = Trace.parse(record(begin(), *events))
    (signal,) = trace.signals

    assert ["python3"] == [process.argv[0] for process in workload.running(trace, signal.at)]
    assert workload.finished(trace, signal.at) is None


def test_a_trace_of_nothing_has_nothing_that_ran() -> None:
    """And nothing that ended."""
    empty = Trace.parse(b"")

    assert ((), None) == (workload.running(empty, 0.0), workload.finished(empty, 0.0))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((become(1, "python3", "w.py"), *short("gcc")), []),
        ((SHELL, *short("mkdir", "x"), *work()), []),
        ((SHELL, *short("prepare"), *work()), ["prepare"]),
        ((SHELL, *work(), fork(9), become(9, "tini", "report"), fork(10, 9), become(10, "report")), ["report"]),
        ((SHELL, *work(8, script="a.py"), *work(9, script="b.py")), ["python3 a.py"]),
        ((become(1, "tini", "sh"), fork(7), become(7, "sh", "/run.sh"), *work(8, 7)), []),
    ],
    ids=["no wrapper", "tools", "preparation", "wrapper", "two steps", "wrappers"],
)
def test_what_wrappers_started_besides_the_work(events: tuple[object, ...], expected: list[str]) -> None:
    """However short it lived; neither tools of a shell nor wrappers nor what the work starts itself."""
    trace = Trace.parse(record(begin(), *events, leave(1)))  # type: ignore[arg-type] # as above
    process = workload.find(trace).process
    assert process is not None

    assert expected == [" ".join(other.argv) for other in workload.others(trace, process)]


def test_a_trace_of_nothing_has_no_others() -> None:
    """Nor has it a process to ask about."""
    process = Trace.parse(record(begin(), SHELL)).processes[0]

    assert () == workload.others(Trace.parse(b""), process)
