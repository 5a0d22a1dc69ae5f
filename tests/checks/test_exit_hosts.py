"""Chapter `exit`, of several hosts: the job has succeeded where all of them have, and one that fails is enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host, Outcome
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import OUTPUT, file, host, image, judged, not_started, outcome, request

ZERO = "exit.zero-on-success"
NONZERO = "exit.nonzero-on-failure"
CORRUPT = "exit.nonzero-on-corrupt-input"
NOTICED = "exit.empty-input-noticed"

TRACEBACK = """Traceback (most recent call last):
  File "/processing.py", line 3, in <module>
    main()
FileNotFoundError: no measurements
"""
RESULT = file(f"{OUTPUT}/part-1")
WELL = host(RESULT)
FAILED = host(exit_code=1)
RAN_ON = host(exit_code=130, end=End.MAX_RUNTIME, seconds=60.0, processor_seconds=0.004)
LIMITED = host(exit_code=130, end=End.SUITE_LIMIT, seconds=300.4)


def of_zero(*hosts: Host) -> Verdict:
    """The verdict on a job whose hosts ended so, whatever is below /opt/ml, and whatever they are called."""
    return judged(ZERO, image(), outcome(*hosts))


def test_several_hosts_that_exit_with_0_conform() -> None:
    """All of them must."""
    assert [Word.CONFORMS, Word.VIOLATES] == [of_zero(WELL, WELL).word, of_zero(WELL, FAILED).word]


def test_each_host_that_failed_is_named() -> None:
    """And no other one."""
    assert [
        "Expected algo-2 to exit with 0, but it exited with code 1.",
        "Expected algo-3 to exit with 0, but it exited with code 2.",
    ] == [*of_zero(WELL, FAILED, host(exit_code=2)).violations]


@pytest.mark.parametrize("hosts", [(WELL, RAN_ON), (RAN_ON, WELL, RAN_ON), (WELL, replace(RAN_ON, exit_code=0))])
def test_hosts_that_run_on_when_others_are_done_are_judged_elsewhere(hosts: tuple[Host, ...]) -> None:
    """The sentences of that check say more."""
    verdict = of_zero(*hosts)

    assert (Word.NOT_JUDGED, "hosts.worker-ends-with-leader") == (verdict.word, verdict.see)
    assert Word.VIOLATES is judged(verdict.see, image(), outcome(*hosts)).word


@pytest.mark.parametrize("hosts", [(FAILED, RAN_ON), (WELL, FAILED, RAN_ON)])
def test_a_host_that_failed_is_told_of_here(hosts: tuple[Host, ...]) -> None:
    """Others may run on because of it, and are told of as well."""
    verdict = of_zero(*hosts)

    failed, ran_on = verdict.violations
    assert Word.VIOLATES is verdict.word
    assert f"Expected algo-{len(hosts) - 1} to exit with 0, but it exited with code 1." == failed
    assert ran_on.startswith(f"Expected algo-{len(hosts)} to exit with 0 within MaxRuntimeInSeconds, but it was still")


def test_hosts_that_all_run_on_violate_here() -> None:
    """No work was seen to be done."""
    assert 2 == len(of_zero(RAN_ON, RAN_ON).violations)


@pytest.mark.parametrize("hosts", [(FAILED, LIMITED), (LIMITED, FAILED)])
def test_a_host_at_the_suites_limit_hides_no_failure(hosts: tuple[Host, ...]) -> None:
    """It may have waited for the one that failed, and is not told of."""
    (violation,) = of_zero(*hosts).violations

    assert "exited with code 1" in violation


@pytest.mark.parametrize("hosts", [(WELL, LIMITED), (LIMITED, LIMITED)])
def test_a_host_at_the_suites_limit_is_not_judged(hosts: tuple[Host, ...]) -> None:
    """Where no other one failed it may still have been at work."""
    verdict = of_zero(*hosts)

    assert (Word.NOT_JUDGED, "") == (verdict.word, verdict.see)
    assert "--image-timeout" in verdict.reason


def test_a_job_that_succeeds_with_true_hostnames_is_judged_elsewhere() -> None:
    """With the image's own /opt/ml it did not."""
    failed = outcome(WELL, FAILED)
    verdict = judged(ZERO, image(), failed, outcome(WELL, WELL, variation=Variation.TRUE_HOSTNAMES), failed)

    assert (Word.NOT_JUDGED, "hosts.ignores-etc-hostname") == (verdict.word, verdict.see)


# Inputs that are no good


def of_failure(check: str, *hosts: Host, good: Outcome | None = None) -> Verdict:
    """The verdict where the run with inputs that are no good ended so; with empty ones, nobody noticed anything."""
    usual = good or outcome(*[WELL] * len(hosts))
    runs = [outcome(*hosts, variation=Variation.EMPTY_INPUTS)]
    if check == CORRUPT:
        runs = [outcome(*usual.hosts, variation=Variation.EMPTY_INPUTS), *runs]
    return judged(check, image(), usual, *runs)


SWALLOWED = host(stderr=TRACEBACK)


@pytest.mark.parametrize("check", [NONZERO, CORRUPT, NOTICED])
@pytest.mark.parametrize("others", [SWALLOWED, host(stderr="ERROR: algo-1 is gone\n"), host(), RAN_ON, LIMITED])
def test_one_host_that_fails_is_enough_to_fail_the_job(check: str, others: Host) -> None:
    """What the others log of it, and how they end, swallows nothing."""
    assert [Word.CONFORMS] * 2 == [of_failure(check, *hosts).word for hosts in ((FAILED, others), (others, FAILED))]


@pytest.mark.parametrize("check", [NONZERO, CORRUPT])
@pytest.mark.parametrize("at", [0, 1])
def test_a_failure_that_one_host_swallows_violates(check: str, at: int) -> None:
    """Whichever it is, it is named; the other one said nothing of it."""
    hosts = [host(), host()]
    hosts[at] = SWALLOWED
    verdict = of_failure(check, *hosts)

    (violation,) = verdict.violations
    assert Word.VIOLATES is verdict.word
    assert violation.startswith(f"Expected algo-{at + 1} to exit non-zero")


@pytest.mark.parametrize("check", [NONZERO, CORRUPT])
def test_hosts_that_write_their_outputs_do_not_visibly_fail(check: str) -> None:
    """Even where one speaks of an error, and of no more."""
    verdict = of_failure(check, WELL, host(stderr="ERROR: no input\n"))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


def test_hosts_that_neither_write_nor_say_anything_are_advised_against_once() -> None:
    """Over empty inputs by a check of its own; and not where one of them says what it did."""
    silent = [of_failure(check, host(), host()) for check in (NONZERO, CORRUPT)]
    saying = of_failure(CORRUPT, host(), host(stdout="0 rows\n"))

    assert [Word.NOT_JUDGED, Word.ADVISED] == [verdict.word for verdict in silent]
    assert (Word.NOT_JUDGED, False) == (saying.word, saying.applies)


@pytest.mark.parametrize("check", [NONZERO, CORRUPT])
def test_a_traceback_beside_outputs_that_are_written_is_advice(check: str) -> None:
    """It once said nothing; a program may well have got over it, and then again it may not."""
    verdict = of_failure(check, WELL, SWALLOWED)

    (advice,) = verdict.violations
    assert Word.ADVISED is verdict.word
    assert advice.startswith("Expected algo-2 to exit non-zero")


@pytest.mark.parametrize("check", [NONZERO, NOTICED])
def test_a_host_that_waits_for_its_input_is_not_judged(check: str) -> None:
    """Where no other one fails, nobody knows what it would have done."""
    verdict = of_failure(check, WELL, RAN_ON)

    assert "with empty inputs, algo-2 was stopped at MaxRuntimeInSeconds" == verdict.reason


@pytest.mark.parametrize("hosts", [(WELL, host()), (host(), WELL)])
def test_only_hosts_that_write_outputs_are_asked_for_them(hosts: tuple[Host, ...]) -> None:
    """It may be the leader alone, whichever that is."""
    verdict = of_failure(NOTICED, host(), host(), good=outcome(*hosts))

    assert Word.ADVISED is verdict.word
    assert [f"algo-{1 + hosts.index(WELL)}"] == [sentence.split()[1] for sentence in verdict.violations]


def test_each_host_is_asked_for_its_own_outputs() -> None:
    """The other's are none of its business."""
    asked = request(outputs={"a": "/opt/ml/processing/a", "b": "/opt/ml/processing/b"})
    good = outcome(host(file("/opt/ml/processing/a/1")), host(file("/opt/ml/processing/b/1")), of=asked)
    empty = outcome(host(), host(), of=asked, variation=Variation.EMPTY_INPUTS)

    assert ["wrote nothing to output a.", "wrote nothing to output b."] == [
        sentence.partition("exited with 0 and ")[2] for sentence in judged(NOTICED, image(), good, empty).violations
    ]


@pytest.mark.parametrize("hosts", [(SWALLOWED, SWALLOWED), (host(), SWALLOWED)])
def test_what_a_host_swallowed_is_judged_elsewhere(hosts: tuple[Host, ...]) -> None:
    """A failure is named once, also where it is not that of the host which writes the outputs."""
    verdict = of_failure(NOTICED, *hosts, good=outcome(WELL, host()))

    assert (Word.NOT_JUDGED, NONZERO) == (verdict.word, verdict.see)


def test_hosts_that_never_write_outputs_have_none_to_miss() -> None:
    """The clause does not apply."""
    verdict = of_failure(NOTICED, host(), host(), good=outcome(host(), host()))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


def test_a_host_that_does_not_start_fails_by_itself() -> None:
    """Another one at the suite's limit hides nothing of it."""
    asked = request(overrides={"ContainerEntrypoint": ["/run.sh"]})
    verdict = judged(ZERO, image(), outcome(not_started("no such file"), LIMITED, of=asked))

    (violation,) = verdict.violations
    assert "on algo-1, but the engine reported: no such file" in violation
