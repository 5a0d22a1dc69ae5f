"""When a job is stopped, by what its undisturbed run showed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.job.standin import StandIn, tried_request
from conformance.outcome.activity import Use
from conformance.outcome.trace import Trace
from conformance.rule import stops
from conformance.rule.declaration import DoesNotApply, NotJudged
from conformance.rule.rerun import Rerun
from tests.support.outcomes import host, outcome, process, request

SHELL = process(1, 0, "/bin/sh", "/run.sh")
WORK = process(8, 1, "python3", "/processing.py")
FAILED = outcome(host(exit_code=1))


@pytest.mark.parametrize(("seconds", "after"), [(2.0, 1.0), (5.0, 2.5), (3600.0, 3.0)])
def test_a_job_is_stopped_half_way_or_soon(seconds: float, after: float) -> None:
    """Half of an hour would be waited for in vain."""
    again = stops.stopped(outcome(host(seconds=seconds)))

    assert Rerun(again.request, stop_after_seconds=after) == again
    assert request() == again.request
    assert Rerun(request(), stop_after_seconds=0.1) == stops.stopped_early(outcome(host(seconds=seconds)))


def test_a_stand_in_is_stopped_when_it_has_begun_on_each_host() -> None:
    """It works until then, so half of its time is nothing; a wrapper may take as long as it took without a stop."""
    part = StandIn("/usr/bin/python3.12", ("python3", "/processing.py"))
    good = replace(outcome(host(seconds=1.0), host(seconds=8.0)), stand_in=part)

    assert Rerun(good.request, stop_after_seconds=8.5) == stops.stopped(good)


USED = (Use(9.0, "/opt/ml/processing/input/data/x.csv"),)


@pytest.mark.parametrize(
    ("trace", "command"),
    [
        (Trace((process(1, 0, "python3", "/processing.py"),), tracer=2, uses=USED), WORK.argv),
        (Trace((SHELL, WORK), tracer=2, uses=USED), WORK.argv),
        (Trace((SHELL,), tracer=2, uses=USED), SHELL.argv),
        (Trace((), tracer=2, uses=USED), ()),
    ],
    ids=["process 1", "below a shell", "a shell", "no process"],
)
def test_a_short_job_is_stopped_at_its_work(trace: Trace, command: tuple[str, ...]) -> None:
    """However fast the machine is: when the program that does the work uses an input or output."""
    again = stops.stopped(outcome(host(seconds=1.9, trace=trace)))

    assert Rerun(request(), stop_after_seconds=10.0, stop_at_work=command) == again
    assert stops.stopped_early(outcome(host(seconds=1.9, trace=trace))) is None


@pytest.mark.parametrize("seconds", [1.0, 60.0])
def test_what_the_program_tries_in_vain_is_stopped_at_its_work(seconds: float) -> None:
    """It reads its inputs before it fails, so a stop half-way may find it at nothing; one that does not fail works."""
    trace = Trace((SHELL, WORK), tracer=2, uses=USED)
    vain, done = (
        outcome(host(seconds=seconds, exit_code=code, trace=trace), of=tried_request("example:1")) for code in (1, 0)
    )

    assert WORK.argv == stops.stopped(vain).stop_at_work
    assert (None if seconds > 2 else WORK.argv) == stops.stopped(done).stop_at_work


def test_a_job_of_the_users_that_fails_is_not_stopped() -> None:
    """Which is judged elsewhere."""
    with pytest.raises(NotJudged, match="the unmodified job already fails"):
        stops.stopped(FAILED)


def test_a_short_job_of_several_hosts_is_not_stopped() -> None:
    """All are stopped at once, and the work of one may wait for that of another."""
    first, second = (host(seconds=1.0, trace=Trace((SHELL,), tracer=2, uses=USED)) for _ in range(2))
    with pytest.raises(DoesNotApply, match=r"after 1\.0 s; use a job of more than 2 s"):
        stops.stopped(outcome(first, second))


@pytest.mark.parametrize("trace", [None, Trace((SHELL,), tracer=2)], ids=["untraced", "no use"])
def test_a_short_job_whose_work_was_not_seen_is_not_stopped(trace: Trace | None) -> None:
    """The reason has its time, and says how long is long enough."""
    with pytest.raises(DoesNotApply, match=r"not seen to use .* after 1\.9 s; use a job of more than 2 s"):
        stops.stopped(outcome(host(seconds=1.9, trace=trace)))


def test_a_job_that_only_seemed_long_is_stopped_at_its_work() -> None:
    """A machine that was busy while it ran undisturbed is not when it is to be stopped, so the clock tells nothing."""
    good = outcome(host(seconds=2.4, trace=Trace((SHELL, WORK), tracer=2, uses=USED)))

    assert Rerun(request(), stop_after_seconds=1.2) == stops.stopped(good)
    assert Rerun(request(), stop_after_seconds=10.0, stop_at_work=WORK.argv) == stops.stopped_sooner(good)


@pytest.mark.parametrize("hosts", [1, 2])
def test_a_job_whose_work_tells_nothing_is_stopped_by_the_clock_again(hosts: int) -> None:
    """None was seen to use an input or output, or there are several hosts, of which each may begin at another time."""
    good = outcome(*[host(seconds=4.0, trace=Trace((SHELL, WORK), tracer=2, uses=USED * (hosts - 1)))] * hosts)

    assert stops.stopped(good) == stops.stopped_sooner(good)
    assert 2.0 == stops.stopped_sooner(good).stop_after_seconds
