"""The suite's own errors: each is one line, with a hint that says how to fix it.

The steps of a session, and the error that ends it early:

* the command line is read      -> `UsageError`
* a job request is read         -> `RequestError`, which lists every error in it
* the engine is reached         -> `EngineError`
* the image is found or pulled  -> `ImageError`
* a job is run                  -> `JobError`: the suite could not run it, which says nothing about the image
"""

from __future__ import annotations

from conformance import text


class ConformanceError(Exception):
    """The suite cannot continue; `str()` is the message as it is printed, followed by the hint in parentheses.

    A message may quote what an engine, a request or an image supplied, at any length.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep message and hint apart, so that a report can show them separately."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Message and hint: on one line, or below a list, whose last line alone it would seem to belong to."""
        behind = "\n  " if "\n" in self.message else " "
        said = f"{self.message}{behind}({self.hint})" if self.hint else self.message
        return text.lines("\n".join(map(text.shortened, said.split("\n"))))


class UsageError(ConformanceError):
    """An option has an invalid value."""


class RequestError(ConformanceError):
    """A `CreateProcessingJob` request that the service would reject, or that is not supported locally."""

    def __init__(self, source: str, faults: tuple[str, ...], *, hint: str = "") -> None:
        """Name the source of the request, and list every error that was found in it."""
        listed = f" {faults[0]}" if len(faults) == 1 else "".join(f"\n  - {fault}" for fault in faults)
        super().__init__(f"{source}:{listed}", hint=hint)
        self.faults = faults


class EngineError(ConformanceError):
    """The Docker Engine does not respond, or denies access."""


class ImageError(ConformanceError):
    """The image does not exist locally and cannot be pulled."""


class JobError(ConformanceError):
    """A job could not be run because of the engine or the suite, not because of the image."""


class LimitError(JobError):
    """A job reached a limit of the suite's own; the message names the option that sets it."""


class UploadError(JobError):
    """What a job is to upload cannot be put where its request says."""
