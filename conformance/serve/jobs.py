"""The jobs that clients have created: what each of them is, and the states that it passes through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from conformance.job.request import DEFAULT_RUNTIME_SECONDS
from conformance.serve import faults
from conformance.service.live import StopOrder

ACCOUNT = "123456789012"
"""The account that moto has without being told another one."""

MOST_TAGS = 50


class Status(StrEnum):
    """`ProcessingJobStatus`: a job ends once, from InProgress or Stopping."""

    IN_PROGRESS = "InProgress"
    STOPPING = "Stopping"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPED = "Stopped"

    @property
    def is_active(self) -> bool:
        """Whether the job has not ended."""
        return self in {self.IN_PROGRESS, self.STOPPING}


def partition(region: str) -> str:
    """The partition of a region, as ARNs name it."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


@dataclass
class Job:
    """One job; what changes of it changes under its lock. Times are in seconds since 1970."""

    region: str
    request: Mapping[str, Any]
    tags: dict[str, str]
    created: float = field(default_factory=time.time)
    stop: StopOrder = field(default_factory=StopOrder)
    status: Status = Status.IN_PROGRESS
    modified: float = 0.0
    started: float | None = None
    ended: float | None = None
    exit_message: str | None = None
    failure_reason: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing has changed since it was created."""
        self.modified = self.created

    @property
    def name(self) -> str:
        """`ProcessingJobName`."""
        return str(self.request["ProcessingJobName"])

    @property
    def arn(self) -> str:
        """`ProcessingJobArn`, with the name as it is: clients read it from there."""
        return f"arn:{partition(self.region)}:sagemaker:{self.region}:{ACCOUNT}:processing-job/{self.name}"

    def has_started(self) -> float:
        """A container of it starts; when the first one did."""
        with self._lock:
            if self.started is None:
                self.started = self.modified = time.time()
            return self.started

    def ask_to_stop(self) -> None:
        """Have it stopped; once more changes nothing.

        Raises:
            Fault: it has ended.
        """
        with self._lock:
            if not self.status.is_active:
                raise faults.has_ended(self.status)
            if self.status is Status.IN_PROGRESS:
                self.status, self.modified = Status.STOPPING, time.time()
        self.stop.give()

    def end(self, status: Status, *, failure_reason: str | None = None, exit_message: str | None = None) -> None:
        """It has ended; what has ended before stays as it is."""
        with self._lock:
            if self.status.is_active:
                self.failure_reason, self.exit_message = failure_reason, exit_message
                self.ended = self.modified = time.time()
                self.status = status
            told, self._waiting = self._waiting, []
        for each in told:
            each()

    def tell_end(self, tell: Callable[[], None]) -> None:
        """Call this once it has ended, which may be at once."""
        with self._lock:
            is_active = self.status.is_active
            if is_active:
                self._waiting.append(tell)
        if not is_active:
            tell()

    def tag(self, tags: Mapping[str, str]) -> None:
        """Add tags, or replace those of the same key.

        Raises:
            Fault: it would have too many.
        """
        with self._lock:
            if len({**self.tags, **tags}) > MOST_TAGS:
                raise faults.too_many_tags()
            self.tags.update(tags)

    def untag(self, keys: list[str]) -> None:
        """Remove the tags of these keys; those that it does not have are no error."""
        with self._lock:
            for key in keys:
                self.tags.pop(key, None)

    def tag_list(self) -> list[dict[str, str]]:
        """Its tags, in the order in which they came."""
        with self._lock:
            return [{"Key": key, "Value": value} for key, value in self.tags.items()]

    def described(self) -> dict[str, Any]:
        """The answer of DescribeProcessingJob: every member of the request but the tags, and what became of it."""
        with self._lock:
            later = {
                "ProcessingStartTime": self.started,
                "ProcessingEndTime": self.ended,
                "ExitMessage": self.exit_message,
                "FailureReason": self.failure_reason,
            }
            return {
                "StoppingCondition": {"MaxRuntimeInSeconds": DEFAULT_RUNTIME_SECONDS},
                **{name: value for name, value in self.request.items() if name != "Tags"},
                "ProcessingJobArn": self.arn,
                "ProcessingJobStatus": self.status,
                "CreationTime": self.created,
                "LastModifiedTime": self.modified,
                **{name: value for name, value in later.items() if value is not None},
            }


class Jobs:
    """All jobs, by region and name."""

    def __init__(self) -> None:
        """There is none yet."""
        self._jobs: dict[tuple[str, str], Job] = {}
        self._lock = threading.Lock()

    def add(self, job: Job) -> None:
        """Add a job; raises `Fault` where its name is taken."""
        with self._lock:
            other = self._jobs.setdefault((job.region, job.name), job)
        if other is not job:
            raise faults.name_in_use(other.arn)

    def find(self, region: str, name: str) -> Job | None:
        """The job of this name."""
        with self._lock:
            return self._jobs.get((region, name))

    def of_arn(self, arn: str) -> Job:
        """The job with this ARN; raises `Fault` where there is none."""
        with self._lock:
            found = next((job for job in self._jobs.values() if job.arn == arn), None)
        if found is None:
            raise faults.unknown_resource(arn)
        return found

    def of_region(self, region: str) -> list[Job]:
        """The jobs of a region, in the order in which they were created."""
        with self._lock:
            return [job for (where, _), job in self._jobs.items() if where == region]

    def all(self) -> list[Job]:
        """Every job."""
        with self._lock:
            return list(self._jobs.values())

    def remove(self, job: Job) -> None:
        """Remove a job that has ended; raises `Fault` where it has not."""
        with self._lock:
            if job.status.is_active:
                raise faults.still_active(job.name, job.status)
            self._jobs.pop((job.region, job.name), None)
