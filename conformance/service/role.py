"""What the probe is in a container: it watches a command, or stands in for a program or for all of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from conformance.outcome.record import KEY_BYTES
from conformance.probe.bundle import beginning, report, trace


@dataclass(frozen=True)
class Probe:
    """What the probe does in a container: trace this command, stand in for the program at this path, or be all of it.

    `lines` are those of a plan that the probe follows in the place of the image's command; see `standin.c`. `mapped` is
    what the tracer looks for in its processes, and `halt` when it halts them; see `conformance.probe.bundle.trace`.
    `key` seals the record of a probe that is the container's first process; where it only stands in for a program, the
    image could read it before.
    """

    traced_argv: tuple[str, ...] = ()
    stand_in: str = ""
    lines: tuple[str, ...] = ()
    mapped: str = ""
    halt: str = ""
    key: bytes = field(default_factory=lambda: secrets.token_bytes(KEY_BYTES), repr=False)

    def beginning(self) -> bytes:
        """What is unpacked at `/` before the start, without an end; nothing where the probe is not wanted."""
        if self.lines:
            return beginning(report(*self.lines), key=self.key)
        if self.traced_argv:
            return beginning(trace(mapped=self.mapped, halt=self.halt), key=self.key)
        return beginning(report(), copies=[self.stand_in]) if self.stand_in else b""
