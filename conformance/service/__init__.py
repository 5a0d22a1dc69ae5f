"""The service: it runs a job request the way Processing does and says what it observed.

Nothing outside this package imports `docker`, `boto3` or `moto`.
"""

from __future__ import annotations

from typing import Protocol

from conformance.image import Image
from conformance.job import JobRequest, Variation
from conformance.outcome import Outcome


class Service(Protocol):
    """What runs jobs, wherever it does."""

    def run(
        self, image: Image, request: JobRequest, variation: Variation, *, stop_after_seconds: float | None = None
    ) -> Outcome:
        """Run a job to its end; a variation that is stopped gets its signal after that many seconds.

        Raises:
            JobError: the job could not be run, for a reason that lies with the service.
        """

    def close(self) -> None:
        """Remove everything that the jobs of this service left."""
