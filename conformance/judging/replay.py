"""The recorded runs of a session in the place of a session that makes them: the same verdicts, without an engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.errors import JobError
from conformance.image.image import Image
from conformance.job.gpu import Choice
from conformance.job.request import JobRequest
from conformance.job.variation import Job, Variation
from conformance.outcome.outcome import Outcome
from conformance.rule.declaration import NotJudged
from conformance.rule.derived import BY_THEMSELVES, RESTING, request_of

Made = tuple[Variation, str]
"""What names a run of a session: how it differs, and its ProcessingJobName."""

Repeated = tuple[Variation, str, bool, int]
"""The same of one that was repeated: with the tracer or without, and which attempt it was."""


class UnrecordedError(JobError):
    """A verdict needs a run that is not recorded."""


@dataclass(frozen=True)
class Replay:
    """The runs of a session with jobs of the user's, on an engine.

    Which runs there are, and which of them would have shown nothing, follows from the others and is never recorded.
    `used` collects the runs that were asked for.
    """

    image: Image
    requests: tuple[JobRequest, ...]
    gpu: Choice
    has_aws: bool
    runs: Mapping[Made | Repeated, Outcome]
    used: set[Made | Repeated] = field(default_factory=set)

    @property
    def trial(self) -> None:
        """With a job of the user's there is none."""

    @property
    def aws(self) -> None:
        """An engine made the runs."""

    def outcomes(self, job: Job, request: JobRequest | None) -> tuple[Outcome, ...]:
        """As a session has them; raises the same `NotJudged`, or `UnrecordedError`."""
        # A session begins all of them before it waits for the first.
        found = [self._attempted(variation, request) for variation in job.runs]
        for each in found:
            if not isinstance(each, Outcome):
                raise each
        return tuple(each for each in found if isinstance(each, Outcome))

    def repeated(self, job: Job, request: JobRequest | None, *, traced: bool, attempt: int = 1) -> tuple[Outcome, ...]:
        """As a session has them; raises the same."""
        return tuple(self._again(variation, request, traced, attempt) for variation in job.runs)

    def tried(self) -> None:
        """With a job of the user's, the image's own program tries nothing else."""

    def _attempted(self, variation: Variation, request: JobRequest | None) -> Outcome | NotJudged | UnrecordedError:
        try:
            return self._run(variation, request)
        except (NotJudged, UnrecordedError) as stop:
            return stop

    def _run(self, variation: Variation, request: JobRequest | None) -> Outcome:
        asked = self._request_of(variation, request)
        if variation in RESTING:
            good = self._run(Variation.AS_REQUESTED, request)
            if RESTING[variation](self.image, good) is None:
                return good
        elif variation is not Variation.AS_REQUESTED and variation not in BY_THEMSELVES:
            # It waits for that one, and is run again as that one requires.
            self._run(Variation.AS_REQUESTED, request)
        return self._recorded((variation, asked.name))

    def _again(self, variation: Variation, request: JobRequest | None, traced: bool, attempt: int) -> Outcome:  # noqa: FBT001 - as above
        asked = self._request_of(variation, request)
        if variation in RESTING and RESTING[variation](self.image, self._run(Variation.AS_REQUESTED, request)) is None:
            variation = Variation.AS_REQUESTED
        return self._recorded((variation, asked.name, traced, attempt))

    def _request_of(self, variation: Variation, request: JobRequest | None) -> JobRequest:
        return request_of(variation, request, image=self.image.reference, aws=self.has_aws, gpu=self.gpu)

    def _recorded(self, key: Made | Repeated) -> Outcome:
        self.used.add(key)
        if key not in self.runs:
            raise UnrecordedError(f"no run {key[0]!s} of {key[1]} is recorded")
        return self.runs[key]
