"""The service: it runs a job request the way Processing does and says what it observed.

Nothing outside this package imports `docker` or `boto3`.
"""

from __future__ import annotations

from typing import Protocol

from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN, Conditions
from conformance.job.request import JobRequest
from conformance.job.standin import StandIn
from conformance.job.variation import Variation
from conformance.outcome.outcome import Outcome


class Service(Protocol):
    """What runs jobs, wherever it does."""

    def run(
        self,
        image: Image,
        request: JobRequest,
        variation: Variation,
        *,
        stop_after_seconds: float | None = None,
        stop_at_work: tuple[str, ...] | None = None,
        cut_off_after_seconds: float | None = None,
        stand_in: str = "",
        played: StandIn | None = None,
        programs: frozenset[str] = frozenset(),
        conditions: Conditions = AS_CHOSEN,
    ) -> Outcome:
        """Run a job to its end; a variation that is stopped gets its signal after that many seconds.

        With `stop_at_work` it gets it before, as soon as an input or output is used after a process came to have
        these arguments, or any where there are none. Until the signal has come, all processes are halted.

        `cut_off_after_seconds` is when its last host is cut from the network of the others.

        `stand_in` is the absolute path of a file in the image, no link, in whose place the probe is put: what would
        have run it runs the probe, which writes down what it was given, and exits with 0. `played` is the program whose
        part the probe plays in any run of the suite's own request, as `conformance.service.play` says.

        `programs` are the inputs that bring the program, by name: no variation changes what they hold.

        `conditions` are the suite's own choices that this run does without.

        Raises:
            JobError: the job could not be run, for a reason that lies with the service.
        """

    def close(self) -> None:
        """Remove everything that the jobs of this service left."""
