"""The conditions of a run: the suite's own choices that can be lifted to find out whether one of them is the cause.

AWS documents none of these choices, so a job that fails under one of them, but succeeds without it, breaks no rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Lifted(StrEnum):
    """A choice of the suite that is lifted for a run."""

    OWNERS = "directories and files below /opt/ml writable for any user"
    """Instead of root:root, 0755 and 0644, which users report, but AWS does not document."""
    NO_NETWORK = "a network interface and a name server"
    """Instead of no network at all, for a job with one host; it still cannot reach the outside."""
    SHARED_MEMORY = "1 GiB of shared memory"
    """Instead of 64 MiB at /dev/shm, which users report, but AWS does not document."""
    MOUNTS = "/opt/ml in the container's own file system"
    """Instead of a volume, across whose boundary nothing can be renamed or hard-linked."""
    MEMBERS = "additional members in the configuration files"
    """Instead of only the members in AWS's example."""


@dataclass(frozen=True)
class Conditions:
    """With or without the tracer, and which of the suite's choices are lifted."""

    traced: bool = True
    lifted: frozenset[Lifted] = frozenset()

    def untraced(self) -> Conditions:
        """The same without the tracer."""
        return replace(self, traced=False)

    def lifting(self, *choices: Lifted) -> Conditions:
        """The same with further choices lifted."""
        return replace(self, lifted=self.lifted | set(choices))


AS_CHOSEN = Conditions()
"""With the tracer, and with all of the suite's choices."""
