"""The execution of a pipeline: each step is a processing job, begun as soon as those have succeeded that it waits for.

Source: the developer guide, "Amazon SageMaker Pipelines". After a step has failed no other one is begun, those that run
come to their end, and nothing is tried again, whatever the RetryPolicies of a step; nor does a CacheConfig spare one:
inferred, or left out.
"""

from __future__ import annotations

import functools
import random
import string
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from queue import SimpleQueue
from typing import Any

from conformance.job import references
from conformance.job.draft import job_name
from conformance.serve import faults
from conformance.serve.definition import PROCESSING, Definition, Step, Unresolved, looked_up
from conformance.serve.faults import Fault
from conformance.serve.jobs import Job
from conformance.serve.jobs import Status as JobStatus

LONGEST_NAME = 63
RANDOM_LETTERS = 10
ID_LETTERS = 12

LONGEST_REASON = 1024
"""Characters of a step's `FailureReason`, by the API model."""

FAILED = "Step failure: One or multiple steps failed."


class Status(StrEnum):
    """`PipelineExecutionStatus`, and `StepStatus` without the word for what has been stopped at once."""

    EXECUTING = "Executing"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    FAILED = "Failed"
    SUCCEEDED = "Succeeded"

    @property
    def is_active(self) -> bool:
        """Whether it has not ended."""
        return self in {self.EXECUTING, self.STOPPING}


@dataclass(frozen=True)
class Doing:
    """How an execution has a processing job created, which may raise `Fault`, and stopped, and says how steps fail."""

    create: Callable[[str, dict[str, Any]], Job]
    stop: Callable[[Job], None]
    say: Callable[[str], None]


@dataclass
class StepRun:
    """What became of one step; `number` is its place among those that were begun."""

    step: Step
    number: int
    begun: float = field(default_factory=time.time)
    status: Status = Status.EXECUTING
    ended: float | None = None
    reason: str = ""
    job: Job | None = None

    def end(self, status: Status, reason: str = "") -> None:
        """It has ended."""
        self.status, self.reason, self.ended = status, reason[:LONGEST_REASON], time.time()

    def told(self) -> dict[str, Any]:
        """A `PipelineExecutionStep`."""
        optional = {
            "StepDisplayName": self.step.display_name,
            "StepDescription": self.step.description,
            "EndTime": self.ended,
            "FailureReason": self.reason,
            "Metadata": {"ProcessingJob": {"Arn": self.job.arn}} if self.job is not None else None,
        }
        return {
            "StepName": self.step.name,
            "StartTime": self.begun,
            "StepStatus": self.status,
            "AttemptCount": 1,
            **{name: value for name, value in optional.items() if value},
        }


class Execution:
    """One execution, which goes on in a thread of its own until `join` returns."""

    def __init__(
        self,
        region: str,
        pipeline: Mapping[str, Any],
        definition: Definition,
        values: Mapping[str, Any],
        request: Mapping[str, Any],
        doing: Doing,
    ) -> None:
        """Begin to execute a pipeline, as DescribePipeline tells it, with these values of its parameters."""
        self.region = region
        self.pipeline = str(pipeline["PipelineName"])
        self.definition = definition
        self.values = values
        self.request = request
        self.created = self.modified = time.time()
        self.status = Status.EXECUTING
        self._id = _letters(ID_LETTERS, string.ascii_lowercase + string.digits)
        self._pipeline_arn = str(pipeline["PipelineArn"])
        self.arn = f"{self._pipeline_arn}/execution/{self._id}"
        parallel = request.get("ParallelismConfiguration") or pipeline.get("ParallelismConfiguration") or {}
        self._most = int(parallel.get("MaxParallelExecutionSteps", len(definition.steps) or 1))
        self._doing = doing
        self._lock = threading.Lock()
        self._runs: dict[str, StepRun] = {}
        self._news: SimpleQueue[str | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._execute, name="execution", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Have it stopped, with the jobs of the steps that run; once more changes nothing.

        Raises:
            Fault: it has ended.
        """
        with self._lock:
            if not self.status.is_active:
                raise faults.execution_has_ended(self.arn, self.status)
            self.status, self.modified = Status.STOPPING, time.time()
        self._news.put(None)

    def join(self) -> None:
        """Wait until it has ended."""
        self._thread.join()

    def described(self) -> dict[str, Any]:
        """The answer of DescribePipelineExecution."""
        with self._lock:
            told = {
                "PipelineArn": self._pipeline_arn,
                "PipelineExecutionArn": self.arn,
                "PipelineExecutionDisplayName": f"execution-{int(self.created * 1000)}",
                "PipelineExecutionStatus": self.status,
                "CreationTime": self.created,
                "LastModifiedTime": self.modified,
            }
            echoed = ("PipelineExecutionDisplayName", "PipelineExecutionDescription", "ParallelismConfiguration")
            told |= {name: self.request[name] for name in echoed if name in self.request}
            return told | ({"FailureReason": FAILED} if self.status is Status.FAILED else {})

    def steps(self) -> list[tuple[int, dict[str, Any]]]:
        """The steps that were begun, in that order, each with its number."""
        with self._lock:
            return [(run.number, run.told()) for run in self._runs.values()]

    def _execute(self) -> None:
        while True:
            self._begin()
            if not self._running():
                break
            self._take(self._news.get())
        with self._lock:
            failed = any(run.status is Status.FAILED for run in self._runs.values())
            stopped = Status.STOPPED if self.status is Status.STOPPING else Status.SUCCEEDED
            self.status, self.modified = Status.FAILED if failed else stopped, time.time()

    def _begin(self) -> None:
        """Begin every step that is ready; one that fails at once is not running."""
        while step := self._next():
            run = StepRun(step, len(self._runs))
            with self._lock:
                self._runs[step.name] = run
            if step.type != PROCESSING:
                self._fail(run, f"step {step.name} is of type {step.type}; only {PROCESSING} steps are executed here")
                continue
            try:
                job = self._job(step)
            except Fault as fault:
                # As reported, up to the details.
                self._fail(run, f"Failed to invoke sagemaker:CreateProcessingJob. Error Details: {fault.message}")
            except Unresolved as unresolved:
                self._fail(run, f"{unresolved} has no value in step {step.name}")
            except Exception as error:  # noqa: BLE001 - whatever it is, the step has failed and its client is told
                self._fail(run, f"step {step.name} could not be begun: {error!r}")
            else:
                with self._lock:
                    run.job = job
                job.tell_end(functools.partial(self._news.put, step.name))

    def _next(self) -> Step | None:
        with self._lock:
            ended = {name for name, run in self._runs.items() if run.status is Status.SUCCEEDED}
            active = sum(run.status.is_active for run in self._runs.values())
            failed = any(run.status is Status.FAILED for run in self._runs.values())
            if self.status is not Status.EXECUTING or failed or active >= self._most:
                return None
            return next(
                (step for step in self.definition.steps if step.name not in self._runs and step.after <= ended), None
            )

    def _running(self) -> list[StepRun]:
        with self._lock:
            return [run for run in self._runs.values() if run.status.is_active]

    def _take(self, ended: str | None) -> None:
        """Take the news that a step's job has ended, or where none has that all are to be stopped."""
        for run in self._running():
            if run.job is None:
                continue
            if run.step.name == ended:
                self._end(run, run.job)
            elif self.status is Status.STOPPING and run.status is Status.EXECUTING:
                with self._lock:
                    run.status = Status.STOPPING
                self._doing.stop(run.job)

    def _end(self, run: StepRun, job: Job) -> None:
        match job.status:
            case JobStatus.COMPLETED:
                with self._lock:
                    run.end(Status.SUCCEEDED)
            case JobStatus.STOPPED if self.status is Status.STOPPING:
                with self._lock:
                    run.end(Status.STOPPED)
            case JobStatus.STOPPED:
                # By StopProcessingJob, or at its MaxRuntimeInSeconds: nothing that waits for its outputs can run.
                self._fail(run, f"the processing job {job.name} was stopped")
            case _:
                self._fail(run, job.failure_reason or "")

    def _fail(self, run: StepRun, reason: str) -> None:
        with self._lock:
            run.end(Status.FAILED, f"ClientError: {reason}")
        self._doing.say(f"pipeline {self.pipeline}: step {run.step.name}: Failed ({reason})")

    def _job(self, step: Step) -> Job:
        """Create the job of a step.

        Raises:
            Fault: its request is refused.
            Unresolved: something in it has no value.
        """
        prefix = step.arguments.get("ProcessingJobName")
        own = prefix if isinstance(prefix, str) else f"pipelines-{self._id}-{step.name}"
        name = f"{job_name(own)[: LONGEST_NAME - RANDOM_LETTERS - 1]}-{_letters(RANDOM_LETTERS)}"
        variables = {
            "PipelineName": self.pipeline,
            "PipelineArn": self._pipeline_arn,
            "PipelineExecutionId": self._id,
            "PipelineExecutionArn": self.arn,
            "ProcessingJobName": name,
            "StartDateTime": _iso(self.created),
            "CurrentDateTime": _iso(time.time()),
        }
        experiment = references.resolved(self.definition.experiment, lambda each: self._value(each, variables, {}))
        arguments = references.resolved(step.arguments, lambda each: self._value(each, variables, experiment))
        return self._doing.create(self.region, {**arguments, "ProcessingJobName": name})

    def _value(self, name: str, variables: Mapping[str, str], experiment: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        kind, _, rest = name.partition(".")
        places: Mapping[str, Mapping[str, Any]] = {
            "Parameters": self.values,
            "Execution": variables,
            "PipelineExperimentConfig": experiment,
        }
        if kind == "Steps":
            step, _, path = rest.partition(".")
            with self._lock:
                job = self._runs[step].job
            return looked_up(job.described() if job is not None else None, path)
        if rest not in places.get(kind, {}):
            raise Unresolved(name)
        return places[kind][rest]


def _letters(count: int, letters: str = string.ascii_letters + string.digits) -> str:
    return "".join(random.choices(letters, k=count))  # noqa: S311 - a name, and no secret


def _iso(seconds: float) -> str:
    """A time as a pipeline's variables have it; inferred."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
