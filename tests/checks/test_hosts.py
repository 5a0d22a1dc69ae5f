"""Chapter `hosts`: several hosts, how they find one another, and how they end together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.checks import load_checks
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host, Outcome
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import OUTPUT, file, host, image, judged, not_started, outcome, query, request

ZERO = "exit.zero-on-success"
RESULT = file(f"{OUTPUT}/part-1")
WELL = host(RESULT, seconds=4.0)
FAILED = host(exit_code=1, stderr="no route to algo-1\n")
TWO = request(hosts=2)
TALKING = (query(2, "algo-1"), query(1, "algo-2"))
GOOD = outcome(WELL, WELL, queries=TALKING)


def at_limit(end: End, seconds: float) -> Host:
    """A host that was stopped at a limit."""
    return host(RESULT, exit_code=130, end=end, seconds=seconds)


def varied(check: str, *hosts: Host, good: Outcome = GOOD) -> Verdict:
    """The verdict where the changed run ended so."""
    job = load_checks()[check].job
    assert job is not None
    between = [outcome(*good.hosts, of=good.request, variation=run) for run in job.runs[1:-1]]
    return judged(check, image(), good, *between, outcome(*hosts, of=good.request, variation=job.runs[-1]))


CHANGED = {
    "hosts.retries-resolution": "when names resolve late",
    "hosts.late-start": "when algo-2 starts later",
    "hosts.follows-renamed-hosts": "when its hosts are named host-001.job.internal, host-002.job.internal",
}


@pytest.mark.parametrize("check", CHANGED)
def test_a_job_that_does_the_same_conforms(check: str) -> None:
    """Also where other hosts write its outputs."""
    assert [Word.CONFORMS] * 2 == [varied(check, WELL, WELL).word, varied(check, host(), WELL).word]


def test_it_is_the_last_host_that_starts_later() -> None:
    """Of three, too."""
    late = outcome(WELL, WELL, FAILED, variation=Variation.LATE_START)
    (advice,) = judged("hosts.late-start", image(), outcome(WELL, WELL, WELL), late).violations

    assert advice.startswith("Expected the same result when algo-3 starts later, but algo-3 exited with code 1; ")


@pytest.mark.parametrize("check", CHANGED)
def test_a_job_that_does_less_is_advised_against(check: str) -> None:
    """The sentence names the host and its end; those that did well are not named."""
    verdict = varied(check, WELL, FAILED)
    names = ("host-001.job.internal", "host-002.job.internal") if "renamed" in check else ("algo-1", "algo-2")

    (violation,) = verdict.violations
    assert Word.ADVISED is verdict.word
    assert (
        f"Expected the same result {CHANGED[check]}, but {names[1]} exited with code 1; stderr says: "
        "'no route to algo-1'."
    ) == violation


@pytest.mark.parametrize("check", CHANGED)
def test_an_output_that_no_host_writes_is_missed(check: str) -> None:
    """Although all of them exit with 0."""
    assert (f"Expected the same result {CHANGED[check]}, but nothing was written to output result.",) == (
        varied(check, host(), host()).violations
    )


@pytest.mark.parametrize("check", [*CHANGED, "hosts.single", "hosts.peer-fails"])
def test_a_job_that_fails_anyhow_shows_nothing(check: str) -> None:
    """Which is judged elsewhere."""
    verdict = varied(check, WELL, WELL, good=outcome(WELL, FAILED, queries=TALKING))

    assert (Word.NOT_JUDGED, ZERO, True) == (verdict.word, verdict.see, verdict.applies)


@pytest.mark.parametrize("check", CHANGED)
@pytest.mark.parametrize(("others", "word"), [(WELL, Word.NOT_JUDGED), (FAILED, Word.ADVISED)])
def test_a_host_at_the_suites_limit_shows_nothing_by_itself(check: str, others: Host, word: Word) -> None:
    """Where another one has failed, it is that one which is told of."""
    verdict = varied(check, others, at_limit(End.SUITE_LIMIT, 300.4))

    assert word is verdict.word
    assert not any("suite" in sentence for sentence in verdict.violations)
    assert (word is Word.ADVISED) == bool(verdict.violations)


@pytest.mark.parametrize("check", ["hosts.retries-resolution", "hosts.late-start"])
@pytest.mark.parametrize(("seconds", "word"), [(44.0, Word.ADVISED), (46.0, Word.NOT_JUDGED)])
def test_a_job_that_starts_late_may_need_longer(check: str, seconds: float, word: Word) -> None:
    """Fifteen seconds are granted: one that came close to its MaxRuntimeInSeconds of 60 shows nothing."""
    good = outcome(host(RESULT, seconds=seconds), WELL, queries=TALKING)

    assert word is varied(check, WELL, at_limit(End.MAX_RUNTIME, 60.2), good=good).word


# One host


@pytest.mark.parametrize("good", [outcome(), GOOD])
def test_one_host_that_does_the_same_conforms(good: Outcome) -> None:
    """A job of one host is the job itself."""
    one = outcome(WELL, variation=Variation.ONE_HOST)

    assert Word.CONFORMS is judged("hosts.single", image(), good, one).word


def test_one_host_that_fails_is_advised_against() -> None:
    """The sentence says how it ended."""
    one = outcome(FAILED, variation=Variation.ONE_HOST)

    (violation,) = judged("hosts.single", image(), GOOD, one).violations
    assert (
        "Expected the same result on one host, but algo-1 exited with code 1; stderr says: 'no route to algo-1'."
    ) == violation


@pytest.mark.parametrize(("seconds", "word"), [(19.0, Word.ADVISED), (21.0, Word.NOT_JUDGED)])
def test_one_host_may_need_as_long_as_all_of_them(seconds: float, word: Word) -> None:
    """Three hosts that took 21 seconds each may have done what one cannot do in 60."""
    good = outcome(*[host(RESULT, seconds=seconds)] * 3)
    one = outcome(at_limit(End.MAX_RUNTIME, 60.2), variation=Variation.ONE_HOST)
    verdict = judged("hosts.single", image(), good, one)

    assert word is verdict.word
    if word is Word.NOT_JUDGED:
        assert "algo-1 was stopped at MaxRuntimeInSeconds, but with this change the job may need more" in verdict.reason


# A peer that fails

BOUND = host(exit_code=137, end=End.STOPPED, seconds=68.2)
PEER = host(exit_code=1)


@pytest.mark.parametrize("ended", [host(), FAILED, host(exit_code=3)])
def test_hosts_that_end_when_a_peer_has_failed_conform(ended: Host) -> None:
    """With whatever code: the job has Failed already; those that never talk end as they always do."""
    assert Word.CONFORMS is varied("hosts.peer-fails", ended, ended, PEER, good=outcome(*[WELL] * 3)).word


def test_hosts_that_wait_for_a_peer_that_has_failed_are_advised_against() -> None:
    """Each that was still running is named, with how long it was given."""
    verdict = varied("hosts.peer-fails", BOUND, FAILED, PEER, good=outcome(*[WELL] * 3))

    assert Word.ADVISED is verdict.word
    assert (
        "Expected algo-1 to exit when algo-3 exits with 1 soon after its start, but it was still running after 68 s.",
    ) == verdict.violations


@pytest.mark.parametrize("peer", [host(exit_code=0), BOUND])
def test_a_peer_that_did_not_fail_shows_nothing(peer: Host) -> None:
    """It is the suite's own, so that is no fault of the image."""
    verdict = varied("hosts.peer-fails", BOUND, peer)

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert verdict.reason.startswith("algo-2 should have failed, but ")


# Ending together

ENDS = "hosts.worker-ends-with-leader"
RAN_ON = host(exit_code=130, end=End.MAX_RUNTIME, seconds=60.2, processor_seconds=0.004)


def test_hosts_that_all_exit_with_0_have_ended_together() -> None:
    """However long each of them took."""
    assert Word.CONFORMS is judged(ENDS, image(), outcome(WELL, host(seconds=50.0))).word


def test_a_host_that_runs_on_violates() -> None:
    """With whatever code it ended when it was stopped."""
    stopped_well = replace(RAN_ON, exit_code=0)
    verdict = judged(ENDS, image(), outcome(WELL, RAN_ON, stopped_well))

    assert Word.VIOLATES is verdict.word
    assert [
        f"Expected every host to exit with 0, but {name} was still running at MaxRuntimeInSeconds, after algo-1 had "
        "exited with 0."
        for name in ("algo-2", "algo-3")
    ] == [*verdict.violations]


@pytest.mark.parametrize("processor_seconds", [None, 0.03, 1.0])
def test_a_host_that_may_have_been_at_work_is_not_judged(processor_seconds: float | None) -> None:
    """It once was a violation; but a faster machine ends its work sooner."""
    verdict = judged(ENDS, image(), outcome(WELL, replace(RAN_ON, processor_seconds=processor_seconds)))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert verdict.reason.startswith("algo-2 was still")


@pytest.mark.parametrize(
    "hosts", [(FAILED, RAN_ON), (WELL, FAILED, RAN_ON), (RAN_ON, RAN_ON), (WELL, FAILED), (WELL, not_started("no"))]
)
def test_a_job_that_failed_otherwise_is_judged_elsewhere(hosts: tuple[Host, ...]) -> None:
    """Nobody can say that its work was done."""
    verdict = judged(ENDS, image(), outcome(*hosts))

    assert (Word.NOT_JUDGED, ZERO) == (verdict.word, verdict.see)


def test_a_host_at_the_suites_limit_may_still_be_at_work() -> None:
    """MaxRuntimeInSeconds is longer."""
    verdict = judged(ENDS, image(), outcome(WELL, at_limit(End.SUITE_LIMIT, 300.4)))

    assert (Word.NOT_JUDGED, "", True) == (verdict.word, verdict.see, verdict.applies)
    assert (
        "algo-2 was still running after 300 s, the suite's own time limit; raise it with --image-timeout"
        == verdict.reason
    )


@pytest.mark.parametrize("check", [ENDS, "hosts.ignores-etc-hostname"])
def test_one_host_has_nobody_to_end_with(check: str) -> None:
    """The clause does not apply, whatever became of it."""
    verdict = judged(check, image(), outcome(FAILED))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
