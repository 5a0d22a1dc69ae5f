"""The probe's record as bytes: what is in it, and what is missing."""

import json
import os

from hypothesis import given
from hypothesis import strategies as st

from conformance.outcome.record import EMPTY, OVERWRITTEN, TRUNCATED, Record, maybe_text, to_bytes, to_text

# The probe's escaping, in Python.
UNPRINTABLE = {byte: f"\\u{byte:04x}" for byte in range(256) if not 0x20 <= byte <= 0x7E}
ESCAPES = UNPRINTABLE | {ord('"'): '\\"', ord("\\"): "\\\\"}


def escaped(content: bytes) -> bytes:
    """A text as the probe writes it."""
    return b'"' + "".join(ESCAPES.get(byte, chr(byte)) for byte in content).encode("ascii") + b'"'


@given(st.binary())
def test_any_bytes_come_through(content: bytes) -> None:
    """What the probe escapes is restored verbatim, as bytes and as text for names of files."""
    line = b'{"event":"x","text":' + escaped(content) + b"}\n"
    event = Record.parse(line).events[0]

    assert content == to_bytes(event["text"])
    assert content == to_text(event["text"]).encode("utf-8", "surrogateescape")


@given(st.text().filter(lambda text: text.isprintable()))
def test_text_comes_through(text: str) -> None:
    """What is UTF-8 is read as text."""
    content = escaped(os.fsencode(text)).decode("ascii")

    assert text == to_text(json.loads(content))


@given(st.binary())
def test_anything_is_read_as_far_as_it_goes(content: bytes) -> None:
    """A workload may have written to the record: what it wrote ends it, with a reason, and raises nothing."""
    record = Record.parse(b'{"event":"a"}\n\xff' + content)

    assert [{"event": "a"}] == list(record.events)
    assert record.fault in {OVERWRITTEN, TRUNCATED}


def test_a_line_that_was_cut_off_is_left_out() -> None:
    """A disk that became full leaves half a line."""
    record = Record.parse(b'{"event":"a"}\n{"event":"b","pi')

    assert (({"event": "a"},), TRUNCATED) == (record.events, record.fault)


def test_a_cut_record_says_so() -> None:
    """The probe's own mark ends the record, and is an event that one can see."""
    record = Record.parse(b'{"event":"a"}\n{"event":"cut"}\n{"event":"b"}\n')

    assert ["a", "cut"] == [event["event"] for event in record.events]
    assert "the record reached its size limit, or the container's disk was full" == record.fault


def test_an_empty_record_says_so() -> None:
    """Nothing was written: the probe did not run."""
    assert EMPTY == Record.parse(b"").fault


def test_a_missing_text_is_empty() -> None:
    """A link that could not be read is no text."""
    assert ("", "a") == (maybe_text(None), maybe_text("a"))
