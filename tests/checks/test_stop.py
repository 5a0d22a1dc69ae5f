"""A stop in the middle of the work: which process the signal reached, and whether the container ended in time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host, JobStatus, Outcome, Stop
from conformance.outcome.trace import Execution, Process, Signal, Trace
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import host, image, judged, outcome

REACHES = "stop.sigint-reaches-the-program"
SIGINT, SIGTERM = 2, 15


def process(pid: int, parent: int, *argv: str, blocked: frozenset[int] = frozenset()) -> Process:
    """A process that became a program as soon as it began, and lives on."""
    began = float(pid)
    execution = Execution(began, began, argv, executable=argv[0])
    return Process(pid, parent, began, (execution,), blocked=blocked)


def arrival(receiver: int, number: int = SIGINT) -> Signal:
    """A signal from outside of the container."""
    return Signal(100.0, 100.0, number, 0, receiver, "caught")


PROGRAM = process(1, 0, "/usr/bin/python3", "/processing.py")
SHELL = process(1, 0, "/bin/sh", "/run.sh")
CHILD = process(7, 1, "/usr/bin/python3", "/processing.py")
BLOCKING = replace(CHILD, blocked=frozenset({SIGINT}))
LAUNCHER = process(1, 0, "/usr/bin/python3", "/launcher.py")


def stopped(
    processes: tuple[Process, ...],
    signals: tuple[Signal, ...],
    *,
    killed: bool = False,
    number: int = SIGINT,
    exit_code: int = 130,
    untraced: str = "",
) -> Outcome:
    """The outcome of a run that was stopped."""
    variation = {SIGINT: Variation.STOPPED_BY_SIGINT, SIGTERM: Variation.STOPPED_BY_SIGTERM}[number]
    ended = host(
        end=End.STOPPED,
        exit_code=137 if killed else exit_code,
        trace=None if untraced else Trace(processes, signals, tracer=2),
        untraced=untraced,
        stop=Stop(variation.stop_signal, 2.0 if killed else 0.1, killed=killed),
    )
    return outcome(ended, variation=variation)


def verdict(check: str, run: Outcome) -> Verdict:
    """The verdict on a run that was stopped, after a good one that was not."""
    return judged(check, image(), outcome(), run)


def test_a_stopped_job_is_stopped() -> None:
    """It neither completed nor failed."""
    assert JobStatus.STOPPED == stopped((PROGRAM,), (arrival(1),)).status


@pytest.mark.parametrize("killed", [True, False])
def test_a_program_that_is_process_1_is_reached(killed: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Whether it does anything about the signal is another matter."""
    assert Word.CONFORMS is verdict(REACHES, stopped((PROGRAM,), (arrival(1),), killed=killed)).word


def test_a_program_below_an_init_is_reached() -> None:
    """An init hands the signal on."""
    init = process(1, 0, "/usr/bin/tini", "--", "python3", "/processing.py")

    assert Word.CONFORMS is verdict(REACHES, stopped((init, CHILD), (arrival(1), arrival(7)))).word


@pytest.mark.parametrize(
    ("killed", "words"),
    [(True, "still running 2 s later and was killed by SIGKILL"), (False, "exited with code 130 anyway")],
)
def test_a_program_below_a_shell_is_not_reached(killed: bool, words: str) -> None:  # noqa: FBT001 - a parameter of a test
    """An exit code of 130 proves nothing: the shell left, and the program was killed with the container."""
    found = verdict(REACHES, stopped((SHELL, CHILD), (arrival(1),), killed=killed))

    assert Word.ADVISED is found.word
    assert "Expected SIGINT to reach ['/usr/bin/python3', '/processing.py'] on algo-1" in found.violations[0]
    assert words in found.violations[0]


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (stopped((), (), untraced="ptrace is forbidden"), "could not be traced: ptrace is forbidden"),
        (stopped((PROGRAM,), ()), "SIGINT was not seen"),
        (stopped((SHELL, BLOCKING), (arrival(1),)), "blocks SIGINT"),
    ],
)
def test_what_cannot_be_seen_is_not_guessed(run: Outcome, reason: str) -> None:
    """Without evidence there is no verdict."""
    found = verdict(REACHES, run)

    assert (Word.NOT_JUDGED, True) == (found.word, found.applies)
    assert reason in found.reason


@pytest.mark.parametrize(("undisturbed", "exit_code"), [(0, 0), (3, 3), (3, 0)])
def test_what_ended_as_the_signal_was_sent_shows_nothing(undisturbed: int, exit_code: int) -> None:
    """It ended as it does without a signal, which came too late to arrive."""
    found = judged(REACHES, image(), outcome(host(exit_code=undisturbed)), stopped((PROGRAM,), (), exit_code=exit_code))

    assert (Word.NOT_JUDGED, False) == (found.word, found.applies)
    assert "ended by itself just as SIGINT was sent" in found.reason


def test_a_signal_that_was_seen_to_arrive_was_not_fetched() -> None:
    """A handler in C that ends its process does so with its own signal blocked."""
    ending = replace(PROGRAM, blocked=frozenset({SIGINT}))

    assert Word.CONFORMS is verdict(REACHES, stopped((ending,), (arrival(1),), exit_code=2)).word


@pytest.mark.parametrize(
    ("signals", "words"),
    [
        (
            (arrival(1),),
            "['/usr/bin/python3', '/launcher.py'] got SIGINT, but ['/usr/bin/python3', '/processing.py'], ",
        ),
        (
            (arrival(7),),
            "['/usr/bin/python3', '/processing.py'] got SIGINT, but ['/usr/bin/python3', '/launcher.py'], ",
        ),
    ],
)
def test_a_launcher_and_what_it_runs_may_both_be_the_work(signals: tuple[Signal, ...], words: str) -> None:
    """Where only one of them got the signal, the trace allows of both answers."""
    found = verdict(REACHES, stopped((LAUNCHER, CHILD), signals))

    assert (Word.NOT_JUDGED, True) == (found.word, found.applies)
    assert f"it is not clear which process does the work: {words}" in found.reason


@pytest.mark.parametrize(
    ("child", "signals"),
    [
        (CHILD, (arrival(1), arrival(7))),
        (CHILD, (arrival(1), arrival(7, SIGTERM))),
        (replace(CHILD, ended=101.0, exit_code=0), (arrival(1),)),
        (process(7, 1, "/bin/sleep", "60"), (arrival(1),)),
    ],
    ids=["handed on", "told by another signal", "ended by itself", "a common tool"],
)
def test_a_launcher_that_tells_what_it_runs_is_reached(child: Process, signals: tuple[Signal, ...]) -> None:
    """Whichever of the two does the work, it knows of the stop."""
    assert Word.CONFORMS is verdict(REACHES, stopped((LAUNCHER, child), signals)).word


WHOLE = (replace(LAUNCHER, ended=100.0, exit_code=0), replace(CHILD, ended=99.0, exit_code=0))
"""What a launcher and its program did in an undisturbed run: the one waited for the other."""


def launched(
    *signals: Signal,
    child: Process = CHILD,
    whole: tuple[Process, ...] = WHOLE,
    before: int = 0,
    untraced: str = "",
) -> Verdict:
    """The verdict on a launcher that was stopped, after a run in which this is what it and its program did."""
    seen = Trace(whole, (replace(arrival(7, before), at=50.0),) if before else (), tracer=2)
    good = outcome(host(trace=seen, untraced=untraced))
    return judged(REACHES, image(), good, stopped((LAUNCHER, child), signals))


def test_a_launcher_that_only_waits_does_no_work() -> None:
    """What it runs has to get the signal, or be told in another way, as its process group or a handler may do."""
    found = launched(arrival(1))

    assert Word.ADVISED is found.word
    assert "Expected SIGINT to reach ['/usr/bin/python3', '/processing.py'] on algo-1" in found.violations[0]
    assert Word.CONFORMS is launched(arrival(7)).word
    assert Word.CONFORMS is launched(arrival(1), arrival(7, SIGTERM)).word
    assert Word.NOT_JUDGED is launched(arrival(1), child=BLOCKING).word


def test_half_of_its_life_is_long_enough_for_a_launcher_to_wait() -> None:
    """From its own beginning to its own end."""
    assert Word.ADVISED is launched(arrival(1), whole=(WHOLE[0], replace(WHOLE[1], ended=57.0))).word


def test_a_launcher_is_not_known_to_wait_by_a_part_of_its_record() -> None:
    """It may have done more than is recorded."""
    assert Word.NOT_JUDGED is launched(arrival(1), untraced="cut off").word


def test_what_a_launcher_runs_is_not_told_by_a_signal_that_asks_nobody_to_end() -> None:
    """Such as SIGUSR1."""
    assert Word.ADVISED is launched(arrival(1), arrival(7, 10)).word


@pytest.mark.parametrize(
    "child",
    [
        replace(WHOLE[1], ended=45.0),
        replace(WHOLE[1], exit_code=3),
        replace(WHOLE[1], executions=process(7, 1, "/usr/bin/python3", "/other.py").executions),
        replace(WHOLE[1], ended=None, exit_code=None),
    ],
    ids=["not for long", "in vain", "another one", "for what lives on"],
)
def test_a_launcher_that_may_do_something_else_may_be_the_work(child: Process) -> None:
    """As one does that has a helper."""
    assert Word.NOT_JUDGED is launched(arrival(1), whole=(WHOLE[0], child)).word
    assert Word.NOT_JUDGED is launched(arrival(1), whole=(*WHOLE, process(9, 1, "/usr/bin/redis-server"))).word
    assert Word.NOT_JUDGED is launched(arrival(1), whole=(LAUNCHER, WHOLE[1])).word
    assert Word.NOT_JUDGED is launched(arrival(1), before=SIGTERM).word


@pytest.mark.parametrize("heard", [replace(arrival(7, SIGTERM), at=50.0), arrival(7, 10)], ids=["before", "SIGUSR1"])
def test_another_signal_tells_what_a_launcher_runs_nothing_of_the_stop(heard: Signal) -> None:
    """One that came before, or that asks nobody to end."""
    assert Word.NOT_JUDGED is verdict(REACHES, stopped((LAUNCHER, CHILD), (heard, arrival(1)))).word


def test_each_program_that_a_launcher_runs_has_to_be_told() -> None:
    """One that was is no evidence of the next."""
    second = process(8, 1, "/usr/bin/python3", "/other.py")
    found = verdict(REACHES, stopped((LAUNCHER, CHILD, second), (arrival(1), arrival(7))))

    assert Word.NOT_JUDGED is found.word
    assert "/other.py" in found.reason


@pytest.mark.parametrize("receiver", [7, 8])
def test_another_signal_than_that_of_the_stop_reaches_nobody(receiver: int) -> None:
    """Neither the program nor what it runs."""
    launcher, child = replace(LAUNCHER, pid=7, parent=1), replace(CHILD, pid=8, parent=7)
    found = verdict(REACHES, stopped((SHELL, launcher, child), (arrival(receiver, 10), arrival(1))))

    assert Word.ADVISED is found.word


def test_the_program_is_that_which_worked_when_the_signal_came() -> None:
    """What a wrapper or a launcher starts afterwards, to clean up, is not."""
    later = Process(9, 1, 101.0, (Execution(101.0, 101.0, ("/usr/bin/python3", "/clean.py"), "/usr/bin/python3"),))
    work = replace(CHILD, ended=100.5, exit_code=0)

    assert Word.CONFORMS is verdict(REACHES, stopped((SHELL, work, later), (arrival(1), arrival(7)))).word
    assert Word.CONFORMS is verdict(REACHES, stopped((LAUNCHER, later), (arrival(1),))).word


def test_what_ended_before_the_signal_came_was_not_to_be_reached() -> None:
    """It may have prepared the work, as long as that lasted."""
    first = replace(process(5, 1, "/usr/bin/python3", "/prepare.py"), ended=50.0, exit_code=0)

    assert Word.CONFORMS is verdict(REACHES, stopped((SHELL, first, CHILD), (arrival(1), arrival(7)))).word


def test_a_shell_that_only_waits_is_not_taken_for_the_program() -> None:
    """Though it got the signal."""
    found = verdict(REACHES, stopped((SHELL, process(8, 1, "/bin/sleep", "60")), (arrival(1), arrival(8))))

    assert (Word.NOT_JUDGED, True) == (found.word, found.applies)


def test_a_shell_that_works_with_common_tools_is_the_program() -> None:
    """There is no other; a tool that it waits for ends by itself."""
    fetching = process(8, 1, "/usr/bin/curl", "https://example.com")
    script = stopped((SHELL, fetching), (arrival(1),))
    below = stopped(
        (process(1, 0, "tini"), replace(SHELL, pid=5, parent=1), replace(fetching, parent=5)), (arrival(1),)
    )

    assert [Word.CONFORMS, Word.NOT_JUDGED] == [verdict(REACHES, run).word for run in (script, below)]


def test_a_record_that_is_not_whole_is_no_evidence() -> None:
    """The rest of it may have shown another process."""
    run = stopped((PROGRAM,), (arrival(1),))
    (ended,) = run.hosts

    assert Word.NOT_JUDGED is verdict(REACHES, replace(run, hosts=(replace(ended, untraced="cut off"),))).word


def test_what_a_launcher_runs_is_not_told_by_being_killed() -> None:
    """So `subprocess.run` ends what it runs when it is interrupted."""
    killed = replace(CHILD, ended=101.0, killed_by=9)

    assert Word.NOT_JUDGED is verdict(REACHES, stopped((LAUNCHER, killed), (arrival(1),))).word


@pytest.mark.parametrize("processes", [(LAUNCHER, CHILD), (SHELL, BLOCKING)], ids=["a launcher", "a blocked signal"])
def test_an_end_that_had_to_be_forced_is_no_doubt(processes: tuple[Process, ...]) -> None:
    """Whichever process does the work, and whether it got the signal or not: the container was still running."""
    found = verdict("stop.ends-on-sigint", stopped(processes, (arrival(1),), killed=True))

    assert Word.ADVISED is found.word


@pytest.mark.parametrize(("check", "number"), [("stop.ends-on-sigint", SIGINT), ("stop.ends-on-sigterm", SIGTERM)])
def test_a_program_must_end_in_time(check: str, number: int) -> None:
    """What had to be killed did not."""
    signals = (arrival(1, number),)
    ended = verdict(check, stopped((PROGRAM,), signals, number=number))
    killed = verdict(check, stopped((PROGRAM,), signals, number=number, killed=True))
    unseen = verdict(check, stopped((), (), number=number, killed=True, untraced="no ptrace"))

    assert (Word.CONFORMS, Word.ADVISED, Word.ADVISED) == (ended.word, killed.word, unseen.word)
    name = {SIGINT: "SIGINT", SIGTERM: "SIGTERM"}[number]
    assert f"Expected algo-1 to exit within 2 s after {name}, but it was still running" in killed.violations[0]


def test_a_program_that_heard_nothing_is_not_blamed_twice() -> None:
    """That it was not reached is told already."""
    found = verdict("stop.ends-on-sigint", stopped((SHELL, CHILD), (arrival(1),), killed=True))

    assert (Word.NOT_JUDGED, REACHES) == (found.word, found.see)


def test_a_shell_form_is_not_blamed_twice() -> None:
    """Its form is a violation, of which all this is a consequence."""
    form = image(entrypoint=("/bin/sh", "-c", "python3 /processing.py"))
    run = stopped((SHELL, CHILD), (arrival(1),), killed=True)

    found = judged(REACHES, form, outcome(), run)

    assert (Word.NOT_JUDGED, "image.entrypoint-exec-form") == (found.word, found.see)


@pytest.mark.parametrize("check", [REACHES, "stop.ends-on-sigint", "stop.ends-on-sigterm"])
def test_a_run_that_ended_before_its_stop_shows_nothing(check: str) -> None:
    """It does not apply, so that no profile can require it."""
    early: Host = host()
    found = verdict(check, outcome(early, variation=Variation.STOPPED_BY_SIGINT))

    assert (Word.NOT_JUDGED, False) == (found.word, found.applies)


@pytest.mark.parametrize(
    ("action", "receiver", "word"),
    [
        ("default", 1, Word.NOT_JUDGED),
        ("ignored", 7, Word.NOT_JUDGED),
        ("caught", 1, Word.CONFORMS),
        ("default", 7, Word.CONFORMS),
    ],
)
def test_a_signal_that_does_nothing_shows_nothing(action: str, receiver: int, word: Word) -> None:
    """A job that goes on to its end, which is near, did not end because of it."""
    number = SIGTERM
    found = stopped((PROGRAM, CHILD), (replace(arrival(receiver, number), action=action),), number=number, exit_code=0)
    good = outcome(host(seconds=found.hosts[0].seconds + 1))

    assert word is judged("stop.ends-on-sigterm", image(), good, found).word


def test_a_doubt_at_the_beginning_of_the_work_is_one_of_a_short_job() -> None:
    """A program that starts others may not have at that moment; a longer job shows more."""
    found = stopped((LAUNCHER,), ())
    trace = replace(found.hosts[0].trace or Trace(), halted_seconds=1.0)
    halted = verdict(REACHES, outcome(replace(found.hosts[0], trace=trace), variation=found.variation))

    assert (Word.NOT_JUDGED, True) == (verdict(REACHES, found).word, verdict(REACHES, found).applies)
    assert (Word.NOT_JUDGED, False) == (halted.word, halted.applies)
    assert "use a longer job" in halted.reason


def test_the_time_of_a_halt_is_not_the_programs() -> None:
    """What ended at once, as the signal asked it to, may have been halted for longer than its work takes."""
    found = stopped((PROGRAM,), (arrival(1),), exit_code=0)
    trace = replace(found.hosts[0].trace or Trace(), halted_seconds=1.0)
    halted = outcome(replace(found.hosts[0], trace=trace, seconds=1.2), variation=found.variation)
    good = outcome(host(seconds=1.0))

    assert Word.CONFORMS is judged("stop.ends-on-sigint", image(), good, good, halted).word


def test_a_job_that_was_done_within_the_grace_shows_nothing() -> None:
    """Whether the program would have heeded the signal cannot be told; one that left early did."""
    good = outcome(host(seconds=4.0))
    done = replace(stopped((PROGRAM,), (arrival(1),), exit_code=0), hosts=())
    (ended,) = stopped((PROGRAM,), (arrival(1),), exit_code=0).hosts

    late = judged("stop.ends-on-sigint", image(), good, replace(done, hosts=(replace(ended, seconds=4.1),)))
    just = judged("stop.ends-on-sigint", image(), good, replace(done, hosts=(replace(ended, seconds=3.6),)))
    early = judged("stop.ends-on-sigint", image(), good, replace(done, hosts=(replace(ended, seconds=2.1),)))

    assert (Word.NOT_JUDGED, False) == (late.word, late.applies)
    assert (Word.NOT_JUDGED, False) == (just.word, just.applies)
    assert Word.CONFORMS is early.word


@pytest.mark.parametrize("traced", [False, True], ids=["no record", "a record that was cut off"])
def test_without_a_whole_record_the_time_tells_whether_a_job_was_done(traced: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """A signal that is missing in what there is of a record may have arrived."""
    good = outcome(host(seconds=4.0))
    (ended,) = stopped((PROGRAM,), (), exit_code=0).hosts
    unseen = replace(ended, trace=ended.trace if traced else None, untraced="cut off")
    late, early = (
        judged("stop.ends-on-sigint", image(), good, outcome(replace(unseen, seconds=seconds)))
        for seconds in (3.9, 2.1)
    )

    assert (Word.NOT_JUDGED, False) == (late.word, late.applies)
    assert Word.CONFORMS is early.word


@pytest.mark.parametrize("exit_code", [0, 3])
def test_a_job_that_fails_anyway_may_be_done_within_the_grace_too(exit_code: int) -> None:
    """With the code of its failure, or with 0."""
    good = outcome(host(seconds=4.0, exit_code=3))
    (ended,) = stopped((PROGRAM,), (arrival(1),), exit_code=exit_code).hosts
    found = judged("stop.ends-on-sigint", image(), good, outcome(replace(ended, seconds=4.1)))

    assert (Word.NOT_JUDGED, False) == (found.word, found.applies)
