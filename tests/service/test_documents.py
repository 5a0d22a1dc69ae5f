"""The two documents are those that AWS's page shows, member for member and in its order."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.job.request import JobRequest
from conformance.job.validation import load
from conformance.job.variation import Variation
from conformance.service.documents import (
    ETHERNET,
    JOB_PATH,
    LOOPBACK,
    RESOURCES_PATH,
    job_arn,
    of_host,
    processing_job_config,
    resource_config,
)
from tests.support.legal_requests import legal_requests

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "fixtures" / "documents"


def compact(content: bytes | str) -> str:
    """A document with its members in order, and without the white space that nothing depends on."""
    return json.dumps(json.loads(content))


def test_the_job_document_is_that_of_the_page() -> None:
    """What the request leaves out is null, or the service's default."""
    document = processing_job_config(load(EXAMPLE / "request.json"), region="us-east-1")

    assert compact((EXAMPLE / "processingjobconfig.json").read_text()) == compact(document)


def test_the_resource_document_is_that_of_the_page() -> None:
    """Two members and no more."""
    document = resource_config("algo-2", ("algo-1", "algo-2", "algo-3"))

    assert compact((EXAMPLE / "resourceconfig.json").read_text()) == compact(document)


def test_hosts_are_sorted_as_text() -> None:
    """algo-10 stands before algo-2."""
    hosts = tuple(f"algo-{number}" for number in range(1, 12))
    document = json.loads(resource_config("algo-1", hosts))

    assert ["algo-1", "algo-10", "algo-11", "algo-2"] == document["hosts"][:4]
    assert sorted(hosts) == document["hosts"]


@given(legal_requests)
def test_the_document_reflects_the_request(request: dict[str, Any]) -> None:
    """Every member that both have is the same in both, whatever characters it holds."""
    config = json.loads(processing_job_config(JobRequest(request), region="eu-west-1"))
    application = request["AppSpecification"]

    assert request["ProcessingJobName"] == config["ProcessingJobName"]
    assert request["RoleArn"] == config["RoleArn"]
    assert request.get("Environment", {}) == config["Environment"]
    assert {"ContainerEntrypoint": None, "ContainerArguments": None} | application == config["AppSpecification"]
    assert request.get("StoppingCondition", {"MaxRuntimeInSeconds": 86_400}) == config["StoppingCondition"]
    cluster = {"InstanceCount": 1, "VolumeKmsKeyId": None} | request["ProcessingResources"]["ClusterConfig"]
    assert {"ClusterConfig": cluster} == config["ProcessingResources"]


DEFAULTS = {
    "S3DataDistributionType": "FullyReplicated",
    "S3InputMode": "File",
    "S3CompressionType": "None",
    "S3DownloadMode": "StartOfJob",
}


@given(legal_requests)
def test_inputs_and_outputs_are_those_of_the_request(request: dict[str, Any]) -> None:
    """In its order, with the service's defaults filled in."""
    config = json.loads(processing_job_config(JobRequest(request), region="eu-west-1"))
    given_outputs = request.get("ProcessingOutputConfig", {"Outputs": []})

    assert [
        {"InputName": item["InputName"], "S3Input": DEFAULTS | item["S3Input"]}
        for item in request.get("ProcessingInputs", [])
    ] == config["ProcessingInputs"]
    assert {
        "Outputs": [
            {"OutputName": item["OutputName"], "S3Output": item["S3Output"]} for item in given_outputs["Outputs"]
        ],
        "KmsKeyId": given_outputs.get("KmsKeyId"),
    } == config["ProcessingOutputConfig"]


@given(legal_requests, st.sampled_from(["us-east-1", "cn-north-1"]))
def test_no_two_requests_differ_in_members(request: dict[str, Any], region: str) -> None:
    """A reader finds every member, and finds it where the page has it."""
    page = json.loads((EXAMPLE / "processingjobconfig.json").read_text())
    config = json.loads(processing_job_config(JobRequest(request), region=region))

    assert list(page) == list(config)
    assert list(page["AppSpecification"]) == list(config["AppSpecification"])
    assert list(page["ProcessingResources"]["ClusterConfig"]) == list(config["ProcessingResources"]["ClusterConfig"])
    for item in config["ProcessingInputs"]:
        assert list(page["ProcessingInputs"][0]["S3Input"]) == list(item["S3Input"])


@pytest.mark.parametrize(("partition", "region"), [("aws", "us-east-1"), ("aws-cn", "cn-north-1")])
def test_the_arn_is_in_the_account_of_the_role(partition: str, region: str) -> None:
    """And in the partition of the role: AWS in China is another one."""
    request = JobRequest({"ProcessingJobName": "j", "RoleArn": f"arn:{partition}:iam::123456789012:role/a/b"})

    assert f"arn:{partition}:sagemaker:{region}:123456789012:processing-job/j" == job_arn(request, region=region)


def without_more(document: Any, page: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A document without the members that the page has not, wherever they stand."""
    if isinstance(document, dict):
        return {name: without_more(document[name], page[name]) for name in document if name in page}
    if isinstance(document, list):
        return [without_more(entry, page[0] if page else {}) for entry in document]
    return document


@given(legal_requests)
def test_further_members_of_the_job_stand_beside_the_documented_ones(request: dict[str, Any]) -> None:
    """Those are as they were and in their order; the new ones are the request's own, null where it has none."""
    plain, more = (
        json.loads(processing_job_config(JobRequest(request), region="eu-west-1", more=more)) for more in (False, True)
    )

    assert json.dumps(plain) == json.dumps(without_more(more, plain))
    assert ["NetworkConfig", "ExperimentConfig", "Tags"] == list(more)[len(plain) :]
    assert {name: request.get(name) for name in ("NetworkConfig", "ExperimentConfig", "Tags")}.items() <= more.items()
    for item in more["ProcessingInputs"]:
        assert (False, None) == (item["AppManaged"], item["DatasetDefinition"])
    for item in more["ProcessingOutputConfig"]["Outputs"]:
        assert (False, None) == (item["AppManaged"], item["FeatureStoreOutput"])


def test_further_members_of_the_resources_are_those_of_training_jobs() -> None:
    """One group of all hosts, of the instance type that the request asks for."""
    request = load(EXAMPLE / "request.json")
    hosts = ("algo-2", "algo-1")
    plain = json.loads(resource_config("algo-2", hosts))
    more = json.loads(resource_config("algo-2", hosts, request, interface=ETHERNET))
    kind = request.document["ProcessingResources"]["ClusterConfig"]["InstanceType"]

    assert json.dumps(plain) == json.dumps(without_more(more, plain))
    assert {
        "current_instance_type": kind,
        "current_group_name": "homogeneousCluster",
        "instance_groups": [
            {"instance_group_name": "homogeneousCluster", "instance_type": kind, "hosts": ["algo-1", "algo-2"]}
        ],
        "network_interface_name": ETHERNET,
    } == {name: more[name] for name in more if name not in plain}


@pytest.mark.parametrize(
    ("variation", "asked", "more"),
    [
        (Variation.AS_REQUESTED, False, False),
        (Variation.AS_REQUESTED, True, True),
        (Variation.UNKNOWN_MEMBERS, False, True),
    ],
)
def test_a_host_finds_both_documents(variation: Variation, asked: bool, more: bool) -> None:  # noqa: FBT001 - parameters of a test
    """Both have further members where the variation is that one, or where those are asked for."""
    request = load(EXAMPLE / "request.json")
    hosts = ("algo-1", "algo-2")
    documents = of_host("algo-2", hosts, request, variation, region="eu-west-1", more=asked, interface=ETHERNET)

    assert {
        JOB_PATH: processing_job_config(request, region="eu-west-1", more=more),
        RESOURCES_PATH: resource_config("algo-2", hosts, request if more else None, interface=ETHERNET),
    } == documents


def test_by_itself_a_host_has_the_documented_members_and_the_loopback() -> None:
    """Unless it is told of a network interface, it has none."""
    request = load(EXAMPLE / "request.json")
    plain = of_host("algo-1", ("algo-1",), request, Variation.AS_REQUESTED, region="eu-west-1")
    more = of_host("algo-1", ("algo-1",), request, Variation.UNKNOWN_MEMBERS, region="eu-west-1")

    assert {"current_host": "algo-1", "hosts": ["algo-1"]} == json.loads(plain[RESOURCES_PATH])
    assert LOOPBACK == json.loads(more[RESOURCES_PATH])["network_interface_name"]
