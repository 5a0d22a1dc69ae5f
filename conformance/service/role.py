"""What the probe is in a container: it watches a command, or stands in for a program or for all of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from conformance.outcome.record import KEY_BYTES
from conformance.probe.bundle import beginning, report, trace, trace_and_report


@dataclass(frozen=True)
class Probe:
    """What the probe does in a container: trace this command, stand in for the program at this path, or be all of it.

    `lines` are those of a plan that the probe follows in the place of that program, or else of the image's command; see
    `standin.c`. `command` is how the command line begins by which that program is told from other uses of its file.
    `mapped` is what the tracer looks for in its processes, and `halt` when it halts them; see
    `conformance.probe.bundle.trace`. `awaits` is a line of a plan that comes first, by which
    nothing of the image begins before something answers (see `conformance.service.calls`), and `awaiting_argv` the
    command where it is then run untraced. `key` seals the record of a probe that is the container's first process;
    where it only stands in for a program, the image could read it before.
    """

    traced_argv: tuple[str, ...] = ()
    stand_in: str = ""
    lines: tuple[str, ...] = ()
    mapped: str = ""
    command: tuple[str, ...] = ()
    halt: str = ""
    awaits: str = ""
    awaiting_argv: tuple[str, ...] = ()
    key: bytes = field(default_factory=lambda: secrets.token_bytes(KEY_BYTES), repr=False)

    @property
    def begins_the_container(self) -> bool:
        """Whether the engine starts the probe and not the image's command."""
        return bool(self.argv or (self.lines and not self.stand_in))

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that the probe becomes, watched or not."""
        return self.traced_argv or self.awaiting_argv

    def beginning(self) -> bytes:
        """What is unpacked at `/` before the start, without an end; nothing where the probe is not wanted."""
        if self.stand_in:
            part = report(*self.lines, command=self.command)
            plan = trace_and_report(trace(mapped=self.mapped), part) if self.traced_argv else part
            key = self.key if self.traced_argv else b""
            return beginning(plan, copies=[self.stand_in], keeps=bool(self.command), key=key)
        if self.lines:
            return beginning(report(*self.lines), key=self.key)
        if self.traced_argv:
            first = (self.awaits,) if self.awaits else ()
            return beginning("\n".join((*first, trace(mapped=self.mapped, halt=self.halt))), key=self.key)
        return beginning(self.awaits) if self.awaiting_argv else b""
