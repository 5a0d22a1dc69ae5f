"""Whether a job had failed although its container exited with 0, and how sure that is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.files.tree import File
from conformance.outcome.activity import Use
from conformance.outcome.outcome import End, Host
from conformance.outcome.trace import Process, Signal, Trace
from conformance.rule.failures import Failure, as_requested, beside, hidden
from tests.support.outcomes import OUTPUT, file, host, log, outcome, process, request

TRACEBACK = """Traceback (most recent call last):
  File "/x.py", line 3, in <module>
    main()
ValueError: 3
"""
SHELL = process(1, 0, "/bin/sh", "/run.sh")
WORK = process(7, 1, "python3", "/x.py", ended=20.0)
FAILED = replace(WORK, exit_code=3)
CRASHED = replace(WORK, exit_code=None, killed_by=11)


def of(*processes: Process, stderr: str = "", untraced: str = "") -> Host:
    """A host that exited with 0, whose processes were seen."""
    return host(stderr=stderr, trace=Trace(processes, tracer=2), untraced=untraced)


USUAL = of(SHELL, WORK)


def tool(name: str, pid: int = 8, ended: float = 21.0) -> Process:
    """A common tool that the shell ran."""
    return process(pid, 1, name, executable=f"/usr/bin/{name}", ended=ended)


@pytest.mark.parametrize(
    "ended", [host(exit_code=1, stderr=TRACEBACK), host(stderr=TRACEBACK, end=End.MAX_RUNTIME)], ids=["exit 1", "limit"]
)
def test_who_does_not_exit_with_0_hides_nothing(ended: Host) -> None:
    """Its failure has reached the exit code, or it was stopped."""
    assert hidden(ended, wrote_nothing=True) is None


@pytest.mark.parametrize(
    ("number", "name"),
    [(4, "SIGILL"), (6, "SIGABRT"), (7, "SIGBUS"), (8, "SIGFPE"), (11, "SIGSEGV"), (31, "SIGSYS")],
)
def test_a_crash_below_process_1_is_certain(number: int, name: str) -> None:
    """Also where no other run shows what is usual, and whatever the log says and was written."""
    expected = Failure(f"['python3', '/x.py'] was killed by {name} below process 1", certain=True, in_tree=True)

    assert expected == hidden(of(SHELL, replace(CRASHED, killed_by=number)), wrote_nothing=False)


def test_one_of_two_programs_that_ran_side_by_side_is_no_evidence() -> None:
    """Nobody knows which of them does the work."""
    other = process(6, 1, "java", "-jar", "/x.jar", executable="/usr/bin/java", ended=20.0)

    assert hidden(of(SHELL, other, CRASHED), wrote_nothing=True) is None


@pytest.mark.parametrize("number", [1, 2, 3, 9, 10, 12, 13, 14, 15, 24, 25, 26, 27, 40])
def test_a_signal_that_asks_to_end_may_be_wanted(number: int) -> None:
    """By one of these a script ends what it has started; only where the same program did the work it is advice."""
    ended = of(SHELL, replace(CRASHED, killed_by=number))

    assert hidden(ended, wrote_nothing=True) is None
    assert [False] == [found.certain for found in [hidden(ended, USUAL, wrote_nothing=True)] if found]


@pytest.mark.parametrize(("sender", "certain"), [(6, None), (7, True), (None, True)])
def test_a_signal_that_another_process_sends_is_no_crash(sender: int | None, certain: bool | None) -> None:  # noqa: FBT001 - a case
    """`timeout -s ABRT` ends what takes too long; a program that crashes gets its signal from the kernel or itself."""
    arrived = Signal(time=19.0, at=19.0, number=6, sender=sender, receiver=7, action="default")
    ended = of(SHELL, replace(CRASHED, killed_by=6))
    trace = replace(ended.trace or Trace(), signals=(arrived,))
    found = hidden(replace(ended, trace=trace), wrote_nothing=True)

    assert certain is (None if found is None else found.certain)


def test_another_signal_that_it_was_sent_before_does_not_excuse_a_crash() -> None:
    """A worker that is told to go on by SIGUSR1, and then fails by an address."""
    told = Signal(time=18.0, at=18.0, number=10, sender=6, receiver=7, action="caught")
    ended = of(SHELL, CRASHED)
    found = hidden(replace(ended, trace=replace(ended.trace or Trace(), signals=(told,))), wrote_nothing=True)

    assert found is not None
    assert found.certain


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    """Those of the real-time range have none."""
    found = hidden(of(SHELL, replace(CRASHED, killed_by=40)), USUAL, wrote_nothing=True)

    assert found is not None
    assert "was killed by signal 40" in found.text


def test_an_exit_code_with_a_traceback_is_certain() -> None:
    """The program says itself that it failed."""
    expected = Failure("['python3', '/x.py'] exited with code 3 below process 1", certain=True, in_tree=True)

    assert expected == hidden(of(SHELL, FAILED, stderr=TRACEBACK), wrote_nothing=False)


FIRST = process(5, 1, "python3", "/first.py", ended=5.0)


@pytest.mark.parametrize(
    ("moment", "earlier", "certain"),
    [
        ("before", (FIRST,), False),
        ("before", (replace(FIRST, exit_code=1),), True),
        ("before", (tool("mkdir", ended=5.0),), True),
        ("during", (FIRST,), True),
        ("after", (), False),
        ("never", (), False),
    ],
    ids=["an optional step", "after a failure", "a log", "at work", "an answer", "not seen"],
)
@pytest.mark.parametrize("before", [None, USUAL], ids=["alone", "beside another run"])
@pytest.mark.parametrize(("failed", "stderr"), [(FAILED, TRACEBACK), (CRASHED, "")], ids=["exit 3", "crash"])
def test_beside_all_outputs_it_counts_who_began_them(
    failed: Process, stderr: str, before: Host | None, moment: str, earlier: tuple[Process, ...], *, certain: bool
) -> None:
    """An optional step comes after them, and a script writes the answer of a test after it; a log is in one anyway."""
    failed = replace(failed, began=10.0)
    at = {"before": 4.0, "during": 11.0, "after": 21.0}
    uses = () if moment == "never" else (Use(at[moment], f"{OUTPUT}/log"),)
    trace = Trace((SHELL, *earlier, failed), tracer=2, uses=uses)
    found = hidden(host(stderr=stderr, trace=trace), before, wrote_nothing=False, complete=(OUTPUT,))

    assert found is not None
    assert (certain, True) == (found.certain, found.in_tree)


@pytest.mark.parametrize(
    ("left", "certain"),
    [
        ((file(f"{OUTPUT}/a"), file(f"{OUTPUT}/b")), False),
        ((file(f"{OUTPUT}/a"),), True),
        ((file(f"{OUTPUT}/a"), file(f"{OUTPUT}/b", size=0)), True),
        ((), True),
    ],
    ids=["as usual", "one file less", "one opened only", "nothing"],
)
def test_outputs_are_there_if_none_of_their_files_is_missing_or_empty(left: tuple[File, ...], certain: bool) -> None:  # noqa: FBT001 - a case
    """Compared with those of the run that did its work."""
    good = outcome(host(file(f"{OUTPUT}/a"), file(f"{OUTPUT}/b"), trace=USUAL.trace))
    failing = outcome(host(*left, stderr=TRACEBACK, trace=of(SHELL, FAILED).trace))
    ((_, found),) = beside(good, failing)

    assert found is not None
    assert certain is found.certain


@pytest.mark.parametrize(("left", "certain"), [(("a",), True), (("a", "b"), False)], ids=["one", "both"])
def test_a_crash_beside_a_missing_output_is_certain_in_the_run_as_requested_too(
    left: tuple[str, ...],
    *,
    certain: bool,
) -> None:
    """Where all are there, nobody knows who wrote them: none was seen to be begun."""
    asked = request(outputs={name: f"/opt/ml/processing/{name}" for name in "ab"})
    files = (file(f"/opt/ml/processing/{name}/x") for name in left)
    crashed = host(*files, trace=Trace((SHELL, CRASHED), tracer=2))
    found = as_requested(outcome(crashed, of=asked), crashed)

    assert found is not None
    assert certain is found.certain


def test_an_exit_code_with_a_traceback_that_is_usual_is_advice() -> None:
    """It says nothing of this failure."""
    expected = Failure("['python3', '/x.py'] exited with code 3 below process 1", certain=False, in_tree=True)
    usual = of(SHELL, WORK, stderr=TRACEBACK)

    assert expected == hidden(of(SHELL, FAILED, stderr=TRACEBACK), usual, wrote_nothing=False)


def test_a_program_that_exits_with_0_itself_has_failed_only_by_its_log() -> None:
    """The process tree shows nothing of it."""
    expected = Failure("its log has a traceback: 'ValueError: 3'", certain=False)

    assert expected == hidden(of(SHELL, WORK, stderr=TRACEBACK), wrote_nothing=False)


@pytest.mark.parametrize(
    ("stderr", "before", "wrote_nothing", "expected"),
    [
        ("no rows\n", USUAL, True, True),
        ("no rows\n", USUAL, False, False),
        ("", USUAL, True, False),
        ("no rows\n", of(SHELL, WORK, stderr="no rows\n"), True, False),
        ("3 rows\n", of(SHELL, WORK, stderr="17 rows\n"), True, False),
        ("no rows\n", None, True, None),
        ("no rows\n", host(), True, None),
        ("no rows\n", of(SHELL, WORK, untraced="left to a debugger"), True, None),
        ("no rows\n", of(SHELL, process(7, 1, "python3", "/other.py")), True, None),
    ],
    ids=["all", "written", "silent", "usual words", "usual but for numbers", "alone", "unseen", "half seen", "other"],
)
def test_an_exit_code_alone_may_be_an_answer(
    stderr: str,
    before: Host | None,
    wrote_nothing: bool,  # noqa: FBT001 - a case
    expected: bool | None,  # noqa: FBT001 - a case
) -> None:
    """Certain where the program that otherwise does the work complained, and wrote nothing; else advice, or nothing."""
    found = hidden(of(SHELL, FAILED, stderr=stderr), before, wrote_nothing=wrote_nothing)

    assert expected is (None if found is None else found.certain)


@pytest.mark.parametrize(
    ("stdout", "certain"),
    [
        ("[job] error: no rows\n", True),
        ("[job] conformance: read /opt/ml/processing/input/data: No data available\n", True),
        ("[job] no rows\n", False),
        ("WARNING error in row 3, skipping it\n", False),
        ("errors: 0\n", False),
    ],
    ids=["error", "of a stand-in", "no word of failure", "tolerant", "none"],
)
def test_what_a_wrapper_sends_to_stdout_counts_where_it_tells_of_a_failure(
    stdout: str,
    certain: bool,  # noqa: FBT001 - a case
) -> None:
    """By `2>&1` both streams are one, and what stands there otherwise is the program's ordinary output."""
    found = hidden(replace(of(SHELL, FAILED), stdout=log(stdout)), USUAL, wrote_nothing=True)

    assert found is not None
    assert certain is found.certain


LAUNCHER = process(1, 0, "python3", "/launch.py")


def test_what_a_launcher_ran_is_not_told_by_a_part_of_a_record() -> None:
    """Of either run: it may have been made good for."""
    whole, part = of(LAUNCHER, FAILED), of(LAUNCHER, FAILED, untraced="cut off")
    usual, unseen = of(LAUNCHER, WORK), of(LAUNCHER, WORK, untraced="cut off")

    assert hidden(whole, usual, wrote_nothing=True) is not None
    assert hidden(part, usual, wrote_nothing=True) is None
    assert hidden(whole, unseen, wrote_nothing=True) is None


@pytest.mark.parametrize(
    ("ended", "how"),
    [
        (FAILED, "exited with code 3"),
        (CRASHED, "was killed by SIGSEGV"),
        (WORK, ""),
        (replace(FAILED, executions=process(7, 1, "python3", "/other.py").executions), ""),
        (replace(WORK, exit_code=None, killed_by=15), ""),
    ],
    ids=["exit code", "signal", "well", "never well", "asked to end"],
)
def test_what_a_program_of_its_own_kind_launches_is_advice(ended: Process, how: str) -> None:
    """It may do without; but where all outputs are missing, which that one may have written, its end is told."""
    found = hidden(of(LAUNCHER, ended), of(LAUNCHER, WORK), wrote_nothing=True)

    expected = Failure(f"['python3', '/x.py'] {how} below process 1", certain=False) if how else None
    assert expected == found
    assert hidden(of(LAUNCHER, ended), of(LAUNCHER, WORK), wrote_nothing=False) is None


@pytest.mark.parametrize(
    ("reader", "certain"),
    [(tool("tee"), True), (tool("tee", ended=19.0), False), (replace(tool("tee"), parent=7), False)],
    ids=["outlives it", "ends first", "its own child"],
)
def test_in_a_pipeline_nobody_takes_the_exit_code(reader: Process, certain: bool) -> None:  # noqa: FBT001 - a case
    """`program | tee log` without `pipefail`: what read from it was there to its end.

    Certain only where the same program ends with 0 otherwise: else its code may be an answer.
    """
    ended = of(SHELL, FAILED, reader)
    found = hidden(ended, USUAL, wrote_nothing=False)

    assert found is not None
    assert certain is found.certain
    assert hidden(ended, wrote_nothing=False) is None
    assert hidden(ended, of(SHELL, FAILED), wrote_nothing=False) is None


@pytest.mark.parametrize("later", [(), (tool("echo", 21),), (tool("rm", 21), tool("sleep", 22))])
def test_tools_that_only_clean_up_have_not_got_over_it(later: tuple[Process, ...]) -> None:
    """They do no work."""
    assert hidden(of(SHELL, CRASHED, *later), wrote_nothing=False) is not None


@pytest.mark.parametrize(
    "later", [process(21, 1, "python3", "/fallback.py", ended=22.0), tool("cp", 21), tool("grep", 21)]
)
def test_what_may_do_the_work_afterwards_may_have_got_over_it(later: Process) -> None:
    """A script may try one thing, and then another."""
    assert hidden(of(SHELL, CRASHED, later), wrote_nothing=False) is None


@pytest.mark.parametrize(("code", "certain"), [(3, True), (0, None)])
def test_another_attempt_that_fails_too_has_not_got_over_it(code: int, certain: bool | None) -> None:  # noqa: FBT001 - a case
    """Even if it took much less time, as a second one may."""
    again = process(21, 1, "python3", "/x.py", ended=22.0, exit_code=code)
    found = hidden(of(SHELL, FAILED, again, stderr="no rows\n"), USUAL, wrote_nothing=True)

    assert certain is (None if found is None else found.certain)


@pytest.mark.parametrize(("at", "got_over"), [(19.0, False), (21.0, True)])
def test_a_shell_that_becomes_another_program_may_have_got_over_it(at: float, got_over: bool) -> None:  # noqa: FBT001 - a case
    """It ends with `exec`, after the first program has failed: process 1, or one in the background that waited."""
    execution = replace(SHELL.executions[0], at=at, argv=("cp", "/x", "/y"), executable="/usr/bin/cp")
    shell = replace(SHELL, executions=(*SHELL.executions, execution))
    behind = replace(shell, pid=3, parent=1, began=3.0)

    for seen in (of(shell, CRASHED), of(SHELL, behind, CRASHED)):
        assert got_over is (hidden(seen, wrote_nothing=False) is None)


def test_what_process_1_runs_itself_is_its_own_matter() -> None:
    """A program that is no wrapper takes what its children return."""
    program = process(1, 0, "python3", "/main.py")

    assert hidden(of(program, CRASHED), wrote_nothing=True) is None


def test_a_trace_that_is_not_complete_is_no_evidence() -> None:
    """What was not seen may have done the work."""
    assert hidden(of(SHELL, CRASHED, untraced="left to a debugger"), wrote_nothing=True) is None


@pytest.mark.parametrize(("wrote_nothing", "certain"), [(True, True), (False, False)])
def test_a_traceback_is_certain_where_nothing_was_written(wrote_nothing: bool, certain: bool) -> None:  # noqa: FBT001 - a case
    """Beside outputs that are there it may have been got over."""
    expected = Failure("its log has a traceback: 'ValueError: 3'", certain)

    assert expected == hidden(host(stderr=TRACEBACK), host(), wrote_nothing=wrote_nothing)


@pytest.mark.parametrize(
    ("said", "certain"),
    [
        (f"ERROR:root:a.csv\n{TRACEBACK}" * 2, False),
        (f"ERROR:root:a.csv\n{TRACEBACK}", True),
        (TRACEBACK + TRACEBACK.replace("ValueError: 3", "ValueError: no number: 'x'"), False),
        (TRACEBACK + TRACEBACK.replace("line 3", "line 9"), True),
        (TRACEBACK + TRACEBACK.replace("ValueError", "KeyError"), True),
        (f"ERROR:root:attempt 1 failed\n{TRACEBACK}" * 2, True),
        (f"Exception in thread Thread-1 (work):\n{TRACEBACK}" * 2, True),
        (f"Process ForkPoolWorker-1:\n{TRACEBACK}" * 2, True),
    ],
    ids=[
        "each record",
        "one record",
        "another value",
        "another place",
        "another exception",
        "retried",
        "threads",
        "processes",
    ],
)
def test_a_program_that_goes_on_to_the_next_record_is_not_accused(said: str, certain: bool) -> None:  # noqa: FBT001 - a case
    """Whoever catches what is wrong with each of them has decided to; AWS has no rule on that, so it is advice."""
    found = hidden(host(stderr=said), host(), wrote_nothing=True)

    assert found is not None
    assert certain is found.certain


def test_a_traceback_that_is_usual_is_nothing() -> None:
    """But for its numbers."""
    other = TRACEBACK.replace("ValueError: 3", "ValueError: 17")

    assert hidden(host(stderr=TRACEBACK), host(stderr=other), wrote_nothing=True) is None


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("job failed: no rows", True),
        ("Failure while reading part-1.csv", True),
        ("3 checks, 0 failed", False),
        ("rows that failed: 0", False),
        ("no failures", False),
    ],
)
def test_words_for_a_failure_are_advice(
    said: str,
    shown: bool,  # noqa: FBT001 - a case
) -> None:
    """Unless they tell of none."""
    found = hidden(host(stderr=said), host(), wrote_nothing=True)

    assert (Failure(f"its log says: {said!r}", certain=False) if shown else None) == found


@pytest.mark.parametrize(
    "said",
    [
        f"WARNING:root:skipping part-1.csv\n{TRACEBACK}",
        f"{TRACEBACK}WARNING:root:skipped part-1.csv\n",
        TRACEBACK.replace("ValueError: 3", "UserWarning: 3 rows dropped"),
    ],
    ids=["above", "below", "itself"],
)
def test_a_traceback_that_is_only_told_of_is_nothing(said: str) -> None:
    """Its program says that it goes on without; on either stream."""
    assert hidden(host(stderr=said), host(), wrote_nothing=True) is None
    assert hidden(host(stdout=said), host(), wrote_nothing=True) is None


LONG = """Traceback (most recent call last):
  File "/drop.py", line 3, in <module>
    table.drop(columns=["a"])
  File "/x.py", line 9, in drop
    warnings.warn("3 rows dropped")
KeyError: 'a'
"""


def test_the_source_code_in_a_traceback_tells_of_nothing() -> None:
    """It names functions, and not what the program made of the error."""
    said = "WARNING:root:skipped 3 rows\n" + "row\n" * 3 + LONG + "row\n" * 2 + "skipped 3 rows\n"

    assert Failure("its log has a traceback: \"KeyError: 'a'\"", certain=True) == hidden(
        host(stderr=said), host(), wrote_nothing=True
    )


def test_of_a_chain_that_is_told_of_nothing_is_left() -> None:
    """A warning may be given with the exception, however long its traceback and whatever it was raised of."""
    chained = f"{LONG}\nDuring handling of the above exception, another exception occurred:\n\n{TRACEBACK}"

    for stream in ("stdout", "stderr"):
        said = host(**{stream: f"WARNING:root:no table\n{chained}"})  # type: ignore[arg-type] # only the streams
        assert hidden(said, host(), wrote_nothing=True) is None


def test_one_traceback_that_is_told_of_excuses_no_other() -> None:
    """The last one of the others is named."""
    said = f"WARNING:root:skipping part-1.csv\n{TRACEBACK}" + "row\n" * 9 + TRACEBACK.replace("ValueError", "KeyError")

    assert Failure("its log has a traceback: 'KeyError: 3'", certain=True) == hidden(
        host(stderr=said), host(), wrote_nothing=True
    )


@pytest.mark.parametrize(
    ("said", "before", "wrote_nothing", "shown"),
    [
        ("ERROR no rows", host(), True, True),
        ("ERROR no rows", host(), False, False),
        ("ERROR no rows", None, True, False),
        ("ERROR no rows at 10:03", host(stdout="ERROR no rows at 11:17"), True, False),
        ("WARNING error in row 3", host(), True, False),
        ("error in part-1.csv, skipping", host(), True, False),
        ("exception ignored in part-1.csv", host(), True, False),
        ("0 errors", host(), True, False),
        ("all is well", host(), True, False),
    ],
)
def test_a_word_in_a_log_is_advice_at_most(said: str, before: Host | None, wrote_nothing: bool, shown: bool) -> None:  # noqa: FBT001 - a case
    """Where another run shows what is usual, nothing was written, and nothing says that it goes on."""
    expected = Failure(f"its log says: {said!r}", certain=False) if shown else None

    assert expected == hidden(host(stdout=f"{said}\n"), before, wrote_nothing=wrote_nothing)


@given(st.text(), st.text())
def test_what_a_program_says_as_usual_is_never_a_failure(said: str, more: str) -> None:
    """Whatever it is."""
    ended = host(stdout=said, stderr=f"{TRACEBACK}{more}")

    assert hidden(ended, ended, wrote_nothing=True) is None


@given(st.text(alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])))
def test_no_line_without_a_traceback_is_certain(said: str) -> None:
    """Nobody but the author knows what a line means."""
    found = hidden(host(stdout=f"ERROR {said}\n"), host(), wrote_nothing=True)

    assert found is None or not found.certain
