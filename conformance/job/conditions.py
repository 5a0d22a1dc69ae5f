"""Under which conditions a run is made: the suite's own choices that may be lifted to see whether one of them counts.

AWS documents none of these choices, so that a job which fails under one of them, and succeeds where it is lifted, has
broken no rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Lifted(StrEnum):
    """A choice of the suite's own that a run does without."""

    OWNERS = "directories and files below /opt/ml that any user may write"
    """Instead of root:root, 0755 and 0644, which users report and AWS does not document."""
    NO_NETWORK = "a network interface and a name server"
    """Instead of no network at all, for a job of one host; there is still no way out."""
    SHARED_MEMORY = "1 GiB of shared memory"
    """Instead of 64 MiB at /dev/shm, which users report and AWS does not document."""
    MOUNTS = "/opt/ml in the container's own file system"
    """Instead of a volume, across whose border nothing can be renamed or linked."""
    MEMBERS = "documents with further members"
    """Instead of documents with the members alone that AWS's example shows."""


@dataclass(frozen=True)
class Conditions:
    """How a run is made: with or without the tracer, and which of the suite's choices are lifted."""

    traced: bool = True
    lifted: frozenset[Lifted] = frozenset()

    def untraced(self) -> Conditions:
        """The same without the tracer."""
        return replace(self, traced=False)

    def lifting(self, *choices: Lifted) -> Conditions:
        """The same with further choices lifted."""
        return replace(self, lifted=self.lifted | set(choices))


AS_CHOSEN = Conditions()
"""With the tracer, and everything as the settings have it."""
