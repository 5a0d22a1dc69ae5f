"""The probe's record: one JSON object a line, in which text is bytes.

The probe writes each byte as the character of its number, so that arguments and paths that are not UTF-8 come through.
Here they become text as Python gives it for names of files: what is not UTF-8 is kept as surrogates, and
`os.fsencode` restores the bytes. This module is pure: it reads bytes that were read elsewhere.

Every user of the container may write to the record, so it may hold anything. Where the probe was given a key, each of
its lines is sealed: at its end stands a keyed hash of the line and of the seal before it (`probe/src/seal.h`). A line
that another program wrote, changed, moved or took away ends the record there, with a fault. Without a key, only what is
not an event as the probe writes it is noticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.outcome.event import is_event

Event = Mapping[str, Any]

OVERWRITTEN = "the record was written over"
EMPTY = f"{OVERWRITTEN} or removed, or the probe could not run"
TRUNCATED = "the record was truncated: the container's disk was full"
CUT = "the record reached its size limit, or the container's disk was full"

COMMANDS_OWN = "exec-failed"
"""The event that the command's process writes itself, beside the tracer, where it could not become the command."""

KEY_BYTES = 32
SEAL_BYTES = 16


@dataclass(frozen=True)
class Record:
    """The events in the order in which they were written; `fault` says why the last ones may be missing."""

    events: tuple[Event, ...]
    fault: str = ""

    @classmethod
    def parse(cls, content: bytes, key: bytes = b"") -> Record:
        """Read a record, as far as it goes: what a full disk or another program left in it ends it early.

        `key` is what the probe sealed it with, empty where it was given none.
        """
        events: list[Event] = []
        chain = _Chain(key)
        lines = content.split(b"\n")
        for line in filter(None, lines):
            is_next = not key or chain.continues_with(line)
            event = _parse(line) if is_next or _Chain(key).continues_with(line) else None
            if event is None or not (is_next or event["event"] == COMMANDS_OWN):
                return cls(tuple(events), TRUNCATED if line is lines[-1] else OVERWRITTEN)
            events.append(event)
            if event["event"] == "cut":
                return cls(tuple(events), CUT)
        return cls(tuple(events), "" if events else EMPTY)

    def named(self, *names: str) -> Iterator[Event]:
        """The events of these names."""
        return (event for event in self.events if event["event"] in names)


class _Chain:
    """The seals of one process's lines."""

    def __init__(self, key: bytes) -> None:
        """No line was read; the first one follows zeros."""
        self._key = key
        self._before = bytes(SEAL_BYTES)

    def continues_with(self, line: bytes) -> bool:
        """Whether a line carries the seal that it has to have after those before; only then does it count."""
        body, _, end = line.rpartition(b',"seal":"')
        seal = hashlib.blake2b(self._before + body, key=self._key, digest_size=SEAL_BYTES)
        if end != f'{seal.hexdigest()}"}}'.encode():
            return False
        self._before = seal.digest()
        return True


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
