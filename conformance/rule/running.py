"""What was still running in a container at a time limit, and what had finished by then."""

from __future__ import annotations

import math
from collections.abc import Sequence

from conformance.outcome import workload
from conformance.outcome.outcome import Host, Outcome
from conformance.outcome.trace import Process, Trace
from conformance.rule.evidence import named, some_of
from conformance.rule.machine import BUSY_SECONDS

WATCHERS = (
    "multiprocessing.forkserver",
    "multiprocessing.resource_tracker",
    "multiprocessing.semaphore_tracker",
    "loky.backend.resource_tracker",
)
"""What Python's multiprocessing and joblib start beside their workers, to start them or to clean up after them."""


def still_running(outcome: Outcome, host: Host) -> str:
    """The reason for a host stopped at the suite's own time limit: whether it was still working, and on what."""
    waits = host.processor_seconds is not None and host.processor_seconds < BUSY_SECONDS
    wrote = [output.name for output in outcome.request.outputs if outcome.written(host, output)]
    written = f", although it had written {named(wrote)}" if wrote else ""
    return (
        f"{host.name} was still running{' but idle' if waits else ''} after {host.seconds:.0f} s, the suite's own time "
        f"limit{written}"
        f"{what_ran(host)}; raise the limit with --image-timeout, or set MaxRuntimeInSeconds if the job never "
        "ends"
    )


def what_ran(host: Host) -> str:
    """What was still running when the container was stopped, and what had finished by then."""
    if host.trace is None or host.untraced or host.stop is None:
        return ""
    # Without a signal it was killed by SIGKILL, and what was still running has no end in the record.
    stops = (arrival.at for arrival in host.trace.signals if arrival.sender == 0 and arrival.name == host.stop.signal)
    moment = next(stops, math.inf)
    ran = workload.running(host.trace, moment)
    done = workload.finished(host.trace, moment)
    if not ran:
        return ""
    return (
        f": {list(done.argv)} had exited with {done.status}, but {commands(host.trace, ran)} had not"
        if done
        else f": {commands(host.trace, ran)}"
    )


def commands(trace: Trace, processes: Sequence[Process]) -> str:
    """The command lines of some processes; of many, only the first."""
    return some_of([_command(trace, process) for process in processes], "; ")


def _command(trace: Trace, process: Process) -> str:
    """The command line of a process, or of what it is a fork of, as that was then; its number if nothing is known."""
    if process.argv:
        return str(list(process.argv))
    known = {each.pid: each for each in reversed(trace.processes)}
    above = known.get(process.parent)
    for _ in known:
        if above is None:
            break
        before = [run.argv for run in above.executions if run.argv and run.at <= process.began]
        if before:
            return f"a fork of {list(before[-1])}"
        above = known.get(above.parent)
    return f"process {process.pid}"


def ends_with(process: Process) -> bool:
    """Whether a process is one of Python's own that watches for its parent's end, and has nothing to write then."""
    return any(name in argument for argument in process.argv for name in WATCHERS)
