"""What was read of the FIFOs of a job's Pipe inputs, as the process that fed them saw it; pure."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.outcome.record import Record, to_text


@dataclass(frozen=True, slots=True)
class Feed:
    """A FIFO that was opened: so many bytes stood ready for its reader, and so many of them were read."""

    path: str
    size: int
    read: int


def parse(record: bytes) -> tuple[Feed, ...]:
    """The FIFOs that were opened, in the order in which that was seen.

    Raises:
        ValueError: the record does not tell; see `conformance.outcome.record`.
    """
    parsed = Record.parse(record)
    if parsed.fault:
        raise ValueError(parsed.fault)
    return tuple(Feed(to_text(event["path"]), event["size"], event["read"]) for event in parsed.named("fed"))
