"""Outcomes in which a check looks at evidence that it hardly ever needs, for the tests of what each check sees."""

from __future__ import annotations

from dataclasses import replace

from conformance.job.conditions import Conditions, Lifted
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host, Outcome, Stop
from conformance.outcome.trace import Signal, Trace
from tests.support.judgements import Judgement
from tests.support.outcomes import INPUT, OUTPUT, file, host, image, not_started, outcome, process, query, request

GOOD = outcome()
PART = file(f"{OUTPUT}/part-1")
TWO = outcome(host(PART), host())
ENDLESS = host(PART, end=End.SUITE_LIMIT, exit_code=137, seconds=33.0)
FAILED = host(exit_code=1, stderr="ValueError: x\n")
REFUSED = outcome(not_started("no such file"))


def without(choice: Lifted) -> Outcome:
    """The outcome of a job that needs one of the suite's choices lifted."""
    return replace(GOOD, conditions=Conditions(lifted=frozenset({choice})))


def judgement(check_id: str, *outcomes: Outcome) -> Judgement:
    """What a check of a plain image is given."""
    return Judgement(check_id, image(), outcomes=outcomes)


def stopped(seconds: float, *, exit_code: int = 0, killed: bool = False) -> Outcome:
    """A run in which SIGTERM got to the shell in process 1, and not to the program below it."""
    shell = process(1, 0, "/bin/sh", "/run.sh", ended=None)
    program = process(3, 1, "/usr/bin/python3", "/processing.py", ended=None)
    signal = Signal(50.0, 50.0, 15, 0, 1, "caught")
    trace = Trace((shell, program), (signal,), tracer=2)
    stop = Stop("SIGTERM", 2.0, killed=killed)
    ended = host(end=End.STOPPED, exit_code=exit_code, seconds=seconds, stop=stop, trace=trace)
    return outcome(ended, variation=Variation.STOPPED_BY_SIGTERM)


def empty_tmp(ended: Host) -> Judgement:
    """What is judged of a run with an empty /tmp that ended so."""
    return judgement("reserved.works-with-empty-tmp", GOOD, outcome(ended, variation=Variation.EMPTY_TMP))


RARE = (
    # How far an endless job came, and whether it fails now and then.
    judgement("exit.zero-on-success", *[outcome(ENDLESS)] * 3),
    judgement("exit.zero-on-success", GOOD, GOOD, replace(outcome(FAILED), unsteady=True)),
    # A message that tells of a failure which is hidden otherwise.
    judgement(
        "exit.nonzero-on-failure",
        outcome(
            host(stderr='Traceback (most recent call last):\n  File "/x.py", line 1\nValueError: x\n', message="x")
        ),
        outcome(FAILED, variation=Variation.EMPTY_INPUTS),
    ),
    # An input that brings the program is no data that could be empty.
    judgement(
        "exit.empty-input-noticed",
        outcome(host(file(f"{INPUT}/x.py"), PART, trace=Trace((process(1, 0, "python3", f"{INPUT}/x.py"),), tracer=2))),
        outcome(host(), variation=Variation.EMPTY_INPUTS),
    ),
    judgement("exit.no-process-left", outcome(host(end=End.MAX_RUNTIME, trace=Trace((), tracer=2)))),
    judgement("stop.ends-on-sigterm", outcome(host(PART, seconds=10.0)), stopped(1.0)),
    judgement("stop.ends-on-sigterm", outcome(host(PART, seconds=10.0)), stopped(10.0)),
    judgement("stop.ends-on-sigterm", outcome(host(PART, seconds=10.0)), stopped(7.0, exit_code=137, killed=True)),
    *map(empty_tmp, [host(PART), host(), FAILED, ENDLESS]),
    judgement("outputs.writable-by-user", REFUSED),
    judgement("outputs.writable-by-user", without(Lifted.OWNERS)),
    judgement("outputs.regular-files-only", REFUSED),
    judgement("outputs.names-fit-s3", REFUSED),
    judgement("outputs.work-as-mount-points", GOOD, outcome(ENDLESS, variation=Variation.SEPARATE_MOUNTS)),
    judgement("outputs.work-as-mount-points", without(Lifted.MOUNTS), GOOD),
    judgement("hosts.single", TWO, outcome(host(), variation=Variation.ONE_HOST)),
    # The last words of a host that failed.
    judgement("hosts.ignores-etc-hostname", TWO, outcome(FAILED, FAILED)),
    judgement("hosts.peer-fails", TWO, TWO, outcome(host(PART), host(stderr="I go on\n"))),
    judgement(
        "hosts.isolated",
        outcome(
            FAILED,
            FAILED,
            of=request(NetworkConfig={"EnableNetworkIsolation": True}),
            queries=[query(1, "pypi.org")],
        ),
    ),
    judgement("message.budget-of-all-hosts", outcome(not_started("no such file"), not_started("no such file"))),
)
