"""The other chapters, of several hosts: each is judged by itself, and named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.files.tree import File, Kind
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host, Stop
from conformance.outcome.trace import Process, Signal, Trace
from conformance.rule import rerun
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import (
    OUTPUT,
    file,
    host,
    image,
    judged,
    link,
    outcome,
    process,
    program,
    witness,
)

WELL = host(file(f"{OUTPUT}/part-1"))
FAILED = host(exit_code=1)

SHELL = process(1, 0, "/bin/sh", "/run.sh")
WORK = process(8, 1, "python3", "/processing.py")
WRAPPER = image(program("/run.sh"), entrypoint=["/run.sh"])


@pytest.mark.parametrize(
    ("check", "flawed"),
    [
        ("outputs.no-symlinks", host(link(f"{OUTPUT}/latest", "part-1"))),
        ("outputs.regular-files-only", host(File(f"{OUTPUT}/a", Kind.FIFO))),
        ("reserved.nothing-written-elsewhere", host(file("/opt/ml/model/a"))),
        ("message.utf8", host(message=b"\xff")),
        ("message.fits-1-kb", host(message="x" * 1025)),
        ("message.plain-text", host(message="\0")),
        ("message.no-secrets", host(message="/v2/x", secret="/v2/x")),
        ("logs.no-secrets", host(stdout="/v2/x", secret="/v2/x")),
        ("logs.on-stdout-or-stderr", host(stdout="")),
        ("exit.no-process-left", host(trace=Trace((replace(WORK, ended=None),), tracer=2))),
    ],
)
def test_the_host_that_has_the_flaw_is_named(check: str, flawed: Host) -> None:
    """And no other one."""
    well = replace(WELL, trace=Trace((WORK,), tracer=2), message=None)
    verdict = judged(check, image(), outcome(well, flawed, well))

    (violation,) = verdict.violations
    assert verdict.word in {Word.VIOLATES, Word.ADVISED}
    assert "algo-2" in violation


# What the image ships below /opt/ml

SHIPPING = image(file("/opt/ml/scratch/x"))
LIMITED = host(exit_code=130, end=End.SUITE_LIMIT)


@pytest.mark.parametrize("other", [WELL, LIMITED])
def test_only_hosts_that_fail_without_it_are_named(other: Host) -> None:
    """One that does well needs none of it, and one that waits in vain tells of nothing itself."""
    replaced = outcome(other, FAILED)
    verdict = judged("reserved.works-when-replaced", SHIPPING, outcome(WELL, WELL), replaced)

    (violation,) = verdict.violations
    assert violation.endswith("but without them algo-2 exited with code 1; with them it exited with 0.")


# What reaches the program


def reached(check: str, *got: str) -> Verdict:
    """The verdict where a stand-in got all that was given, or nothing of it, on each host."""
    before = outcome(*(replace(WELL, trace=Trace((SHELL, WORK), tracer=2)) for _ in got))
    given = rerun.with_stand_in(WRAPPER, before).request
    found = {
        "all": witness(*WORK.argv, *(given.arguments or ()), environment=given.environment),
        "nothing": witness(*WORK.argv),
    }
    hosts = (host(witnesses=(found[what],)) for what in got)
    return judged(check, WRAPPER, before, outcome(*hosts, of=given, variation=Variation.STAND_IN))


@pytest.mark.parametrize("check", ["launch.arguments-reach-the-program", "environment.reaches-the-program"])
def test_the_host_on_which_something_was_lost_is_named(check: str) -> None:
    """As a wrapper that treats its workers otherwise may have it."""
    assert Word.CONFORMS is reached(check, "all", "all").word
    (violation,) = reached(check, "all", "nothing").violations

    assert "on algo-2, but it" in violation


# Stops


def stopped(*hosts: tuple[Process, int, bool] | None) -> tuple[Host, ...]:
    """Hosts that were stopped: what ran there, which process got SIGINT, and whether SIGKILL ended it."""
    return tuple(
        host(
            end=End.STOPPED,
            exit_code=130,
            trace=Trace(
                tuple(dict.fromkeys((SHELL, replace(work, ended=None)))),
                (Signal(50.0, 50.0, 2, 0, receiver, "caught"),),
                tracer=2,
            ),
            stop=Stop("SIGINT", 2.0, killed=killed),
        )
        if given
        else host(exit_code=1)
        for given in hosts
        for work, receiver, killed in [given or (WORK, 8, False)]
    )


def after_sigint(check: str, *hosts: tuple[Process, int, bool] | None) -> Verdict:
    """The verdict on hosts that were stopped so."""
    good = outcome(*[replace(WELL, seconds=9.0)] * len(hosts))
    return judged(check, image(), good, outcome(*stopped(*hosts), variation=Variation.STOPPED_BY_SIGINT))


REACHED, DEAF = (WORK, 8, False), (WORK, 1, True)


def test_the_host_whose_program_a_stop_does_not_reach_is_named() -> None:
    """On the other one it does."""
    (violation,) = after_sigint("stop.sigint-reaches-the-program", REACHED, DEAF).violations

    assert (
        "Expected SIGINT to reach ['python3', '/processing.py'] on algo-2, but only its parent processes" in violation
    )


def test_the_host_that_does_not_end_is_named() -> None:
    """Its program had got the signal."""
    (violation,) = after_sigint("stop.ends-on-sigint", REACHED, (WORK, 8, True)).violations

    assert "Expected algo-2 to exit within 2 s after SIGINT" in violation


@pytest.mark.parametrize("check", ["stop.sigint-reaches-the-program", "stop.ends-on-sigint"])
@pytest.mark.parametrize("hosts", [(None, REACHED), (REACHED, None)])
def test_a_host_that_ends_because_of_another_shows_nothing(
    check: str, hosts: tuple[tuple[Process, int, bool] | None, ...]
) -> None:
    """It had lost its peer before its own signal came."""
    verdict = after_sigint(check, *hosts)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "ended before it could be stopped" in verdict.reason
