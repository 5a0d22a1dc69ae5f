"""What is said of a container that was still running at the suite's own limit."""

import pytest

from conformance.outcome.outcome import End, Host, Stop
from conformance.outcome.trace import Execution, Process, Signal, Trace
from conformance.rule import running
from conformance.rule.machine import BUSY_SECONDS
from tests.support.outcomes import OUTPUT, becoming, file, host, outcome, process

REST = "; raise the limit with --image-timeout, or set MaxRuntimeInSeconds if the job never ends"


@pytest.mark.parametrize(
    ("files", "processor_seconds", "idle", "written"),
    [
        ((), None, "", ""),
        ((), BUSY_SECONDS, "", ""),
        ((), BUSY_SECONDS / 2, " but idle", ""),
        ((f"{OUTPUT}/part-1",), BUSY_SECONDS, "", ", although it had written output result"),
        ((f"{OUTPUT}/part-1",), 0.0, " but idle", ", although it had written output result"),
    ],
)
def test_a_host_at_the_suites_limit_is_told_with_what_it_had_done(
    files: tuple[str, ...], processor_seconds: float | None, idle: str, written: str
) -> None:
    """Its outputs, and whether it was at work; nothing is said of processor time that is not known."""
    ended = host(
        *map(file, files), exit_code=137, end=End.SUITE_LIMIT, seconds=300.0, processor_seconds=processor_seconds
    )
    expected = f"algo-1 was still running{idle} after 300 s, the suite's own time limit{written}{REST}"

    assert expected == running.still_running(outcome(ended), ended)


def ended_by(*signals: Signal) -> Host:
    """A host whose first process had ended well before, and whose second one had not."""
    processes = (process(8, 1, "python3", "/x.py", ended=20.0), process(9, 1, "tail", "-f", "/dev/null", ended=None))
    return host(exit_code=137, end=End.SUITE_LIMIT, seconds=300.0, trace=Trace((SHELL, *processes), signals, tracer=2))


SHELL = process(1, 0, "/bin/sh", "/run.sh", ended=None)


def test_without_a_record_of_the_stop_nothing_is_said_of_processes() -> None:
    """It is not known when it came."""
    assert "" == running.what_ran(ended_by())


INIT = process(1, 0, "tini", "--", "/run.sh", ended=None)
FORK = Process(9, 1, 9.0)


@pytest.mark.parametrize(
    ("processes", "said"),
    [
        (
            (SHELL, process(8, 1, "python3", "/x.py", ended=20.0), FORK),
            ": ['python3', '/x.py'] had exited with 0, but a fork of ['/bin/sh', '/run.sh'] had not",
        ),
        ((INIT, FORK), ": a fork of ['tini', '--', '/run.sh']"),
    ],
    ids=["after the work", "before it"],
)
def test_a_fork_that_was_still_running_is_named_after_its_program(processes: tuple[Process, ...], said: str) -> None:
    """As a loop in the background is, which nobody ends, or what an init is about to become."""
    stop = Stop("SIGTERM", 2.0, killed=True)
    ended = host(exit_code=137, end=End.SUITE_LIMIT, trace=Trace(processes, tracer=2), stop=stop)

    assert said == running.what_ran(ended)


def test_commands_are_listed_and_counted() -> None:
    """A process whose command is not known is named by its number."""
    unknown = Process(7, 1, 1.0, (Execution(1.0, 1.0, ()),))
    others = [process(pid, 1, "a", "b") for pid in range(10, 13)]

    assert "['a', 'b']; process 7" == running.commands(Trace((*others, unknown)), [others[0], unknown])
    assert "process 7; ['a', 'b']; ['a', 'b'] and 1 more" == running.commands(Trace(), [unknown, *others])


def test_a_fork_is_named_after_what_it_is_a_fork_of() -> None:
    """What that becomes later is another program, and a fork of a fork is no less one."""
    shell = becoming(process(1, 0, "/bin/sh", "/run.sh"), "python3", "/x.py")
    forks = (Process(7, 1, 1.2), Process(8, 7, 1.3), Process(9, 1, 2.0))
    named = running.commands(Trace((shell, *forks)), forks)

    assert "a fork of ['/bin/sh', '/run.sh']; a fork of ['/bin/sh', '/run.sh']; a fork of ['python3', '/x.py']" == named
