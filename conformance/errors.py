"""What the suite itself can fail of: each error is one line, with a hint that says how to mend it.

The life of a session, and what ends it early:

* the command line is read      -> `UsageError`
* a job request is read         -> `RequestError`, which lists every fault
* the engine is reached         -> `EngineError`
* the image is found or pulled  -> `ImageError`
* a job is run                  -> `JobError`: the suite could not run it, which says nothing of the image
"""

from __future__ import annotations


class ConformanceError(Exception):
    """The suite cannot go on; `str()` gives the message and, after it, the hint."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep the message and the hint apart, so that a report may show them apart."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Message and hint in one line."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(ConformanceError):
    """An option that cannot be used as it stands."""


class RequestError(ConformanceError):
    """A `CreateProcessingJob` request that the service would refuse, or that is not run locally."""

    def __init__(self, source: str, faults: tuple[str, ...], *, hint: str = "") -> None:
        """Name where the request came from, and every fault that was found in it."""
        listed = f" {faults[0]}" if len(faults) == 1 else "".join(f"\n  - {fault}" for fault in faults)
        super().__init__(f"{source}:{listed}", hint=hint)
        self.faults = faults


class EngineError(ConformanceError):
    """The Docker Engine does not answer, or refuses."""


class ImageError(ConformanceError):
    """The image is not there, and cannot be pulled."""


class JobError(ConformanceError):
    """A job could not be run, for a reason that lies with the engine or the suite and not with the image."""
