"""Pipelines of processing steps as boto3 sees them, on a real engine."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conformance.serve.server import Options, Server
from conformance.service import engine
from tests.support.served import MOST_SECONDS, Clients, output, refused, request

pytestmark = pytest.mark.engine

ROLE = "arn:aws:iam::123456789012:role/processing-conformance"
TOKEN = "0123456789abcdef0123456789abcdef"
SLEEPING = "import time; print('ready', flush=True); time.sleep(600)"


@pytest.fixture(name="aws", scope="module")
def _aws(reached: engine.Engine, tag: Callable[[str], str]) -> Iterator[Clients]:
    """A server; the reference and a bucket are there."""
    tag("reference")
    server = Server(reached, Options(grace_seconds=1))
    clients = Clients(server)
    clients.objects.create_bucket(Bucket="pipelines")
    yield clients
    server.close()
    clients.close()


def step(name: str, code: str, *after: str, of: str = "Processing", **members: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """A step that runs a program in the reference image."""
    arguments = request("none", code, **members)
    del arguments["ProcessingJobName"]
    return {"Name": name, "Type": of, "Arguments": arguments, **({"DependsOn": list(after)} if after else {})}


def create(aws: Clients, name: str, *steps: dict[str, Any], parameters: Any = ()) -> str:  # noqa: ANN401 - any JSON
    """Create a pipeline of these steps, and return its ARN."""
    definition = {"Version": "2020-12-01", "Metadata": {}, "Parameters": parameters, "Steps": steps}
    created = aws.processing.create_pipeline(
        PipelineName=name, PipelineDefinition=json.dumps(definition), ClientRequestToken=TOKEN, RoleArn=ROLE
    )
    return str(created["PipelineArn"])


def start(aws: Clients, name: str, token: str = TOKEN, **members: Any) -> str:  # noqa: ANN401 - members of the request
    """Start an execution, and return its ARN."""
    started = aws.processing.start_pipeline_execution(PipelineName=name, ClientRequestToken=token, **members)
    return str(started["PipelineExecutionArn"])


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + MOST_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def ended(aws: Clients, arn: str) -> dict[str, Any]:
    """What is told of an execution once it has ended."""
    until(lambda: status(aws, arn) not in {"Executing", "Stopping"})
    found: dict[str, Any] = aws.processing.describe_pipeline_execution(PipelineExecutionArn=arn)
    return found


def status(aws: Clients, arn: str) -> str:
    """The status of an execution."""
    return str(aws.processing.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"])


def steps(aws: Clients, arn: str) -> dict[str, dict[str, Any]]:
    """What is told of each step that was begun, the last one first."""
    found = aws.processing.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    return {each["StepName"]: each for each in found}


def job(aws: Clients, told: dict[str, Any]) -> dict[str, Any]:
    """The processing job of a step."""
    return aws.describe(told["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2])


WRITES = "import os; open('/opt/ml/processing/output/train/x', 'w').write(os.environ['WHAT'])"
READS = """
import os
for name in sorted(os.listdir("/opt/ml/processing/input/data")):
    print(name, open("/opt/ml/processing/input/data/" + name).read())
"""


def test_outputs_of_one_step_are_inputs_of_another(aws: Clients) -> None:
    """With parameters, defaults and joined strings; the job of each step is one like any other."""
    uri = {"Std:Join": {"On": "/", "Values": ["s3://pipelines", {"Get": "Execution.PipelineExecutionId"}, "train"]}}
    writing = step("write", WRITES, Environment={"WHAT": {"Get": "Parameters.What"}}, **output("train", "s3://none/x"))
    writing["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = uri
    writing["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = {"Get": "Parameters.Count"}
    made = {"Get": "Steps.write.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"}
    reading = step(
        "read",
        READS,
        ProcessingInputs=[
            {
                "InputName": "data",
                "S3Input": {
                    "S3Uri": made,
                    "LocalPath": "/opt/ml/processing/input/data",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
    )
    parameters = [
        {"Name": "What", "Type": "String", "DefaultValue": "default"},
        {"Name": "Count", "Type": "Integer", "DefaultValue": 1},
    ]
    arn = create(aws, "data", reading, writing, parameters=parameters)

    started = start(aws, "data", PipelineParameters=[{"Name": "What", "Value": "given"}])
    told = ended(aws, started)
    found = steps(aws, started)

    assert ("Succeeded", None) == (told["PipelineExecutionStatus"], told.get("FailureReason"))
    assert started.startswith(f"{arn}/execution/")
    assert arn == told["PipelineArn"]
    assert ["read", "write"] == list(found)
    assert {"Succeeded"} == {each["StepStatus"] for each in found.values()}
    assert found["write"]["EndTime"] <= found["read"]["StartTime"] <= found["read"]["EndTime"]
    written, read = job(aws, found["write"]), job(aws, found["read"])
    execution = started.rpartition("/")[2]
    assert ("given", 1) == (
        written["Environment"]["WHAT"],
        written["ProcessingResources"]["ClusterConfig"]["InstanceCount"],
    )
    assert f"s3://pipelines/{execution}/train" == read["ProcessingInputs"][0]["S3Input"]["S3Uri"]
    assert [["x given"]] == list(aws.said(read["ProcessingJobName"]).values())
    assert f"pipelines-{execution}-read-" == read["ProcessingJobName"][:-10]
    listed = aws.processing.list_pipeline_parameters_for_execution(PipelineExecutionArn=started)["PipelineParameters"]
    assert {"What": "given", "Count": "1"} == {each["Name"]: each["Value"] for each in listed}
    definition = aws.processing.describe_pipeline_definition_for_execution(PipelineExecutionArn=started)
    assert ["read", "write"] == [each["Name"] for each in json.loads(definition["PipelineDefinition"])["Steps"]]


def test_step_that_fails_fails_the_pipeline(aws: Clients) -> None:
    """With the reason of its job; what waits for it is never begun."""
    create(aws, "failing", step("bad", "import sys; sys.exit(3)"), step("after", "", "bad"))

    started = start(aws, "failing")
    told = ended(aws, started)
    found = steps(aws, started)

    assert ("Failed", "Step failure: One or multiple steps failed.") == (
        told["PipelineExecutionStatus"],
        told["FailureReason"],
    )
    assert ["bad"] == list(found)
    assert ("Failed", "ClientError: AlgorithmError: , exit code: 3") == (
        found["bad"]["StepStatus"],
        found["bad"]["FailureReason"],
    )


def test_step_of_another_type_fails_with_its_name(aws: Clients) -> None:
    """When it is its turn."""
    create(aws, "training", step("first", ""), step("train", "", "first", of="Training"))

    started = start(aws, "training")
    told = ended(aws, started)
    found = steps(aws, started)

    assert "Failed" == told["PipelineExecutionStatus"]
    assert {"first": "Succeeded", "train": "Failed"} == {name: each["StepStatus"] for name, each in found.items()}
    assert (
        "ClientError: step train is of type Training; only Processing steps are executed here"
        == found["train"]["FailureReason"]
    )


def test_request_that_is_refused_fails_the_step(aws: Clients) -> None:
    """In the words of CreateProcessingJob."""
    invalid = step("invalid", "")
    invalid["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceType"] = {"Get": "Parameters.Type"}
    create(aws, "refused", invalid, parameters=[{"Name": "Type", "Type": "String"}])

    started = start(aws, "refused", PipelineParameters=[{"Name": "Type", "Value": "local"}])

    assert "Failed" == ended(aws, started)["PipelineExecutionStatus"]
    assert steps(aws, started)["invalid"]["FailureReason"].startswith(
        "ClientError: Failed to invoke sagemaker:CreateProcessingJob. Error Details: 1 validation error detected: "
        "Value 'local' at 'processingResources.clusterConfig.instanceType' failed to satisfy constraint: "
    )


def test_stop_stops_the_jobs(aws: Clients) -> None:
    """And begins nothing more; an execution that has ended cannot be stopped."""
    create(aws, "stopping", step("long", SLEEPING), step("after", "", "long"))
    started = start(aws, "stopping")
    until(lambda: "Metadata" in steps(aws, started).get("long", {}))
    name = job(aws, steps(aws, started)["long"])["ProcessingJobName"]
    aws.has_said(name)
    pipelines = aws.processing
    busy = refused(lambda: pipelines.delete_pipeline(PipelineName="stopping", ClientRequestToken=TOKEN))

    stopped = pipelines.stop_pipeline_execution(PipelineExecutionArn=started, ClientRequestToken=TOKEN)
    told = ended(aws, started)

    assert "ConflictException" == busy[0]
    assert started == stopped["PipelineExecutionArn"]
    assert ("Stopped", None) == (told["PipelineExecutionStatus"], told.get("FailureReason"))
    assert {"long": "Stopped"} == {each: found["StepStatus"] for each, found in steps(aws, started).items()}
    assert "Stopped" == aws.describe(name)["ProcessingJobStatus"]
    code, message = refused(
        lambda: pipelines.stop_pipeline_execution(PipelineExecutionArn=started, ClientRequestToken=TOKEN)
    )
    assert ("ValidationException", True) == (code, message.endswith("is in status Stopped"))


def test_executions_are_listed(aws: Clients) -> None:
    """The last one first, page by page; a request that is sent twice is one; all go with their pipeline."""
    arn = create(aws, "listed", step("only", ""))
    pipelines = aws.processing
    begun = [
        start(aws, "listed", TOKEN + str(number), PipelineExecutionDisplayName=f"n{number}") for number in range(3)
    ]
    again = start(aws, arn, f"{TOKEN}1")
    for each in begun:
        assert "Succeeded" == ended(aws, each)["PipelineExecutionStatus"]
    paginator = pipelines.get_paginator("list_pipeline_executions")

    def listed(**members: Any) -> list[str]:  # noqa: ANN401 - members of the request
        pages = paginator.paginate(PipelineName="listed", PaginationConfig={"PageSize": 2}, **members)
        return [each["PipelineExecutionDisplayName"] for page in pages for each in page["PipelineExecutionSummaries"]]

    assert begun[1] == again
    assert ["n2", "n1", "n0"] == listed() == listed(SortBy="CreationTime", SortOrder="Descending")
    assert ["n0", "n1", "n2"] == listed(SortOrder="Ascending")
    described = pipelines.describe_pipeline(PipelineName=arn)
    assert (arn, "listed") == (described["PipelineArn"], described["PipelineName"])
    assert (
        pipelines.describe_pipeline_execution(PipelineExecutionArn=begun[2])["CreationTime"]
        == (described["LastRunTime"])
    )
    pipelines.delete_pipeline(PipelineName="listed", ClientRequestToken=TOKEN)
    assert "ResourceNotFound" == refused(listed)[0]
    assert "ResourceNotFound" == refused(lambda: ended(aws, begun[0]))[0]


def test_definition_may_lie_in_s3(aws: Clients) -> None:
    """And is read when the pipeline is created, or updated."""
    definition = json.dumps({"Version": "2020-12-01", "Steps": [step("stored", "")]})
    aws.objects.put_object(Bucket="pipelines", Key="definition.json", Body=definition)
    pipelines = aws.processing
    created = {"PipelineName": "stored", "ClientRequestToken": TOKEN, "RoleArn": ROLE}
    place = {"Bucket": "pipelines", "ObjectKey": "definition.json"}
    pipelines.create_pipeline(**created, PipelineDefinitionS3Location=place)
    other = definition.replace('"stored"', '"updated"')
    started = [start(aws, "stored", f"{TOKEN}1")]
    updated = pipelines.update_pipeline(PipelineName="stored", PipelineDefinition=other, PipelineDescription="new")
    started.append(start(aws, updated["PipelineArn"], f"{TOKEN}2"))

    assert ["Succeeded"] * 2 == [ended(aws, each)["PipelineExecutionStatus"] for each in started]
    assert [["stored"], ["updated"]] == [list(steps(aws, each)) for each in started]
    described = pipelines.describe_pipeline(PipelineName="stored")
    assert (other, "new") == (described["PipelineDefinition"], described["PipelineDescription"])
    missing = {**created, "PipelineName": "missing", "PipelineDefinitionS3Location": {**place, "ObjectKey": "nothing"}}
    assert (
        "Unable to parse pipeline definition. there is no object s3://pipelines/nothing"
        == (refused(lambda: pipelines.create_pipeline(**missing))[1])
    )
    assert "ResourceNotFound" == refused(lambda: pipelines.update_pipeline(PipelineName="nobody"))[0]
    assert (
        "ValidationException"
        == (refused(lambda: pipelines.create_pipeline(**created, PipelineDefinition=definition))[0])
    )


def test_what_cannot_be_started_is_refused(aws: Clients) -> None:
    """With what is wrong; nothing is begun."""
    create(aws, "open", step("a", ""), parameters=[{"Name": "Size", "Type": "String"}])
    create(aws, "circle", step("a", "", "b"), step("b", "", "a"))
    nobody = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/nobody"
    selective = {"SelectedSteps": [{"StepName": "a"}]}

    assert ("ResourceNotFound", f"Pipeline '{nobody}' does not exist.") == refused(lambda: start(aws, "nobody"))
    assert "ValidationException" == refused(lambda: start(aws, "open"))[0]
    assert "wait for each other" in refused(lambda: start(aws, "circle"))[1]
    assert (
        "not supported locally: SelectiveExecutionConfig"
        == (refused(lambda: start(aws, "open", SelectiveExecutionConfig=selective))[1])
    )
    assert "1 validation error detected: Value '" in refused(lambda: start(aws, "open", "short"))[1]
    for operation in (
        "describe_pipeline_execution",
        "list_pipeline_execution_steps",
        "describe_pipeline_definition_for_execution",
        "list_pipeline_parameters_for_execution",
    ):
        call = functools.partial(getattr(aws.processing, operation), PipelineExecutionArn=f"{nobody}/execution/x")
        assert "ResourceNotFound" == refused(call)[0]
    retry = {"PipelineExecutionArn": f"{nobody}/execution/x", "ClientRequestToken": TOKEN}
    assert "UnknownOperationException" == refused(lambda: aws.processing.retry_pipeline_execution(**retry))[0]


def test_end_of_the_server_ends_its_executions(reached: engine.Engine) -> None:
    """With their jobs; no further step is begun."""
    server = Server(reached, Options(grace_seconds=1))
    aws = Clients(server)
    create(aws, "ending", step("long", SLEEPING), step("after", "", "long"))
    started = start(aws, "ending")
    until(lambda: "Metadata" in steps(aws, started).get("long", {}))

    server.close()

    aws.close()
    assert ["Stopped"] == [each.status for each in server.executions.of_pipeline("us-east-1", "ending")]
    assert ["Stopped"] == [each.status for each in server.jobs.all()]
