"""The operations on executions of pipelines, and those on the pipelines themselves that moto does not answer in full.

Source: the API reference. A page of 100 where MaxResults is left out, and what is listed last coming first: inferred.
"""

from __future__ import annotations

import json
from typing import Any

from conformance.job.objects import S3Uri
from conformance.serve import faults, listing
from conformance.serve.calls import Calls, Refused
from conformance.serve.definition import Definition
from conformance.serve.execution import Doing, Execution
from conformance.serve.executions import Executions
from conformance.serve.jobs import ACCOUNT, partition
from conformance.serve.objects import ServedObjects
from conformance.serve.operations import Answer, Handler

PAGE = 100

NOT_SERVED = ("SelectiveExecutionConfig", "PipelineVersionId", "PipelineVersionAlias", "MlflowExperimentName")
"""Members of StartPipelineExecution that would make another execution of it."""

SUMMARY = {
    "PipelineExecutionArn": "PipelineExecutionArn",
    "CreationTime": "StartTime",
    "PipelineExecutionStatus": "PipelineExecutionStatus",
    "PipelineExecutionDescription": "PipelineExecutionDescription",
    "PipelineExecutionDisplayName": "PipelineExecutionDisplayName",
    "FailureReason": "PipelineExecutionFailureReason",
}
"""The members of a description, with their names in a `PipelineExecutionSummary`."""

Request = dict[str, Any]


class Pipelines:
    """What clients may ask of pipelines; moto keeps these, and each execution is here."""

    def __init__(self, calls: Calls, executions: Executions, doing: Doing) -> None:
        """Answer for these executions, which create processing jobs."""
        self._calls = calls
        self._executions = executions
        self._doing = doing
        self.by_name: dict[str, Handler] = {
            "CreatePipeline": self._create_pipeline,
            "UpdatePipeline": self._update_pipeline,
            "DescribePipeline": self._describe_pipeline,
            "DeletePipeline": self._delete_pipeline,
            "StartPipelineExecution": self._start,
            "DescribePipelineExecution": self._describe,
            "ListPipelineExecutions": self._list,
            "ListPipelineExecutionSteps": self._list_steps,
            "StopPipelineExecution": self._stop,
            "DescribePipelineDefinitionForExecution": self._definition,
            "ListPipelineParametersForExecution": self._parameters,
        }

    def _create_pipeline(self, region: str, request: Request) -> Answer:
        return self._moto("CreatePipeline", region, **self._with_definition(region, request))

    def _update_pipeline(self, region: str, request: Request) -> Answer:
        name = self._pipeline(region, request)["PipelineName"]
        changed = {**self._with_definition(region, request), "PipelineName": name}
        return self._moto("UpdatePipeline", region, **changed)

    def _with_definition(self, region: str, request: Request) -> Request:
        """A request with the definition in it that it says lies in S3; of that, moto would make another text."""
        place = request.get("PipelineDefinitionS3Location")
        if place is None or "PipelineDefinition" in request:
            return request
        if "VersionId" in place:
            raise faults.not_served(["PipelineDefinitionS3Location.VersionId"])
        uri = S3Uri(place["Bucket"], place["ObjectKey"])
        found = ServedObjects(self._calls, region).get(uri)
        if found is None:
            raise faults.invalid_definition(f"there is no object {uri}")
        kept = {name: value for name, value in request.items() if name != "PipelineDefinitionS3Location"}
        return kept | {"PipelineDefinition": found.decode("utf-8", "replace")}

    def _describe_pipeline(self, region: str, request: Request) -> Answer:
        pipeline = self._pipeline(region, request)
        begun = [each.created for each in self._executions.of_pipeline(region, pipeline["PipelineName"])]
        return pipeline | ({"LastRunTime": begun[-1]} if begun else {})

    def _delete_pipeline(self, region: str, request: Request) -> Answer:
        pipeline = self._pipeline(region, request)
        name = pipeline["PipelineName"]
        if any(each.status.is_active for each in self._executions.of_pipeline(region, name)):
            raise faults.executes_still(pipeline["PipelineArn"])
        answer = self._moto(
            "DeletePipeline", region, PipelineName=name, ClientRequestToken=request["ClientRequestToken"]
        )
        self._executions.remove(region, name)
        return answer

    def _start(self, region: str, request: Request) -> Answer:
        if unserved := [name for name in NOT_SERVED if name in request]:
            raise faults.not_served(unserved)
        pipeline = self._pipeline(region, request)
        definition = Definition.parse(pipeline["PipelineDefinition"])
        given = {each["Name"]: each["Value"] for each in request.get("PipelineParameters", ())}
        values = definition.values(given)
        execution = self._executions.begin(
            region,
            pipeline["PipelineName"],
            request["ClientRequestToken"],
            lambda: Execution(region, pipeline, definition, values, request, self._doing),
        )
        return {"PipelineExecutionArn": execution.arn}

    def _describe(self, _region: str, request: Request) -> Answer:
        return self._execution(request).described()

    def _list(self, region: str, request: Request) -> Answer:
        after, before = request.get("CreatedAfter", float("-inf")), request.get("CreatedBefore", float("inf"))
        executions = self._executions.of_pipeline(region, self._pipeline(region, request)["PipelineName"])
        found = [each.described() for each in executions if after < each.created < before]
        descending = request.get("SortOrder", "Descending") == "Descending"
        member = request.get("SortBy", "CreationTime")

        def place(each: Request) -> list[Any]:
            return [each[member], each["PipelineExecutionArn"]]

        chosen = sorted(found, key=place, reverse=descending)
        shown, more = listing.cut(request, chosen, place, descending=descending, size=PAGE)
        summaries = [{told: each[name] for name, told in SUMMARY.items() if name in each} for each in shown]
        return {"PipelineExecutionSummaries": summaries, **more}

    def _list_steps(self, _region: str, request: Request) -> Answer:
        descending = request.get("SortOrder", "Descending") == "Descending"

        def place(each: tuple[int, Request]) -> list[Any]:
            return [each[0], each[1]["StepName"]]

        chosen = sorted(self._execution(request).steps(), key=place, reverse=descending)
        shown, more = listing.cut(request, chosen, place, descending=descending, size=PAGE)
        return {"PipelineExecutionSteps": [told for _, told in shown], **more}

    def _stop(self, _region: str, request: Request) -> Answer:
        execution = self._execution(request)
        execution.stop()
        return {"PipelineExecutionArn": execution.arn}

    def _definition(self, _region: str, request: Request) -> Answer:
        execution = self._execution(request)
        return {"PipelineDefinition": execution.definition.text, "CreationTime": execution.created}

    def _parameters(self, _region: str, request: Request) -> Answer:
        values = self._execution(request).values
        found = [{"Name": name, "Value": _text(value)} for name, value in sorted(values.items())]

        def place(each: dict[str, str]) -> list[Any]:
            return [each["Name"], each["Name"]]

        shown, more = listing.cut(request, found, place, descending=False, size=PAGE)
        return {"PipelineParameters": shown, **more}

    def _execution(self, request: Request) -> Execution:
        return self._executions.find(request["PipelineExecutionArn"])

    def _pipeline(self, region: str, request: Request) -> Request:
        """The pipeline that a request names or gives the ARN of, as moto tells it."""
        name = request["PipelineName"].rpartition("/")[2]
        try:
            told = self._calls.json("sagemaker", "SageMaker.DescribePipeline", region, PipelineName=name)
        except Refused as refused:
            arn = f"arn:{partition(region)}:sagemaker:{region}:{ACCOUNT}:pipeline/{name}"
            raise faults.no_pipeline(arn) from refused
        return {member: value for member, value in told.items() if value is not None}

    def _moto(self, operation: str, region: str, **members: Any) -> Request:  # noqa: ANN401 - members of the request
        try:
            return self._calls.json("sagemaker", f"SageMaker.{operation}", region, **members)
        except Refused as refused:
            raise faults.passed_on(refused.code, str(refused)) from refused


def _text(value: object) -> str:
    """A parameter's value as a request has it."""
    return value if isinstance(value, str) else json.dumps(value)
