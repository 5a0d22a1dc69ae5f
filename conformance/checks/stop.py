"""How the program handles a stop: Processing sends SIGINT, and SIGKILL after a grace period.

Three facts are kept apart, each with its own evidence: the form of ENTRYPOINT (`image.entrypoint-exec-form`),
whether the signal reaches the program that does the work, and whether the container exits within the grace period. An
exit code alone proves none of them: a shell that waits for its child exits with 130 even if the child got no signal.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

from conformance.image.image import Image
from conformance.job.variation import STOPPED_BY_SIGINT, STOPPED_BY_SIGTERM, STOPS_BY_SIGINT
from conformance.outcome import workload
from conformance.outcome.outcome import Host, Outcome, Stop
from conformance.outcome.trace import Process, Trace
from conformance.rule import stops
from conformance.rule.contract import API, BYOC
from conformance.rule.declaration import DOCUMENTED, INFERRED, OBSERVED, SHOULD, DoesNotApply, NotJudged, check
from conformance.rule.sight import Sight

REACHES = "stop.sigint-reaches-the-program"

ASKS_TO_END = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM})
"""The signals with which a program asks its children to end, whichever signal it got itself."""


@check(
    REACHES,
    SHOULD,
    "SIGINT reaches the program that does the work",
    job=STOPPED_BY_SIGINT,
    sees={Sight.ENDS, Sight.PROCESSES, Sight.STOPS},
    clause="The container must receive SIGINT and SIGKILL, which Processing sends on StopProcessingJob.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Make the program process 1: end a wrapper script with `exec python3 ...`, or use an init that forwards "
    "signals, such as `tini --`; a `trap` in a shell must forward to its child, and a launcher in Python can end with "
    "`os.execvp` in place of `subprocess.run`.",
    explained_by=("image.entrypoint-exec-form",),
)
def sigint_reaches_the_program(image: Image, good: Outcome, stopped: Outcome) -> Iterator[str]:
    """Checked by the process that the signal was delivered to, not by how anything ended."""
    for undisturbed, host in zip(good.hosts, stopped.hosts, strict=True):
        stop = _stop_of(host)
        try:
            program, reached = delivery(host, signal.SIGINT, undisturbed)
        except NotJudged as doubt:
            if not stopped.was_halted:
                raise
            # At the first moment of its work, one that starts others mostly has not yet.
            raise DoesNotApply(f"{doubt}; use a longer job to test stopping") from doubt
        needs_stand_in(good, stopped, program)
        if not reached:
            yield (
                f"Expected SIGINT to reach {list(program.argv)} on {host.name}, but only its parent processes did; "
                f"{_end(host, stop)}."
            )


@check(
    "stop.ends-on-sigint",
    SHOULD,
    "The container exits within the grace period after SIGINT",
    job=STOPS_BY_SIGINT,
    sees={Sight.ENDS, Sight.PROCESSES, Sight.STOPS, Sight.TIMES},
    clause="SIGKILL follows SIGINT: unfinished work is lost.",
    spec=API / "StopProcessingJob",
    basis=OBSERVED,
    remedy="Handle SIGINT: leave the main loop, save what is worth keeping, exit. As process 1, a program without a "
    "handler ignores the signal; threads must be told to stop, too.",
    explained_by=("image.entrypoint-exec-form",),
)
def ends_on_sigint(image: Image, good: Outcome, early: Outcome, stopped: Outcome) -> Iterator[str]:
    """A program that ends because its work is done shows nothing; the effect of an early signal is informational."""
    yield from _endings(good, stopped, signal.SIGINT)


@check(
    "stop.ends-on-sigterm",
    SHOULD,
    "The container exits within the grace period after SIGTERM",
    job=STOPPED_BY_SIGTERM,
    sees={Sight.ENDS, Sight.PROCESSES, Sight.STOPS, Sight.TIMES},
    clause="Every other kind of SageMaker job is stopped by SIGTERM; for Processing AWS documents SIGINT, and which of "
    "the two is really sent is not known.",
    spec=API / "StopProcessingJob",
    basis=INFERRED,
    remedy="Handle SIGTERM as well as SIGINT. By default Python only handles SIGINT, and as process 1 it ignores "
    "SIGTERM.",
    explained_by=("image.entrypoint-exec-form",),
)
def ends_on_sigterm(image: Image, good: Outcome, stopped: Outcome) -> Iterator[str]:
    """Never a MUST: a program that ignores SIGTERM still conforms."""
    yield from _endings(good, stopped, signal.SIGTERM)


def _endings(good: Outcome, stopped: Outcome, number: signal.Signals) -> Iterator[str]:
    for undisturbed, host in zip(good.hosts, stopped.hosts, strict=True):
        stop = _stop_of(host)
        if stopped.stand_in is None and stops.finished(undisturbed, host, number):
            raise DoesNotApply(
                f"{host.name} finished its work within the grace period; use a longer job to test stopping"
            )
        if not stop.killed:
            continue
        unreached = _unreached(host, number, undisturbed)
        if unreached is not None:
            needs_stand_in(good, stopped, unreached)
            raise NotJudged(f"{number.name} did not reach {list(unreached.argv)}", see=REACHES)
        yield (
            f"Expected {host.name} to exit within {stop.seconds:.0f} s after {number.name}, but it was still running "
            "and was killed by SIGKILL."
        )


def _stop_of(host: Host) -> Stop:
    if host.stop is None:
        raise DoesNotApply(f"{host.name} ended before it could be stopped; use a longer job to test stopping")
    return host.stop


def delivery(host: Host, number: signal.Signals, undisturbed: Host) -> tuple[Process, bool]:
    """The process that did the work when the signal came, and whether it got the signal.

    The undisturbed run shows whether a process only waits for another one, which is the work then.

    Raises:
        NotJudged: there is no evidence, or it is ambiguous.
    """
    trace = host.trace
    if trace is None or host.untraced:
        raise NotJudged(f"its processes could not be traced: {host.untraced}")
    arrivals = [arrival for arrival in trace.signals if arrival.number == number]
    ended_as_ever = host.stop is not None and not host.stop.killed and host.exit_code in {0, undisturbed.exit_code}
    if not arrivals and ended_as_ever:
        raise DoesNotApply(f"{host.name} ended by itself just as {number.name} was sent")
    if not arrivals:
        raise NotJudged(f"{number.name} was not seen in the container")
    moment = arrivals[0].at
    found = workload.find(trace, at=moment)
    # A script that does the work with common tools is what was started, if it is process 1.
    if found.process is None or not (found.certain or (found.is_script and found.process.pid == trace.command_pid)):
        raise NotJudged(f"it is not clear which process does the work: {found.doubt}")
    reached = bool(trace.signals_to(found.process, number))
    # A handler that ends its process runs with its own signal blocked, and that one was seen to arrive.
    if not reached and number in found.process.blocked:
        raise NotJudged(f"{list(found.process.argv)} blocks {number.name}, and may read it without a handler")
    whole = None if undisturbed.untraced else undisturbed.trace
    launched = None if whole is None else workload.waited_for(whole)
    for program in workload.run_by(trace, found.process, at=moment):
        is_told = bool(trace.signals_to(program, number)) or (reached and _was_told(trace, program, since=moment))
        if launched is not None and program.argv == launched.argv and (is_told or number not in program.blocked):
            return program, is_told
        if reached and not _was_told(trace, program, since=moment):
            heard, deaf = found.process, program
        elif not reached and trace.signals_to(program, number):
            heard, deaf = program, found.process
        else:
            continue
        raise NotJudged(
            f"it is not clear which process does the work: {list(heard.argv)} got {number.name}, but "
            f"{list(deaf.argv)}, which {'it runs' if heard is found.process else 'runs it'}, did not"
        )
    return found.process, reached


def needs_stand_in(good: Outcome, stopped: Outcome, program: Process) -> None:
    """Leave a stop open at which something else than the stand-in was at work, or another use of the same program.

    A script may ask the program for its version first; that is over at once where no stand-in takes its place.
    """
    part = stopped.stand_in
    if part is None:
        return
    runs = (run for host in good.hosts if host.trace for process in host.trace.processes for run in process.executions)
    begun = [run for run in runs if run.executable == part.path and run.argv[: len(part.command)] == part.command]
    last = max(begun, key=lambda run: run.at).argv if begun else program.argv
    if program.executable != part.path or program.argv != last:
        raise NotJudged(f"{list(program.argv)} was at work when the stop came, and not yet {list(last)}")


def _unreached(host: Host, number: signal.Signals, undisturbed: Host) -> Process | None:
    """The process that does the work, if it is certain that the signal did not reach it."""
    try:
        program, reached = delivery(host, number, undisturbed)
    except NotJudged:
        return None
    return None if reached else program


def _was_told(trace: Trace, program: Process, *, since: float) -> bool:
    """Whether a process that ran at that moment was asked to end, or ended by itself, by a closed pipe for example."""
    asked = any(found.at >= since and found.number in ASKS_TO_END for found in trace.signals_to(program))
    return asked or program.exit_code is not None


def _end(host: Host, stop: Stop) -> str:
    if stop.killed:
        return f"the container was still running {stop.seconds:.0f} s later and was killed by SIGKILL"
    return f"the container exited with code {host.exit_code} anyway, which kills the program without warning"
