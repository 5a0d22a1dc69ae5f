"""Whose the things on the engine are: names and labels that everything of a run carries, and what they tell.

The name is what tells that a thing is the suite's own: a container inherits the labels of its image, which may be any,
and so may be one that somebody else runs, but no image gives a container its name.

Whose it is, is told by a process: its machine, its process-id namespace, its number and when it started. What that
cannot tell, such as of a process on another machine, the engine does: see `cleanup`.
"""

from __future__ import annotations

import os
import platform
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PREFIX = "conformance"

RUN = "conformance.run"
OWNER = "conformance.owner"
KEPT = "conformance.kept"
IMAGE = "conformance.image"
"""What an image of the suite's own is for."""

HIGHEST_PID = 2**31 - 1

ENDED_STATES = {"Z", "X"}
"""The states of a process that nobody has waited for yet (proc(5))."""


@dataclass(frozen=True)
class Owner:
    """A process, named so that another process can tell whether it still lives."""

    machine: str
    namespace: str
    pid: int
    started: str

    def __str__(self) -> str:
        """As it stands in a label."""
        return f"{self.machine}/{self.namespace}/{self.pid}/{self.started}"

    @classmethod
    def parse(cls, text: str) -> Owner | None:
        """Read a label's value; None where it is not of this form."""
        parts = text.split("/")
        if len(parts) != 4 or not parts[2].isdecimal():  # noqa: PLR2004 - the four fields of the class
            return None
        pid = int(parts[2])
        return cls(parts[0], parts[1], pid, parts[3]) if 0 < pid <= HIGHEST_PID else None

    @classmethod
    def current(cls) -> Owner:
        """This process."""
        return cls(_machine(), _namespace(), os.getpid(), _started(os.getpid()) or "")

    def lives(self) -> bool | None:
        """Whether the process still lives; None where that cannot be told from this one.

        What cannot be read is not gone: with `hidepid`, the processes of other users are in no list.
        """
        if (self.machine, self.namespace) != (_machine(), _namespace()):
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:
            pass
        started = _started(self.pid)
        if started is None or not self.started:
            return None
        return started == self.started


def run_labels(run_id: str, *, kept: bool) -> dict[str, str]:
    """The labels of everything that a run of this process makes; none of them is left to an image."""
    return {RUN: run_id, OWNER: str(Owner.current()), KEPT: "true" if kept else "false"}


def new_name(labels: Mapping[str, str], what: str) -> str:
    """A name for a new thing with these labels, as `conformance-<run>-<what>-<number>`; `what` may be a host."""
    return f"{PREFIX}-{labels[RUN]}-{re.sub(r'[^a-zA-Z0-9_.-]', '-', what)}-{uuid.uuid4().hex[:8]}"


def is_own(name: str, labels: Mapping[str, str]) -> bool:
    """Whether a thing of this name and these labels was made here, which labels alone do not show."""
    run = labels.get(RUN, "")
    return bool(run) and OWNER in labels and name.removeprefix("/").startswith(f"{PREFIX}-{run}-")


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    # A copy of a running machine has its boot id.
    return f"{boot}.{platform.node()}".replace("/", "-")


def _namespace() -> str:
    try:
        # The /proc of another namespace has other processes under these numbers.
        if Path("/proc/self").readlink().name == str(os.getpid()):
            return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        pass
    return "none"


def _started(pid: int) -> str | None:
    """When a process started, in the kernel's own count; None where that cannot be read, empty where it has ended."""
    if _namespace() == "none":
        return None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return "" if fields[0] in ENDED_STATES else fields[19]
