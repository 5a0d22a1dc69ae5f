"""What a trace shows besides processes and signals: calls that lead out of the container, and when the work began.

The tracer's part of both stands in `conformance/probe/src`, with what it cannot see: `outside.h` and `beginning.h`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from conformance.outcome.record import Event, to_text

_NANOSECONDS = 1_000_000_000

_ERRORS = """
1 EPERM 4 EINTR 9 EBADF 11 EAGAIN 13 EACCES 14 EFAULT 22 EINVAL 32 EPIPE 38 ENOSYS 88 ENOTSOCK 90 EMSGSIZE
91 EPROTOTYPE 97 EAFNOSUPPORT 98 EADDRINUSE 99 EADDRNOTAVAIL 100 ENETDOWN 101 ENETUNREACH 102 ENETRESET
103 ECONNABORTED 104 ECONNRESET 105 ENOBUFS 106 EISCONN 110 ETIMEDOUT 111 ECONNREFUSED 112 EHOSTDOWN
113 EHOSTUNREACH 114 EALREADY 115 EINPROGRESS
"""

_WORDS = _ERRORS.split()

ERRORS = {int(number): name for number, name in zip(_WORDS[::2], _WORDS[1::2], strict=True)}
"""What connect(2) and sendto(2) fail with on Linux: the suite may run where the numbers are others."""

INTERPRETERS = ("bash", "dash", "ash", "sh", "zsh", "ksh", "python", "pypy", "Rscript", "perl", "ruby", "node", "julia")
"""How the name of a program begins whose first argument is the file that it runs."""

UNPACKERS = frozenset({"tar", "bsdtar", "gunzip", "unzip"})
"""What unpacks a program that was delivered as an input."""


@dataclass(frozen=True, slots=True)
class Connect:
    """A call by which a process wanted to reach an address that is not loopback: connect(2), or sendto(2) with one.

    `at` is when it was made, on the clock that never jumps. `error` is `ENETUNREACH` or the like, empty where the call
    succeeded, and None where it had not returned when the thread or the record ended. Connecting a datagram socket
    sends nothing, so success does not say that anybody is there; with `EINPROGRESS` the call waits in the background.
    """

    at: float
    pid: int
    address: str
    port: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """The first file of a directory below /opt/ml/processing that was opened, or moved there, after the start."""

    at: float
    path: str


class ActivityReader:
    """Puts the events together, in their order."""

    def __init__(self) -> None:
        """Nothing was seen so far."""
        self._connects: list[Connect] = []
        self._uses: list[Use] = []
        self._left_out = False
        self._waiting: dict[int, int] = {}
        self._halted: list[float] = []

    def facts(self) -> dict[str, Any]:
        """What a `Trace` has of it, by the names of its fields."""
        return {
            "connects": tuple(self._connects),
            "connects_left_out": self._left_out,
            "uses": tuple(self._uses),
            "halted_seconds": self._halted_seconds(),
        }

    def read(self, event: Event) -> None:
        """Take an event; others than those of this module are left alone."""
        at = event["monotonic_ns"] / _NANOSECONDS
        match event["event"]:
            case "connect":
                self._waiting[event["thread"]] = len(self._connects)
                self._connects.append(Connect(at, event["pid"], to_text(event["address"]), event["port"]))
            case "connected" if event["thread"] in self._waiting:
                index = self._waiting.pop(event["thread"])
                number = event["errno"]
                error = ERRORS.get(number, f"errno {number}") if number else ""
                self._connects[index] = replace(self._connects[index], error=error)
            case "connects-left-out":
                self._left_out = True
            case "work":
                self._uses.append(Use(at, to_text(event["path"])))
            case "halted" | "resumed":
                self._halted.append(at)

    def _halted_seconds(self) -> float:
        """From when the tracer halted all processes until it let them go on; it does so once."""
        return max(self._halted) - min(self._halted) if self._halted else 0.0


def work_began(uses: Iterable[Use], executions: Iterable[tuple[tuple[str, ...], str]]) -> float | None:
    """When the first input or output was used; None where none was, as far as it was seen.

    `executions` are the command lines of all programs, each with its working directory. A file that an interpreter
    runs, or that is unpacked, is a program which was delivered as an input, and reading it is no work yet.
    """
    programs = {path for argv, cwd in executions for path in _programs(argv, cwd)}
    return min((use.at for use in uses if use.path not in programs), default=None)


def _programs(argv: tuple[str, ...], cwd: str) -> tuple[str, ...]:
    """The files that a command line runs or unpacks, as absolute paths."""
    name = posixpath.basename(argv[0]) if argv else ""
    files = [argument for argument in argv[1:] if not argument.startswith("-")]
    if name.startswith(INTERPRETERS):
        files = files[:1]
    elif name not in UNPACKERS:
        files = []
    return tuple(posixpath.normpath(posixpath.join(cwd, each)) for each in (*argv[:1], *files))
