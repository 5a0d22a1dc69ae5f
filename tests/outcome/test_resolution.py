"""What a name server is told, and what its record says."""

from typing import Any

import pytest

from conformance.outcome.record import EMPTY
from conformance.outcome.resolution import Queries, Query
from conformance.probe.names import MOST_NAMES, Name, Refusal, answer
from tests.support.recording import record

QUERY: dict[str, Any] = {
    "client": "198.18.0.11",
    "transport": "udp",
    "name": "algo-2",
    "type": 1,
    "class": 1,
    "code": 0,
    "delayed": 0,
    "answer": "198.18.0.12",
}
REFUSED = QUERY | {"code": 3, "delayed": 1, "answer": None}


def test_a_plan_says_what_there_is_and_when() -> None:
    """Seconds become milliseconds, and what is not said is no delay."""
    names = [Name("algo-1", "198.18.0.11"), Name("algo-2", "198.18.0.12", 1.5, 3, Refusal.SERVER_FAILURE)]

    assert (
        "answer 2000\nname algo-1 198.18.0.11 0 0 nxdomain\nname algo-2 198.18.0.12 1500 3 servfail"
        == answer(names, limit_bytes=2000)
    )  # fmt: skip


@pytest.mark.parametrize("name", ["", ".", "a..b", "a.", ".a", "a b", "a\n", "ü", "a" * 64, "a." * 127 + "a"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    """The name server could not tell which name was meant."""
    with pytest.raises(ValueError, match="is no name of a host"):
        Name(name, "198.18.0.11")


@pytest.mark.parametrize("name", ["a", "a" * 63, "algo-1", "_a.B-2", "a." * 126 + "a"])
def test_a_name_of_any_length_is_taken(name: str) -> None:
    """The longest has 253 characters, and the longest of its labels 63 (RFC 1035, section 2.3.4)."""
    assert f"name {name} 198.18.0.11 0 0 nxdomain" == answer([Name(name, "198.18.0.11")]).splitlines()[1]


def test_an_address_that_is_none_is_refused() -> None:
    """Nor is an IPv6 address one: the network has none."""
    with pytest.raises(ValueError, match="::1"):
        Name("algo-1", "::1")


@pytest.mark.parametrize("delays", [(-1.0, 0), (0.0, -1)])
def test_a_delay_is_not_negative(delays: tuple[float, int]) -> None:
    """It would be read as a very long one."""
    with pytest.raises(ValueError, match="algo-1 cannot be known before it is asked for"):
        Name("algo-1", "198.18.0.11", *delays)


def test_a_plan_has_no_more_names_than_the_name_server() -> None:
    """It would refuse to begin."""
    names = [Name(f"algo-{number}", "198.18.0.11") for number in range(MOST_NAMES + 1)]

    assert MOST_NAMES + 1 == len(answer(names[1:]).splitlines())
    with pytest.raises(ValueError, match="at most 128 names, not 129"):
        answer(names)


def test_a_plan_has_each_name_once() -> None:
    """A name is the same in capitals, and the second would never be answered."""
    with pytest.raises(ValueError, match="each name once"):
        answer([Name("algo-1", "198.18.0.11"), Name("ALGO-1", "198.18.0.12")])


def test_queries_are_read() -> None:
    """Who asked when for what, and what the reply said, or that there was none; what is no question is none of them."""
    queries = Queries.parse(
        record(
            ("answering", {"names": 2}),
            ("query", QUERY),
            ("query", REFUSED | {"name": "ALGO-2\u00c3\u00bc", "type": 99, "code": None, "transport": "tcp"}),
            ("malformed", {"client": "198.18.0.12", "transport": "udp", "length": 3, "code": None}),
        )
    )

    assert (0.0, "") == (queries.began, queries.fault)
    assert (
        Query(0.001, "198.18.0.11", "algo-2", "A", "NOERROR", "198.18.0.12", delayed=False),
        Query(0.002, "198.18.0.11", "algo-2ü", "TYPE99", "", "", delayed=True),
    ) == queries.queries


def test_an_attempt_is_counted_once() -> None:
    """A and AAAA that are asked together are one, other clients and other names are others."""
    queries = Queries.parse(
        record(
            ("query", REFUSED | {"type": 28}),
            ("query", REFUSED),
            ("query", REFUSED | {"client": "198.18.0.13"}),
            ("query", REFUSED | {"name": "algo-2.ec2.internal"}),
            ("query", REFUSED | {"type": 28, "name": "ALGO-3"}),
            ("query", QUERY | {"name": "Algo-2"}),
            ("query", QUERY | {"type": 28, "answer": None}),
        )
    )

    assert [("NXDOMAIN", True), ("NOERROR", False)] == [
        (query.code, query.delayed) for query in queries.attempts("198.18.0.11", "ALGO-2.")
    ]
    assert ["AAAA"] == [query.type for query in queries.attempts("198.18.0.11", "algo-3")]
    assert () == queries.attempts("198.18.0.12", "algo-2")


def test_a_record_that_is_cut_says_so() -> None:
    """What came after is not known, and what came before is kept."""
    queries = Queries.parse(record(("answering", {"names": 0}), ("query", QUERY), ("cut", {})))

    assert (1, "the record reached its size limit, or the container's disk was full") == (
        len(queries.queries),
        queries.fault,
    )


def test_a_record_of_nothing_is_no_name_server_s() -> None:
    """It never became ready."""
    assert Queries(fault=EMPTY) == Queries.parse(b"")
