"""What the hosts of a job asked their name server, and what it told them.

This module is pure: `Queries.parse` takes the bytes of a record and looks at nothing else. Who is answered when stands
in `conformance/probe/src/resolver.c`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.outcome.record import Event, Record, to_bytes, to_text

TYPES: Mapping[int, str] = {1: "A", 5: "CNAME", 12: "PTR", 16: "TXT", 28: "AAAA", 33: "SRV", 65: "HTTPS", 255: "ANY"}
"""Types that clients ask for (IANA, DNS parameters); another one is called `TYPE` and its number (RFC 3597)."""

CODES: Mapping[int, str] = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP"}
"""The codes of a reply (RFC 1035, section 4.1.1)."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question that a client asked; `at` is in seconds on a clock that never jumps.

    `name` is in lower case, as names are compared. `code` is the reply's, empty where there was none, and `answer` the
    address or the name in it, empty where it held none. `delayed` says that the name server knows the name, and was
    told to keep it from this client for a while.
    """

    at: float
    client: str
    name: str
    type: str
    code: str
    answer: str
    delayed: bool


@dataclass(frozen=True)
class Queries:
    """All of them, in the order in which they arrived.

    `began` is when the name server was ready, on the clock that never jumps, and None where it never was. `fault` says
    why the last queries may be missing.
    """

    queries: tuple[Query, ...] = ()
    began: float | None = None
    fault: str = ""

    @classmethod
    def parse(cls, content: bytes) -> Queries:
        """Read a record; see `Record.parse` for what a damaged one gives."""
        record = Record.parse(content)
        ready = next(record.named("answering"), None)
        return cls(
            queries=tuple(_query(event) for event in record.named("query")),
            began=None if ready is None else ready["monotonic_ns"] / 1e9,
            fault=record.fault,
        )

    def attempts(self, client: str, name: str) -> tuple[Query, ...]:
        """The queries by which a client tried to learn a name's address, one for each time that it tried.

        Most clients ask for A and AAAA together, which is one attempt. A client that gets NXDOMAIN asks again only if
        the program does; one that gets no reply or SERVFAIL may ask again of its own accord (resolv.conf(5),
        `attempts`).
        """
        wanted = name.lower().rstrip(".")
        asked = [query for query in self.queries if (query.client, query.name) == (client, wanted)]
        of_type = {kind: tuple(query for query in asked if query.type == kind) for kind in ("A", "AAAA")}
        return of_type["A"] or of_type["AAAA"]


def _query(event: Event) -> Query:
    return Query(
        at=event["monotonic_ns"] / 1e9,
        client=event["client"],
        # Only the letters of ASCII are the same in capitals (RFC 4343).
        name=to_bytes(event["name"]).lower().decode("utf-8", "surrogateescape"),
        type=TYPES.get(event["type"], f"TYPE{event['type']}"),
        code=_code(event),
        answer="" if event["answer"] is None else to_text(event["answer"]),
        delayed=bool(event["delayed"]),
    )


def _code(event: Event) -> str:
    return "" if event["code"] is None else CODES[event["code"]]
