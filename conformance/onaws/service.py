"""The service on AWS: each run is a job of its own, which is described until it has ended and then read.

Nothing runs before `allow` has said how many jobs may be made. `close` ends and removes whatever a session has there:
jobs that still run are stopped, and its objects deleted. The records of the jobs and their logs stay in the account.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from typing import Any

from botocore.exceptions import ClientError

from conformance.errors import JobError, UsageError
from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN, Conditions
from conformance.job.objects import Objects, S3Uri
from conformance.job.request import JobRequest
from conformance.job.standin import StandIn
from conformance.job.variation import Variation
from conformance.onaws import logs
from conformance.onaws.calls import Calls, code_of, explained
from conformance.onaws.place import Place
from conformance.onaws.sent import TAG, Account, Sent, sent
from conformance.onaws.shown import Seen, outcome
from conformance.outcome.outcome import Outcome

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0
"""How often a job is described: at first soon, in case that it fails at once, and then less and less often."""

START_SECONDS = 1_800.0
"""How long beyond its limit a job may take: instances are found and prepared before it runs."""

SETTLING = 0.1
"""For how much of the time that a job took its log has to be at rest: what provisions for minutes also logs late."""

LEAST_SETTLING_SECONDS, MOST_SETTLING_SECONDS = 0.5, 15.0

STOP_SECONDS = 180.0
"""How long jobs that are stopped have to end before the session's objects are removed all the same."""

ENDED = frozenset({"Completed", "Failed", "Stopped"})


class AwsService:
    """Runs jobs on AWS, several at a time; see `conformance.service.Service`."""

    def __init__(
        self,
        calls: Calls,
        objects: Objects | None,
        *,
        root: S3Uri,
        role: str,
        first: JobRequest,
        time_limit_seconds: float,
        keep: bool = False,
    ) -> None:
        """Run jobs with these objects as inputs, below a folder of their own in a bucket of the user's.

        `role` takes the place of each request's own, where it is not empty. `first` is the request whose role and
        instances a run gets that is not of the user's. No job runs longer than the limit.
        """
        self.run_id = uuid.uuid4().hex[:12]
        self._calls = calls
        self._objects = objects
        self._place = Place(calls, root, self.run_id)
        self._role = role
        self._first = first
        self._time_limit_seconds = max(1, int(time_limit_seconds))
        self._keep = keep
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._allowed = 0
        self._made = 0
        self._active: set[str] = set()
        self.kept: list[str] = []

    @property
    def where(self) -> str:
        """Region, and where the objects are, in words."""
        return f"{self._calls.region}, objects below {self._place.uri}/, jobs with the tag {TAG}={self.run_id}"

    def described(self) -> dict[str, Any]:
        """What the reports say of the service."""
        limit = {
            "name": "time_limit_seconds",
            "value": self._time_limit_seconds,
            "basis": "the suite's own limit, if shorter than MaxRuntimeInSeconds",
        }
        name = f"Amazon SageMaker Processing in {self._calls.region} ({self._calls.endpoint})"
        machine = {"kernel": "", "system": "", "architecture": ""}
        return {"name": "aws", "engine": name, **machine, "choices": [limit], "unbounded": []}

    def check(self, image: Image) -> None:
        """Raise `UsageError` where no job could be made: the bucket, or an image that AWS cannot have."""
        if _is_of_aws(self._calls.endpoint):
            image_uri(image)
        self._place.check()

    def allow(self, jobs: int) -> None:
        """Let as many jobs be made as the user has been told of."""
        with self._lock:
            self._allowed = jobs

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
        """Run a job to its end; see `conformance.service.Service.run`. There are no conditions of the suite's own.

        Raises:
            JobError: it could not be run, or AWS makes no such run.
        """
        around = (stop_after_seconds, stop_at_work, cut_off_after_seconds, stand_in or None, played)
        if not variation.can_be_sent or any(each is not None for each in around) or conditions.lifted:
            raise JobError(f"AWS makes no run with {variation}")
        name = self._next_name()
        given = sent(
            name,
            request,
            variation,
            account=self._account(image),
            objects=self._objects,
            folder=self._place.below(self.run_id, name),
            programs=programs,
        )
        begun = time.monotonic()
        for key, content in given.objects.items():
            self._goes_on(name)
            self._place.put(key, content)
        self._create(name, given)
        described = self._ended(name, given)
        took = time.monotonic() - begun
        settling = min(max(LEAST_SETTLING_SECONDS, SETTLING * took), MOST_SETTLING_SECONDS)
        said = logs.settled(self._calls, name, self._pause, settling)
        objects = {output: tuple(self._place.list(prefix)) for output, prefix in given.outputs.items()}
        return outcome(image, request, variation, Seen(described, given.limit_seconds, said, objects))

    def cancel(self) -> None:
        """Stop the jobs that still run, and wait for none of them any longer."""
        self._closing.set()
        for name in self._still_active():
            self._stop(name)

    def close(self) -> None:
        """Stop what still runs, and remove the objects unless they are to be kept; nothing is started any more.

        Raises:
            JobError: something of it is left; the message says what and where.
        """
        self.cancel()
        left = self._await_stopped()
        if not self._made:
            return
        if self._keep:
            self.kept = [f"{self._place.uri}/"]
        else:
            self._place.remove()
        if left:
            raise JobError(f"still stopping on AWS: {', '.join(left)}; what they upload stays below {self._place.uri}/")

    def _account(self, image: Image) -> Account:
        uri = image_uri(image) if _is_of_aws(self._calls.endpoint) else image.reference
        return Account(uri, self._role, self._first, self._time_limit_seconds, self.run_id)

    def _next_name(self) -> str:
        with self._lock:
            if self._made >= self._allowed:
                raise JobError(f"no more than the {self._allowed} jobs that were agreed to may run on AWS")
            self._made += 1
            return f"conformance-{self.run_id}-{self._made}"

    def _create(self, name: str, given: Sent) -> None:
        with self._lock:
            # Under the lock, so that no job is made after those that run were counted.
            self._goes_on(name)
            self._active.add(name)
        try:
            with explained(f"AWS refuses job {name}"):
                self._calls.sagemaker.create_processing_job(**given.document)
        except JobError as error:
            # A call that was repeated, since its answer was lost, finds the job that it has made.
            if not (isinstance(error.__cause__, ClientError) and code_of(error.__cause__) == "ResourceInUse"):
                self._forget(name)
                raise

    def _ended(self, name: str, given: Sent) -> dict[str, Any]:
        """What is told of a job once it has ended."""
        deadline = time.monotonic() + given.limit_seconds + START_SECONDS
        pause = FIRST_PAUSE_SECONDS
        while True:
            described = self._describe(name)
            if described["ProcessingJobStatus"] in ENDED:
                self._forget(name)
                return described
            if time.monotonic() > deadline:
                self._stop(name)
                raise JobError(f"job {name} did not end within its limit, and was stopped")
            self._goes_on(name)
            self._closing.wait(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)

    def _describe(self, name: str) -> dict[str, Any]:
        with explained(f"job {name} cannot be described"):
            found: dict[str, Any] = self._calls.sagemaker.describe_processing_job(ProcessingJobName=name)
            return found

    def _goes_on(self, name: str) -> None:
        if self._closing.is_set():
            raise JobError(f"the session ended before job {name} had")

    def _pause(self, seconds: float) -> None:
        self._closing.wait(seconds)

    def _still_active(self) -> list[str]:
        with self._lock:
            return sorted(self._active)

    def _forget(self, name: str) -> None:
        with self._lock:
            self._active.discard(name)

    def _stop(self, name: str) -> None:
        # It may have ended meanwhile, or be stopping already; whether it has ended is asked afterwards.
        with contextlib.suppress(JobError), explained(f"job {name} cannot be stopped"):
            self._calls.sagemaker.stop_processing_job(ProcessingJobName=name)

    def _await_stopped(self) -> list[str]:
        """Wait until the jobs that were stopped have ended; returns those that have not in time."""
        deadline = time.monotonic() + STOP_SECONDS
        pause = FIRST_PAUSE_SECONDS
        while names := self._still_active():
            for name in names:
                with contextlib.suppress(JobError):
                    if self._describe(name)["ProcessingJobStatus"] in ENDED:
                        self._forget(name)
            if time.monotonic() > deadline:
                break
            time.sleep(pause if self._still_active() else 0)
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
        return self._still_active()


def image_uri(image: Image) -> str:
    """The URI of an image in Amazon ECR, with the digest of what was inspected, so that AWS runs the same.

    Raises:
        UsageError: it is not in Amazon ECR, or the engine does not know under which digest.
    """
    host = image.reference.partition("/")[0]
    if ".dkr.ecr" not in host:
        raise UsageError(
            f"--image: expected an image in Amazon ECR, the only registry that Processing pulls from, got "
            f"{image.reference!r}",
            hint="push it, and name it <account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>",
        )
    name = image.reference.partition("@")[0]
    repository = name if ":" not in name.rpartition("/")[2] else name.rpartition(":")[0]
    pinned = next((each for each in image.pinned if each.partition("@")[0] == repository), None)
    if pinned is None:
        raise UsageError(
            f"--image: expected an image that was pushed to {repository} or pulled from it, so that AWS runs what is "
            "inspected here, but the engine knows no digest of it there",
            hint="docker push or docker pull",
        )
    return pinned


def _is_of_aws(endpoint: str) -> bool:
    """Whether an endpoint is AWS's own, and no other service that answers as it does."""
    host = endpoint.partition("://")[2].partition("/")[0].partition(":")[0]
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))
