"""Records that another program of the container wrote to: they are read as far as they can be trusted."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.outcome.event import FIELDS
from conformance.outcome.record import EMPTY, KEY_BYTES, OVERWRITTEN, TRUNCATED
from conformance.outcome.standin import every_witness
from conformance.outcome.trace import UNENDED, Trace
from tests.support.recording import KEY, arrive, become, begin, fork, leave, reach, reached, record, sealed, use

RUN = sealed(
    record(
        begin(),
        *(("watching", {"directories": 3}), become(1, "sh", "-c", "x"), fork(8), become(8, "python3", "/p.py")),
        *(
            use("/opt/ml/processing/input/data/x"),
            reach(8),
            reached(8, 101),
            arrive(8, 15),
            leave(8, 1),
            leave(1),
            ("end", {}),
        ),
    )
)
"""A record as the tracer writes one."""


def parsed(content: bytes) -> Trace:
    """The trace of a record that the tracer sealed."""
    return Trace.parse(content, KEY)


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
    for trace in (parsed(content), Trace.parse(content)):
        assert trace.processes or trace.fault
        assert trace.work_began is None or trace.uses


@settings(max_examples=400)
@given(mutated())
def test_no_record_that_was_changed_is_believed_to_its_end(content: bytes) -> None:
    """Only what is still the tracer's, line by line, has no fault."""
    assert (RUN.splitlines() == [line for line in content.split(b"\n") if line]) is (not parsed(content).fault)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    """Nor do any bytes at all, beside a record or alone."""
    assert parsed(content).fault
    assert len(parsed(RUN + content).processes) == len(parsed(RUN).processes)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS["witness"])), values))
def test_no_witness_makes_the_reader_fail(fields: dict[str, Any]) -> None:
    """A stand-in's record is open to the image's wrapper too."""
    content = record(("witness", fields), ("begin", fields), ("done", fields))

    assert () == every_witness(content)


def test_the_record_of_a_run_is_whole() -> None:
    """Every line carries its seal, and the last one is there."""
    trace = parsed(RUN)

    assert ("", 2, 1, 1) == (trace.fault, len(trace.processes), len(trace.connects), len(trace.uses))


LINES = RUN.splitlines(keepends=True)
OTHER_KEY = sealed(record(begin(), arrive(8, 2)), b"x" * KEY_BYTES).splitlines(keepends=True)
UNSEALED = record(arrive(8, 2))
CAUGHT = b'"number": 15'


@pytest.mark.parametrize(
    "lines",
    [
        [*LINES[:-2], b'{"event":"fork"}\n', *LINES[-2:]],
        [*LINES[:-2], b"[" * 100_000 + b"\n", *LINES[-2:]],
        [*LINES[:-2], b"1" * 100_000 + b"\n", *LINES[-2:]],
        [*LINES[:-2], UNSEALED, *LINES[-2:]],
        [*LINES[:-2], record(("exec-failed", {"command": "x", "errno": 2})), *LINES[-2:]],
        [*LINES[:-2], LINES[3], *LINES[-2:]],
        [*LINES[:-2], *OTHER_KEY, *LINES[-2:]],
        [*LINES[:-2], LINES[-2].replace(b'"code": 0', b'"code": 1'), LINES[-1]],
        [*LINES[:3], *LINES[4:]],
        [*LINES[:3], LINES[4], LINES[3], *LINES[5:]],
        [*LINES, UNSEALED],
        LINES[1:],
        LINES[-1:],
        OTHER_KEY,
        [UNSEALED],
    ],
    ids=[
        *("no fields", "deep", "a huge number", "an event", "one of the command's", "a line again", "another key"),
        *("replaced", "removed", "reordered", "appended", "no beginning", "emptied", "invented", "without a seal"),
    ],
)
def test_a_record_that_was_written_over_is_found(lines: list[bytes]) -> None:
    """Whatever was added, changed, moved or taken away; what went before it is still believed."""
    trace = parsed(b"".join(lines))

    assert OVERWRITTEN == trace.fault
    assert {arrival.number for arrival in trace.signals} <= {15}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", EMPTY),
        (b"".join(LINES[:-1]), UNENDED),
        (b"".join(LINES[:-3]), UNENDED),
        (RUN[:-10], TRUNCATED),
    ],
)
def test_a_record_whose_end_is_missing_is_found(content: bytes, fault: str) -> None:
    """The last line is written when nothing more is to come, and a disk that is full leaves half a line."""
    assert fault == parsed(content).fault


def test_the_command_seals_the_one_line_that_it_writes_itself() -> None:
    """It does so where it could not begin, beside the tracer, and with a chain of its own; no other line may."""
    said = record(("exec-failed", {"command": "x", "errno": 2}))
    beside = [*LINES[:2], sealed(said), *LINES[2:]]
    forged = [*LINES[:2], sealed(UNSEALED), *LINES[2:]]

    assert (2, "") == (parsed(b"".join(beside)).failed_errno, parsed(b"".join(beside)).fault)
    assert OVERWRITTEN == parsed(b"".join(forged)).fault
