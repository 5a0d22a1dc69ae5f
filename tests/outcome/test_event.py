"""Records that another program of the container wrote to: they are read as far as they can be trusted."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.outcome.event import FIELDS
from conformance.outcome.record import Record
from conformance.outcome.standin import every_witness
from conformance.outcome.trace import Trace
from tests.support.recording import arrive, become, begin, counted, fork, leave, reach, reached, record, use

RUN = counted(
    record(
        begin(),
        *(("watching", {"directories": 3}), become(1, "sh", "-c", "x"), fork(8), become(8, "python3", "/p.py")),
        *(use("/opt/ml/processing/input/data/x"), reach(8), reached(8, 101), arrive(8, 15), leave(8, 1), leave(1)),
    )
)
"""A record as the tracer writes one."""

FORGED = record(arrive(8, 2))

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([10**400, -1, 2**64]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A record in which bytes, fields or lines were changed, added or taken away."""
    lines: list[bytes] = RUN.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["bytes", "field", "remove", "event"])):
            case "bytes":
                line, begins = lines[at], draw(st.integers(0, len(lines[at])))
                lines[at] = line[:begins] + draw(st.binary(max_size=8)) + line[begins + draw(st.integers(0, 8)) :]
            case "field":
                event = json.loads(RUN.splitlines()[draw(st.integers(0, RUN.count(b"\n") - 1))])
                event[draw(st.sampled_from(sorted(event)))] = draw(values)
                lines[at] = json.dumps(event).encode() + b"\n"
            case "remove":
                lines[at] = b"\n"
            case "event":
                event = {"event": draw(st.sampled_from(sorted(FIELDS))), "time_ns": 1, "monotonic_ns": 1}
                event |= {name: draw(values) for name in FIELDS[event["event"]]}
                lines.insert(at, json.dumps(event).encode() + b"\n")
    return b"".join(lines)


@settings(max_examples=400)
@given(mutated())
def test_no_record_makes_the_reader_fail(content: bytes) -> None:
    """Whatever stands in it, it is read as far as it goes; where not even the beginning is left, there is a fault."""
    trace = Trace.parse(content)

    assert trace.processes or trace.fault
    assert trace.work_began is None or trace.uses


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    """Nor do any bytes at all, beside a record or alone."""
    assert Trace.parse(content).fault
    assert len(Trace.parse(RUN + content).processes) == len(Trace.parse(RUN).processes)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS["witness"])), values))
def test_no_witness_makes_the_reader_fail(fields: dict[str, Any]) -> None:
    """A stand-in's record is open to the image's wrapper too."""
    content = record(("witness", fields), ("begin", fields), ("done", fields))

    assert () == every_witness(content)


def test_the_record_of_a_run_is_whole() -> None:
    """The tracer's own counting finds nothing missing."""
    trace = Trace.parse(RUN)

    assert ("", 2, 1, 1) == (trace.fault, len(trace.processes), len(trace.connects), len(trace.uses))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b'{"event":"fork"}\n', "line 11 of the record is not an event: it was truncated or overwritten"),
        (b"[" * 100_000 + b"\n", "line 11 of the record is not an event: it was truncated or overwritten"),
        (b'{"event":["fork"]}\n', "line 11 of the record is not an event: it was truncated or overwritten"),
        (FORGED, "the record was overwritten before line 11"),
        (record(("exec-failed", {"command": "x", "errno": 2})), "the record was overwritten before line 11"),
        (FORGED.replace(b"}", b', "written": 1}'), "the record was overwritten before line 11"),
    ],
    ids=["no fields", "deep", "no name", "an event", "one of the command's", "a wrong count"],
)
def test_a_line_of_somebody_else_s_is_found(content: bytes, fault: str) -> None:
    """Something that looks like an event is not believed: the tracer would have counted it."""
    lines = RUN.splitlines(keepends=True)
    trace = Trace.parse(b"".join([*lines[:-1], content, lines[-1]]))

    assert (fault, ["SIGTERM"]) == (trace.fault, [arrival.name for arrival in trace.signals])


def test_a_line_that_counts_as_the_tracer_does_is_found_by_the_next_one() -> None:
    """Whoever continues the count cannot have the tracer know of it, which has the last word."""
    lines = RUN.splitlines(keepends=True)
    forged = FORGED.replace(b"}", f', "written": {sum(map(len, lines[:-1]))}}}'.encode())

    assert "the record was overwritten before line 12" == Trace.parse(b"".join([*lines[:-1], forged, lines[-1]])).fault


@pytest.mark.parametrize("left", [RUN[500:], RUN.split(b"\n", 3)[3], RUN.splitlines(keepends=True)[-1]])
def test_a_record_that_was_emptied_is_found(left: bytes) -> None:
    """What the tracer writes after that says how much went before it."""
    record_found = Record.parse(left)

    assert ((), True) == (record_found.events, bool(record_found.fault))
