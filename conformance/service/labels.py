"""The labels that everything on the engine carries, and what they allow to be removed.

Whose an object is, is told by a process: its machine, its process-id namespace, its number and when it started. Only
what belongs to a process that is surely gone is taken for left behind; what another machine or another container's
process made is left alone until its time is over.
"""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

RUN = "conformance.run"
OWNER = "conformance.owner"
EXPIRES = "conformance.expires"
KEPT = "conformance.kept"
IMAGE = "conformance.image"
"""What an image of the suite's own is for. Its containers inherit an image's labels, so it has none of the others."""

LIFETIME_SECONDS = 24 * 3600
"""After this long nothing of a run can still be in use: every wait of the suite is bounded."""


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
        return cls(parts[0], parts[1], int(parts[2]), parts[3])

    @classmethod
    def current(cls) -> Owner:
        """This process."""
        return cls(_machine(), _namespace(), os.getpid(), _start_time(os.getpid()))

    def is_gone(self) -> bool:
        """Whether the process is surely gone, as seen from this one."""
        if (self.machine, self.namespace) != (_machine(), _namespace()):
            return False
        return _start_time(self.pid) != self.started


def run_labels(run_id: str, *, kept: bool) -> dict[str, str]:
    """The labels of everything that a run of this process makes."""
    labels = {
        RUN: run_id,
        OWNER: str(Owner.current()),
        EXPIRES: str(int(time.time()) + LIFETIME_SECONDS),
    }
    return labels | ({KEPT: "true"} if kept else {})


def is_left_behind(labels: dict[str, str], *, now: float) -> bool:
    """Whether an object with these labels was left by a run that is over, and nobody asked to keep it."""
    if RUN not in labels or KEPT in labels:
        return False
    owner = Owner.parse(labels.get(OWNER, ""))
    if owner is not None and owner.is_gone():
        return True
    expires = labels.get(EXPIRES, "")
    return expires.isdecimal() and int(expires) < now


def _machine() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return platform.node().replace("/", "-")


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return "none"


def _start_time(pid: int) -> str:
    """When a process started, in the kernel's own count; empty where there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return "" if Path("/proc/self").exists() else _alive(pid)
    return fields[19]


def _alive(pid: int) -> str:
    """Without /proc the start cannot be told, only whether somebody has that number."""
    try:
        os.kill(pid, 0)
    except OSError:
        return ""
    return "alive"
