"""What is sent for a run: the user's request, and all that it reads and writes lies below a folder of the suite's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given

from conformance.job.model import model_faults
from conformance.job.objects import ObjectTree, S3Uri
from conformance.job.request import JobRequest
from conformance.job.variation import CORRUPT_CONTENT, Variation, default_command_request
from conformance.onaws.sent import TAG, Account, Sent, by_itself, sent
from tests.support.jobs import job, write
from tests.support.legal_requests import legal_requests

FOLDER = S3Uri("mine", "runs/run-1/job-1")


def send(
    request: JobRequest,
    objects: ObjectTree | None,
    variation: Variation = Variation.AS_REQUESTED,
    *,
    role: str = "",
    first: JobRequest | None = None,
    programs: frozenset[str] = frozenset(),
) -> Sent:
    """What is sent for a request."""
    account = Account("image@sha256:0", role, first or request, 300, "run-1")
    return sent("job-1", request, variation, account=account, objects=objects, folder=FOLDER, programs=programs)


def uris(document: dict[str, Any]) -> list[str]:
    """The S3Uris of its inputs and outputs."""
    inputs = [item["S3Input"]["S3Uri"] for item in document.get("ProcessingInputs", ())]
    outputs = document.get("ProcessingOutputConfig", {}).get("Outputs", ())
    return inputs + [item["S3Output"]["S3Uri"] for item in outputs]


def test_inputs_and_outputs_are_moved(tmp_path: Path) -> None:
    """With the objects below each input at the same place below its LocalPath."""
    write(tmp_path, "bucket/code/sub/main.py", "1")
    request = job(outputs=("result",), Tags=[{"Key": "a", "Value": "b"}], ExperimentConfig={"ExperimentName": "x"})

    found = send(request, ObjectTree(tmp_path))
    document = dict(found.document)

    assert ["s3://mine/runs/run-1/job-1/input-0/", "s3://mine/runs/run-1/job-1/output-0"] == uris(document)
    assert ["runs/run-1/job-1/input-0/sub/main.py"] == list(found.objects)
    assert {"result": "runs/run-1/job-1/output-0/"} == found.outputs
    assert ("job-1", "image@sha256:0", 300) == (
        document["ProcessingJobName"],
        document["AppSpecification"]["ImageUri"],
        found.limit_seconds,
    )
    assert [{"Key": TAG, "Value": "run-1"}] == document["Tags"]
    assert "ExperimentConfig" not in document
    assert [] == list(model_faults(document))


def test_variations_change_objects_only(tmp_path: Path) -> None:
    """Empty inputs have a folder's marker, corrupt ones the same keys; programs stay as they are."""
    write(tmp_path, "bucket/code/a", "1")
    tree = ObjectTree(tmp_path)
    key = "runs/run-1/job-1/input-0/"

    assert {key: b""} == send(job(), tree, Variation.EMPTY_INPUTS).objects
    assert {f"{key}a": CORRUPT_CONTENT} == send(job(), tree, Variation.CORRUPT_INPUTS).objects
    kept = send(job(), tree, Variation.EMPTY_INPUTS, programs=frozenset({"code"}))
    assert {f"{key}a": tmp_path / "bucket/code/a"} == kept.objects
    assert dict(send(job(), tree).document) == dict(send(job(), tree, Variation.CORRUPT_INPUTS).document)


def test_sharded_input_with_one_object(tmp_path: Path) -> None:
    """Of which one host gets it, and the others nothing."""
    write(tmp_path, "bucket/code/a", "1")
    write(tmp_path, "bucket/code/b", "2")
    request = job()
    place = {**request.document["ProcessingInputs"][0]["S3Input"], "S3DataDistributionType": "ShardedByS3Key"}
    request = job(ProcessingInputs=[{"InputName": "code", "S3Input": place}])

    found = send(request, ObjectTree(tmp_path), Variation.FEW_OBJECTS)

    assert ["a"] == [key.rpartition("/")[2] for key in found.objects]


def test_manifest_lists_what_was_moved(tmp_path: Path) -> None:
    """In the manifest's own form, with the prefix of the moved objects."""
    write(tmp_path, "bucket/list", json.dumps([{"prefix": "s3://bucket/data/"}, "x/a", "b"]))
    write(tmp_path, "bucket/data/x/a", "1")
    write(tmp_path, "bucket/data/b", "2")
    place = {"S3Uri": "s3://bucket/list", "LocalPath": "/opt/ml/processing/input/code", "S3DataType": "ManifestFile"}
    found = send(job(ProcessingInputs=[{"InputName": "code", "S3Input": place}]), ObjectTree(tmp_path))
    base = "runs/run-1/job-1/input-0"

    assert [f"s3://mine/{base}/manifest"] == uris(dict(found.document))
    assert {f"{base}/objects/x/a", f"{base}/objects/b", f"{base}/manifest"} == set(found.objects)
    content = found.objects[f"{base}/manifest"]
    assert isinstance(content, bytes)
    assert [{"prefix": f"s3://mine/{base}/objects/"}, "b", "x/a"] == json.loads(content)


def test_app_managed_ones_are_moved_too(tmp_path: Path) -> None:
    """The program finds their places in processingjobconfig.json, and must not write to the user's own."""
    write(tmp_path, "bucket/code/a", "1")
    request = job(outputs=("result",))
    document = json.loads(json.dumps(dict(request.document)))
    document["ProcessingInputs"][0]["AppManaged"] = True
    document["ProcessingOutputConfig"]["Outputs"][0]["AppManaged"] = True
    found = send(JobRequest(document), ObjectTree(tmp_path))

    assert all(uri.startswith("s3://mine/runs/run-1/job-1/") for uri in uris(dict(found.document)))
    assert ["runs/run-1/job-1/input-0/a"] == list(found.objects)
    assert {} == found.outputs


def test_default_command_runs_in_the_users_role_and_instances() -> None:
    """It is no request of the user's, but his quota and his role are what there is."""
    first = job(RoleArn="arn:aws:iam::123456789012:role/own").on_hosts(3)
    found = send(default_command_request("image"), None, Variation.DEFAULT_COMMAND, first=first)
    cluster = found.document["ProcessingResources"]["ClusterConfig"]

    assert ("arn:aws:iam::123456789012:role/own", 1, 60) == (
        found.document["RoleArn"],
        cluster["InstanceCount"],
        found.limit_seconds,
    )
    other = send(default_command_request("image"), None, Variation.DEFAULT_COMMAND, first=first, role="other")
    assert "other" == other.document["RoleArn"]


def test_uris_that_the_program_knows_by_itself() -> None:
    """Those of its arguments and variables, which are not moved."""
    application = {"ImageUri": "image", "ContainerArguments": ["--to=s3://bucket/table", "x"]}
    request = job(AppSpecification=application, Environment={"FROM": "s3://bucket/other"})

    assert ("s3://bucket/table", "s3://bucket/other") == by_itself(request)


@given(legal_requests)
def test_no_place_of_the_users_is_named(document: dict[str, Any]) -> None:
    """Whatever a legal request says: every S3Uri of what is sent lies in the folder, and AWS's model takes it."""
    found = dict(send(JobRequest(document), None).document)

    assert all(uri.startswith(f"{FOLDER}/") for uri in uris(found))
    assert [] == list(model_faults(found))
