"""In which order the steps of a pipeline are begun, and what comes of the whole; their jobs are ended by the tests."""

from __future__ import annotations

import functools
import json
import random
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.serve.definition import Definition
from conformance.serve.execution import Doing, Execution
from conformance.serve.faults import Fault, invalid
from conformance.serve.jobs import Job, Status
from tests.serve.test_definition import step

PIPELINE = {"PipelineName": "p", "PipelineArn": "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/p"}


class Begun:
    """The jobs that an execution has created, by the words in their names; none ends by itself."""

    def __init__(self, *, refuses: bool = False) -> None:
        """None has been created, or ever is."""
        self.refuses = refuses
        self.jobs: dict[str, Job] = {}
        self.stopped: list[Job] = []

    def create(self, region: str, document: dict[str, Any]) -> Job:
        """Create a job, which goes on until somebody ends it."""
        if self.refuses:
            raise invalid(["no such type"])
        job = Job(region, document, {})
        self.jobs[document["Name"]] = job
        return job

    def are(self, count: int) -> bool:
        """Whether there are so many; never more."""
        assert len(self.jobs) <= count
        return len(self.jobs) == count


def execute(
    begun: Begun,
    *steps: dict[str, Any],
    said: Callable[[str], None] = lambda _: None,
    **members: Any,  # noqa: ANN401 - any JSON
) -> Execution:
    """Execute steps, whose jobs have their names as a member of the request."""
    named = [{**each, "Arguments": {"Name": each["Name"], **each["Arguments"]}} for each in steps]
    definition = Definition.parse(json.dumps({"Steps": named}))
    return Execution(
        "eu-west-1", PIPELINE, definition, {"Count": 3}, members, Doing(begun.create, begun.stopped.append, said)
    )


def until(is_so: Callable[[], bool]) -> None:
    """Wait for another thread."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def statuses(execution: Execution) -> dict[str, str]:
    """The status of each step that was begun."""
    return {told["StepName"]: told["StepStatus"] for _, told in execution.steps()}


def has_ended(execution: Execution, name: str) -> bool:
    """Whether a step that was begun has ended."""
    return statuses(execution)[name] in {"Succeeded", "Failed"}


@st.composite
def graphs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Steps that wait for some of those before them, in any order."""
    count = draw(st.integers(1, 7))
    steps = []
    for number in range(count):
        after = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        steps.append(step(str(number), *map(str, sorted(after))))
    return draw(st.permutations(steps))


@given(graphs(), st.integers(1, 4), st.randoms(use_true_random=False), st.integers(0, 7))
@settings(deadline=None, max_examples=60)
def test_steps_are_begun_when_those_before_have_succeeded(
    steps: list[dict[str, Any]], most: int, chance: random.Random, good: int
) -> None:
    """All that may, and no more at a time than asked for.

    The first `good` that end succeed, and the others fail. Once one has failed none is begun; those that run may end.
    """
    begun = Begun()
    execution = execute(begun, *steps, ParallelismConfiguration={"MaxParallelExecutionSteps": most})
    after = {each["Name"]: set(each.get("DependsOn", ())) for each in steps}
    ended: list[str] = []
    while True:
        succeeded = set(ended[:good])
        if len(ended) <= good:
            ready = {name for name in after if after[name] <= succeeded} - succeeded
            expected = min(most, len(ready))
            until(functools.partial(begun.are, expected + len(ended)))
            assert begun.jobs.keys() - ended <= ready
        running = sorted(begun.jobs.keys() - ended)
        if not running:
            break
        name = chance.choice(running)
        begun.jobs[name].end(Status.COMPLETED if len(ended) < good else Status.FAILED)
        until(functools.partial(has_ended, execution, name))
        if len(ended) >= good:
            assert {*ended, *running} == begun.jobs.keys()
        ended.append(name)
    execution.join()

    assert ("Failed" if len(ended) > good else "Succeeded") == execution.status
    assert len(ended) > good or after.keys() == set(ended)


def test_values_of_steps_and_of_the_execution_are_put_in() -> None:
    """Once the step that they are of has ended."""
    begun = Begun()
    read = {"Get": "Steps.a.ExitMessage"}
    execution = execute(
        begun,
        step("b", Count={"Get": "Parameters.Count"}, Read=read, Own={"Get": "Execution.ProcessingJobName"}),
        step("a", Id={"Get": "Execution.PipelineExecutionId"}),
    )
    until(lambda: "a" in begun.jobs)
    begun.jobs["a"].end(Status.COMPLETED, exit_message="from a")
    until(lambda: "b" in begun.jobs)
    begun.jobs["b"].end(Status.COMPLETED)
    execution.join()

    assert "Succeeded" == execution.status
    made = begun.jobs["b"].request
    assert (3, "from a", made["ProcessingJobName"]) == (made["Count"], made["Read"], made["Own"])
    assert execution.arn == f"{PIPELINE['PipelineArn']}/execution/{begun.jobs['a'].request['Id']}"
    assert begun.jobs["a"].name.startswith(f"pipelines-{begun.jobs['a'].request['Id']}-a-")


def test_job_has_the_name_that_its_step_begins() -> None:
    """Where it has one, as with the SDK's `use_custom_job_prefix`; a long one is cut, and its end is random."""
    begun = Begun()
    execution = execute(
        begun, step("a", ProcessingJobName="own"), step("b", ProcessingJobName="x" * 63), step("c_" + "d" * 62)
    )
    until(lambda: len(begun.jobs) == 3)
    for job in begun.jobs.values():
        job.end(Status.COMPLETED)
    execution.join()

    own, long, default = (job.name for job in begun.jobs.values())
    assert re.fullmatch(r"own-[a-zA-Z0-9]{10}", own)
    assert re.fullmatch(r"x{52}-[a-zA-Z0-9]{10}", long)
    assert re.fullmatch(r"pipelines-[a-z0-9]{12}-c-d{27}-[a-zA-Z0-9]{10}", default)
    assert {63} == {len(long), len(default)}


def test_experiment_of_the_pipeline_is_known() -> None:
    """By its members, which are joined of what the execution is."""
    begun = Begun()
    definition = {
        "PipelineExperimentConfig": {"ExperimentName": {"Get": "Execution.PipelineName"}},
        "Steps": [step("a", Name="a", Experiment={"Get": "PipelineExperimentConfig.ExperimentName"})],
    }
    doing = Doing(begun.create, begun.stopped.append, lambda _: None)
    execution = Execution("eu-west-1", PIPELINE, Definition.parse(json.dumps(definition)), {}, {}, doing)
    until(lambda: bool(begun.jobs))
    begun.jobs["a"].end(Status.COMPLETED)
    execution.join()

    assert "p" == begun.jobs["a"].request["Experiment"]


def test_what_has_no_value_fails_its_step() -> None:
    """As does a type of step that is not executed here; both are named."""
    for bad, expected in {
        "reference": (
            step("x", Count={"Get": "Parameters.None"}),
            "ClientError: Parameters.None has no value in step x",
        ),
        "function": (step("x", Count={"Std:JsonGet": {}}), "ClientError: Std:JsonGet has no value in step x"),
        "type": (
            step("train", of="Training"),
            "ClientError: step train is of type Training; only Processing steps are executed here",
        ),
    }.values():
        said: list[str] = []
        execution = execute(Begun(), bad, said=said.append)
        execution.join()
        ((_, told),) = execution.steps()

        assert ("Failed", expected) == (told["StepStatus"], told["FailureReason"])
        assert "EndTime" in told
        assert "Metadata" not in told
        assert "Step failure: One or multiple steps failed." == execution.described()["FailureReason"]
        assert [f"pipeline p: step {bad['Name']}: Failed ({expected.removeprefix('ClientError: ')})"] == said


def test_refused_job_fails_its_step() -> None:
    """With what CreateProcessingJob said."""
    execution = execute(Begun(refuses=True), step("x"))
    execution.join()
    ((_, told),) = execution.steps()

    said = "Failed to invoke sagemaker:CreateProcessingJob. Error Details: 1 validation error detected: no such type"
    assert f"ClientError: {said}" == told["FailureReason"]


def test_stop_reaches_the_jobs_and_begins_no_other() -> None:
    """The execution is Stopping until they have ended, and cannot be stopped afterwards."""
    begun = Begun()
    execution = execute(begun, step("a"), step("b"), step("c", "a"))
    until(lambda: len(begun.jobs) == 2)
    execution.stop()
    execution.stop()
    until(lambda: len(begun.stopped) == 2)
    between = execution.described()["PipelineExecutionStatus"], statuses(execution)
    begun.jobs["a"].end(Status.COMPLETED)
    begun.jobs["b"].end(Status.STOPPED)
    execution.join()

    assert ("Stopping", {"a": "Stopping", "b": "Stopping"}) == between
    assert ("Stopped", {"a": "Succeeded", "b": "Stopped"}) == (execution.status, statuses(execution))
    with pytest.raises(Fault, match="is in status Stopped"):
        execution.stop()


def test_job_that_somebody_stops_fails_its_step() -> None:
    """By StopProcessingJob, or at its MaxRuntimeInSeconds."""
    begun = Begun()
    execution = execute(begun, step("a"))
    until(lambda: bool(begun.jobs))
    begun.jobs["a"].end(Status.STOPPED)
    execution.join()

    assert ("Failed", {"a": "Failed"}) == (execution.status, statuses(execution))
