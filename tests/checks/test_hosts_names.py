"""Chapter `hosts`: where hosts take their own name from, and those of their peers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host, Outcome
from conformance.outcome.resolution import Queries, Query
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import OUTPUT, file, host, image, judged, outcome, query

RETRIES = "hosts.retries-resolution"
RENAMED = "hosts.follows-renamed-hosts"
HOSTNAME = "hosts.ignores-etc-hostname"

RESULT = file(f"{OUTPUT}/part-1")
WELL = host(RESULT, seconds=4.0)
FAILED = host(exit_code=1)
TALKING = (query(2, "algo-1"), query(1, "algo-2"))
GOOD = outcome(WELL, WELL, queries=TALKING)


def late(*hosts: Host, asked: tuple[Query, ...] = (), good: Outcome = GOOD) -> Verdict:
    """The verdict where names were known late, and the hosts asked so."""
    return judged(RETRIES, image(), good, outcome(*hosts, variation=Variation.LATE_NAMES, queries=asked))


def told(sentence: str) -> str:
    """A sentence without what it quotes of the questions."""
    return sentence.partition("; name queries: ")[0]


# Asking again


@pytest.mark.parametrize(
    "asked",
    [
        (),
        (query(1, "algo-1"), query(2, "algo-2")),
        (query(1, "s3.us-east-1.amazonaws.com"), query(2, "algo-1.ec2.internal")),
        (query(1, "algo-2", kind="PTR"), query(2, "algo-1", kind="TXT")),
    ],
    ids=["nothing", "its own name", "others than hosts", "no address"],
)
def test_hosts_that_never_ask_for_one_another_are_not_judged(asked: tuple[Query, ...]) -> None:
    """They read addresses elsewhere, or do not talk at all; then the clause does not apply, however the run ended."""
    verdict = late(FAILED, FAILED, good=outcome(WELL, WELL, queries=asked))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "no host looked up the name of another" == verdict.reason


def test_one_host_asks_for_nobody() -> None:
    """There is no name server."""
    verdict = judged(RETRIES, image(), outcome(WELL), outcome(WELL, variation=Variation.LATE_NAMES))

    assert "the request has one host" == verdict.reason
    assert not verdict.applies


def test_what_was_asked_and_could_not_be_seen_is_no_evidence() -> None:
    """Of a record that is damaged nobody can say that it lacks something."""
    cut = replace(GOOD, queries=Queries(fault="line 3 of the record is no event"))
    verdict = late(WELL, WELL, good=cut)

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert verdict.reason.endswith("is incomplete: line 3 of the record is no event")


def test_without_a_name_server_nobody_is_seen_to_ask() -> None:
    """A service may have none that records."""
    renamed = replace(outcome(WELL, FAILED, variation=Variation.RENAMED_HOSTS), queries=None)
    (advice,) = judged(RENAMED, image(), GOOD, renamed).violations

    assert Word.NOT_JUDGED is late(WELL, WELL, good=replace(GOOD, queries=None)).word
    assert advice.endswith("exited with code 1.")


def test_one_host_that_asks_is_enough() -> None:
    """For IPv6 alone, too."""
    good = outcome(WELL, WELL, queries=(query(2, "algo-1", kind="AAAA"),))

    assert Word.ADVISED is late(WELL, FAILED, good=good).word


ONCE = (query(1, "algo-2", 2.0, delayed=True),)
THRICE = tuple(query(1, "algo-2", at, delayed=True) for at in (2.0, 2.25, 2.5))
BOTH = (*THRICE, query(1, "algo-3", 2.6, delayed=True), query(2, "algo-1", 3.0, delayed=True))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (ONCE, "; it looked up algo-2 once, too early, and did not retry"),
        (
            (*ONCE, query(1, "algo-2", 2.0, delayed=True, kind="AAAA")),
            "; it looked up algo-2 once, too early, and did not retry",
        ),
        (THRICE, "; it looked up algo-2 3 times in 0.5 s, too early, and did not retry"),
        (BOTH, "; it looked up algo-2 3 times in 0.5 s, algo-3 once, too early, and did not retry"),
        ((*THRICE, query(1, "algo-2", 9.0)), ""),
        ((query(1, "algo-2", 2.0),), ""),
        ((query(1, "algo-1", 2.0, delayed=True),), ""),
        ((), ""),
    ],
    ids=["once", "A and AAAA", "thrice", "two peers", "answered", "never early", "its own", "nothing"],
)
def test_a_host_that_gives_up_is_told_with_its_attempts(asked: tuple[Query, ...], words: str) -> None:
    """Its own, to names that it did not get to know."""
    verdict = late(FAILED, WELL, WELL, asked=asked, good=outcome(*[WELL] * 3, queries=TALKING))

    assert Word.ADVISED is verdict.word
    assert [f"Expected the same result when names resolve late, but algo-1 exited with code 1{words}"] == [
        told(sentence).removesuffix(".") for sentence in verdict.violations
    ]


@pytest.mark.parametrize("check", [RETRIES, "hosts.late-start"])
def test_what_a_host_asked_is_quoted(check: str) -> None:
    """Its first questions for peers, with their answers, counted from the first question of all."""
    asked = (
        query(2, "algo-1", 1.5),
        *(query(1, "algo-2", at, delayed=True) for at in (2.0, 2.25, 2.5)),
        query(1, "algo-2", 9.0),
        query(1, "packages.example.org", 9.5),
    )
    variation = Variation.LATE_NAMES if check == RETRIES else Variation.LATE_START
    verdict = judged(check, image(), GOOD, outcome(FAILED, WELL, variation=variation, queries=asked))

    (sentence,) = verdict.violations
    assert (
        "name queries: algo-2 after 0.5 s (NXDOMAIN), algo-2 after 0.8 s (NXDOMAIN), algo-2 after 1.0 s (NXDOMAIN) and "
        "1 more."
    ) == sentence.rpartition("; ")[2]


def test_every_host_is_told_with_what_it_asked_itself() -> None:
    """One may fail because the other gave up."""
    verdict = late(FAILED, host(exit_code=2), asked=ONCE)

    assert [
        "algo-1 exited with code 1; it looked up algo-2 once, too early, and did not retry",
        "algo-2 exited with code 2.",
    ] == [told(sentence).partition(" late, but ")[2] for sentence in verdict.violations]


@pytest.mark.parametrize(("last", "word"), [(4.9, Word.ADVISED), (5.0, Word.CONFORMS), (22.0, Word.CONFORMS)])
def test_a_host_that_did_ask_again_has_kept_the_clause(last: float, word: Word) -> None:
    """How often a name is to be asked for, AWS does not say: three times with a pause may well be a policy."""
    patient = tuple(query(1, "algo-2", at, delayed=True) for at in (2.0, 3.0, last))

    assert word is late(FAILED, FAILED, asked=patient).word


def test_a_patient_host_does_not_excuse_another() -> None:
    """Each peer was to be waited for."""
    patient = tuple(query(1, "algo-2", at, delayed=True) for at in (2.0, 9.0))

    assert Word.ADVISED is late(FAILED, FAILED, asked=(*patient, query(2, "algo-1", 2.0, delayed=True))).word


def test_a_host_that_did_well_need_not_know_every_name() -> None:
    """One that it gave up on may not have mattered, and says nothing of a host that was patient."""
    patient = tuple(query(2, "algo-1", at, delayed=True) for at in (2.0, 9.0))

    assert Word.CONFORMS is late(WELL, WELL, asked=ONCE).word
    assert Word.CONFORMS is late(WELL, FAILED, asked=(*ONCE, *patient)).word


# Other names


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ((query(2, "algo-1"),), "; it looked up algo-1, which does not exist"),
        ((query(2, "algo-1"), query(2, "algo-2")), "; it looked up algo-1, algo-2, which does not exist"),
        ((query(1, "algo-1"),), ""),
        ((query(2, "host-001.job.internal"), query(2, "packages.example.org"), query(2, "algo-1.ec2.internal")), ""),
        ((query(2, "algo-1", kind="PTR"),), ""),
    ],
    ids=["one", "two", "another host", "other names", "no address"],
)
def test_a_name_that_is_written_down_in_the_program_is_told(asked: tuple[Query, ...], words: str) -> None:
    """It is one of the hosts' usual names, which nobody has here; whatever else is asked for tells nothing."""
    renamed = outcome(WELL, FAILED, variation=Variation.RENAMED_HOSTS, queries=asked)
    verdict = judged(RENAMED, image(), GOOD, renamed)

    (violation,) = verdict.violations
    assert Word.ADVISED is verdict.word
    assert (
        "Expected the same result when its hosts are named host-001.job.internal, host-002.job.internal, but "
        f"host-002.job.internal exited with code 1{words}."
    ) == violation


def test_many_hosts_are_not_all_named() -> None:
    """Three are."""
    renamed = outcome(*[FAILED] * 5, variation=Variation.RENAMED_HOSTS)
    (first, *_) = judged(RENAMED, image(), outcome(*[WELL] * 5), renamed).violations

    assert "named host-001.job.internal, host-002.job.internal, host-003.job.internal and 2 more, but" in first


# The container's own hostname


def hostnames(true: Outcome, *decoyed: Host) -> Verdict:
    """The verdict where the run with true hostnames ended so, and the other one so."""
    return judged(HOSTNAME, image(), replace(true, variation=Variation.TRUE_HOSTNAMES), outcome(*decoyed))


def test_a_job_that_needs_no_hostname_conforms() -> None:
    """It succeeds with one that is nobody's."""
    assert Word.CONFORMS is hostnames(GOOD, WELL, WELL).word


def test_a_job_that_needs_its_hostname_violates() -> None:
    """Each host that did not do well is named."""
    verdict = hostnames(GOOD, WELL, FAILED)

    (violation,) = verdict.violations
    assert Word.VIOLATES is verdict.word
    assert (
        "Expected the job to work with any hostname, but with one that is not the host's name algo-2 exited with "
        "code 1; with the host's name the job succeeded."
    ) == violation


def test_a_job_that_fails_with_any_hostname_is_judged_elsewhere() -> None:
    """The hostname is not what it lacks."""
    verdict = hostnames(outcome(FAILED, FAILED), FAILED, FAILED)

    assert (Word.NOT_JUDGED, "exit.zero-on-success") == (verdict.word, verdict.see)


@pytest.mark.parametrize("end", [End.MAX_RUNTIME, End.SUITE_LIMIT])
@pytest.mark.parametrize(
    ("took", "other", "word"),
    [
        (29.0, None, Word.VIOLATES),
        (31.0, None, Word.NOT_JUDGED),
        (31.0, FAILED, Word.VIOLATES),
    ],
    ids=["plenty of time", "little time", "another failed"],
)
def test_hosts_that_wait_violate_where_time_was_plenty(end: End, took: float, other: Host | None, word: Word) -> None:
    """All of them may take themselves for workers; a job that comes close to its limit anyhow shows nothing."""
    true = outcome(host(RESULT, seconds=took), WELL)
    waiting = host(exit_code=130, end=end, seconds=60.0, processor_seconds=0.004)

    assert word is hostnames(true, other or waiting, waiting).word


@pytest.mark.parametrize("processor_seconds", [None, 0.03])
def test_hosts_that_may_have_been_at_work_are_not_judged(processor_seconds: float | None) -> None:
    """It once was a violation; but what ends later here may end in its time on a faster machine."""
    true = outcome(host(RESULT, seconds=29.0), WELL)
    waiting = host(exit_code=130, end=End.MAX_RUNTIME, seconds=60.0, processor_seconds=processor_seconds)
    verdict = hostnames(true, waiting, waiting)

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert verdict.reason.endswith("raise MaxRuntimeInSeconds")
