"""Chapter `hosts`: whether a job with EnableNetworkIsolation asks for what is outside."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.job.request import JobRequest
from conformance.outcome.outcome import Host
from conformance.outcome.resolution import Queries, Query
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import host, image, judged, outcome, query, request

OUTSIDE = "telemetry.example.com"


def isolated(*asked: Query, of: Host | None = None) -> Verdict:
    """The verdict where two hosts of an isolated job asked so."""
    return judged("hosts.isolated", image(), outcome(of or host(), host(), of=asking(isolation=True), queries=asked))


def asking(*, isolation: bool) -> JobRequest:
    """A request with EnableNetworkIsolation, or that says that it does without."""
    return JobRequest({**request().document, "NetworkConfig": {"EnableNetworkIsolation": isolation}})


def test_who_asks_for_the_outside_is_advised_against() -> None:
    """Each host, with the names once each, and how it ended, which may be because of it."""
    asked = (query(1, OUTSIDE), query(1, OUTSIDE, kind="AAAA"), query(1, "a.example.org"), query(2, "algo-1"))
    verdict = isolated(*asked, of=host(exit_code=1))

    assert Word.ADVISED is verdict.word
    assert (
        (
            f"Expected no outside name to be looked up, but algo-1 looked up {OUTSIDE}, a.example.org and exited with "
            "code 1."
        ),
    ) == verdict.violations


@pytest.mark.parametrize(
    "name",
    [
        "algo-2",
        "algo-2.corp.example.com",
        "ip-10-0-86-41.ec2.internal",
        "localhost",
        "printer.local",
        "leader",
        "2.0.18.198.in-addr.arpa",
    ],
)
def test_what_lies_inside_may_be_asked_for(name: str) -> None:
    """Hosts, with whatever domain a resolver adds, and names that no public server knows."""
    assert Word.CONFORMS is isolated(query(1, name)).word


def test_a_domain_that_is_searched_is_not_the_outside() -> None:
    """A resolver adds it to a name that nobody has."""
    assert Word.CONFORMS is isolated(query(1, "leader"), query(1, "leader.corp.example.com")).word


def test_an_address_is_asked_back() -> None:
    """Which asks for nobody's name."""
    assert Word.CONFORMS is isolated(query(1, "4.3.2.1.example.com", kind="PTR")).word


def test_without_isolation_everything_may_be_asked_for() -> None:
    """The clause does not apply."""
    asked = outcome(host(), host(), of=asking(isolation=False), queries=[query(1, OUTSIDE)])
    verdict = judged("hosts.isolated", image(), asked)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


def test_of_one_host_nobody_sees_what_it_asks_for() -> None:
    """It has no name server."""
    verdict = judged("hosts.isolated", image(), outcome(of=asking(isolation=True)))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)


def test_a_damaged_record_shows_no_silence() -> None:
    """What is not in it may have been asked for."""
    ended = outcome(host(), host(), of=asking(isolation=True))
    damaged = replace(ended, queries=Queries(fault="line 3 of the record is no event"))
    verdict = judged("hosts.isolated", image(), damaged)

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert verdict.reason.endswith("is incomplete: line 3 of the record is no event")
