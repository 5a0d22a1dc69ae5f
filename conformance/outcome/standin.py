"""What a stand-in for the workload found inside a container.

This module is pure: `every_witness` takes the bytes of a record and looks at nothing else. What a stand-in can be told
to do stands in `conformance/probe/src/standin.c`, and all that it writes down in `witness.c` beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.outcome.record import Event, Record, maybe_text, to_text

_MOUNTS = "/proc/self/mountinfo"


@dataclass(frozen=True)
class Witness:
    """What a process sees of its container when it begins.

    `variables` are the environment's entries as they stand there, in their order, duplicates included. `mounts` are the
    paths of all mounts in the kernel's order: a later one may cover an earlier one.
    """

    pid: int
    argv: tuple[str, ...]
    variables: tuple[str, ...]
    uid: int
    cwd: str
    mounts: tuple[str, ...]

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment as getenv(3) tells it: of several entries with one name the first counts."""
        pairs = (entry.partition("=") for entry in reversed(self.variables))
        return {name: value for name, _, value in pairs}


def every_witness(content: bytes, key: bytes = b"") -> tuple[Witness, ...]:
    """What each process found that the stand-in was started as; empty where there was none."""
    return tuple(_witness(found) for found in Record.parse(content, key).named("witness"))


def _witness(found: Event) -> Witness:
    return Witness(
        pid=found["pid"],
        argv=_texts(found["argv"]),
        variables=_texts(found["environment"]),
        uid=found["uid"],
        cwd=maybe_text(found["cwd"]),
        # Not `splitlines`: a path may have any other character at which that parts lines.
        mounts=tuple(_mounted(line) for line in maybe_text(found["files"].get(_MOUNTS)).split("\n") if line),
    )


def _texts(texts: list[str]) -> tuple[str, ...]:
    return tuple(to_text(text) for text in texts)


def _mounted(line: str) -> str:
    """Where the mount of a line of /proc/self/mountinfo is (proc_pid_mountinfo(5))."""
    path = line.split(" ")[4]
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(escape, character)
    return path
