"""The probe's record: one JSON object a line, in which text is bytes.

The probe writes each byte as the character of its number, so that arguments and paths that are not UTF-8 come through.
Here they become text as Python gives it for names of files: what is not UTF-8 is kept as surrogates, and
`os.fsencode` restores the bytes. This module is pure: it reads bytes that were read elsewhere.

Every user of the container may write to the record, so it may hold anything. What is not an event as the probe writes
it ends the record early, with a fault, and so does a line that another program added or took away: each line of the
tracer says how many bytes the tracer had written before it. A line whose bytes were replaced by as many others that
make an event again is not noticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.outcome.event import is_event

Event = Mapping[str, Any]

COMMANDS_OWN = frozenset({"exec-failed", "unfiltered"})
"""Events that the command's process writes itself, beside the tracer, before it becomes the command."""


@dataclass(frozen=True)
class Record:
    """The events in the order in which they were written; `fault` says why the last ones may be missing."""

    events: tuple[Event, ...]
    fault: str = ""

    @classmethod
    def parse(cls, content: bytes) -> Record:
        """Read a record, as far as it goes: what a full disk or another program left in it ends it early."""
        events: list[Event] = []
        written = 0
        is_counted = has_begun = False
        for number, line in enumerate(content.split(b"\n"), start=1):
            if not line:
                continue
            event = _parse(line)
            if event is None:
                return cls(
                    tuple(events), f"line {number} of the record is not an event: it was truncated or overwritten"
                )
            name = event["event"]
            is_counted = is_counted or "written" in event
            has_begun = has_begun or name == "exec"
            if is_counted and (has_begun or name not in COMMANDS_OWN):
                if event.get("written") != written:
                    return cls(tuple(events), f"the record was overwritten before line {number}")
                written += len(line) + 1
            events.append(event)
            if name == "cut":
                return cls(tuple(events), "the record reached its size limit, or the container's disk was full")
        return cls(tuple(events), "" if events else "the record is empty or was removed, or the probe could not run")

    def named(self, *names: str) -> Iterator[Event]:
        """The events of these names."""
        return (event for event in self.events if event["event"] in names)


def _parse(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):  # the second where brackets are nested too deep
        return None
    return event if is_event(event) else None


def to_bytes(text: str) -> bytes:
    """The bytes that a text of the record stands for."""
    return text.encode("latin-1")


def to_text(text: str) -> str:
    """The same as UTF-8, with surrogates for bytes that are not."""
    return to_bytes(text).decode("utf-8", "surrogateescape")


def maybe_text(text: str | None) -> str:
    """The same for what may be missing: a link that could not be read is the empty string."""
    return "" if text is None else to_text(text)
