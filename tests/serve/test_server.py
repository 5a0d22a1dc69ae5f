"""The served API as boto3 sees it, on a real engine: every operation, every error, and what becomes of jobs."""

from __future__ import annotations

import functools
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import docker
import pytest

from conformance.serve.server import Options, Server
from conformance.service import engine, labels
from tests.support.served import GROUP, MOST_SECONDS, Clients, input_of, output, refused, request

pytestmark = pytest.mark.engine

SLEEPING = "import time; print('ready'); time.sleep(600)"


@pytest.fixture(name="aws", scope="module")
def _aws(reached: engine.Engine, tag: Callable[[str], str]) -> Iterator[Clients]:
    """A server that runs four jobs at a time; the reference is there."""
    tag("reference")
    server = Server(reached, Options(grace_seconds=2, measure_seconds=0.5))
    clients = Clients(server)
    yield clients
    server.close()
    clients.close()


@pytest.fixture(name="bucket", scope="module")
def _bucket(aws: Clients) -> str:
    """A bucket."""
    aws.objects.create_bucket(Bucket="bucket")
    return "bucket"


def test_job_runs_to_its_end_and_all_of_it_is_told(aws: Clients, bucket: str) -> None:
    """Inputs come from S3 and outputs go there; every member of the request is told again, the tags apart."""
    aws.objects.put_object(Bucket=bucket, Key="in/sub/a.txt", Body=b"content")
    code = """
import os
content = open("/opt/ml/processing/input/data/sub/a.txt").read()
open("/opt/ml/processing/output/result/copy.txt", "w").write(content * 2)
open("/opt/ml/output/message", "w").write("copied")
print(os.environ["MODE"], os.environ["AWS_REGION"])
"""
    members: dict[str, Any] = {
        **input_of("data", f"s3://{bucket}/in/"),
        **output("result", f"s3://{bucket}/out"),
        "Environment": {"MODE": "test"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "NetworkConfig": {"EnableNetworkIsolation": True},
        "ExperimentConfig": {"ExperimentName": "experiment"},
    }

    arn = aws.create("whole-Job", code, Tags=[{"Key": "a", "Value": "b"}], **members)
    job = aws.ended("whole-Job")

    assert "arn:aws:sagemaker:us-east-1:123456789012:processing-job/whole-Job" == arn == job["ProcessingJobArn"]
    sent = request("whole-Job", code, **members)
    assert sent == {name: job[name] for name in sent}
    assert ("Completed", "copied", None) == (job["ProcessingJobStatus"], job["ExitMessage"], job.get("FailureReason"))
    times = [job[name] for name in ("CreationTime", "ProcessingStartTime", "ProcessingEndTime", "LastModifiedTime")]
    assert sorted(times) == times
    assert b"contentcontent" == aws.objects.get_object(Bucket=bucket, Key="out/copy.txt")["Body"].read()
    ((stream, lines),) = aws.said("whole-Job").items()
    assert f"whole-Job/algo-1-{int(job['ProcessingStartTime'].timestamp())}" == stream
    assert ["test us-east-1"] == lines


def test_failed_job_says_why(aws: Clients) -> None:
    """By its exit code."""
    aws.create("failing", "import sys; print('no', file=sys.stderr); sys.exit(5)")

    job = aws.ended("failing")

    assert ("Failed", "AlgorithmError: , exit code: 5") == (job["ProcessingJobStatus"], job["FailureReason"])
    assert [["no"]] == list(aws.said("failing").values())


def test_log_is_there_while_the_job_runs_and_stop_ends_it(aws: Clients, bucket: str) -> None:
    """InProgress, Stopping, Stopped; SIGINT reaches the program, and there are no outputs."""
    code = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: (print("caught"), time.sleep(0.5), sys.exit(0)))
open("/opt/ml/processing/output/a/x", "w").close()
print("ready")
while True: time.sleep(1)
"""
    aws.create("stopping", code, **output("a", f"s3://{bucket}/stopped"))
    aws.has_said("stopping")
    assert "InProgress" == aws.describe("stopping")["ProcessingJobStatus"]

    aws.processing.stop_processing_job(ProcessingJobName="stopping")
    between = aws.describe("stopping")
    aws.processing.stop_processing_job(ProcessingJobName="stopping")
    job = aws.ended("stopping")

    assert ("Stopping", "Stopped") == (between["ProcessingJobStatus"], job["ProcessingJobStatus"])
    assert "FailureReason" not in job
    assert [["ready", "caught"]] == list(aws.said("stopping").values())
    assert 0 == aws.objects.list_objects_v2(Bucket=bucket, Prefix="stopped")["KeyCount"]


def test_time_of_the_request_stops_a_job(aws: Clients) -> None:
    """MaxRuntimeInSeconds, by default that of a day."""
    aws.create("too-long", SLEEPING, StoppingCondition={"MaxRuntimeInSeconds": 1})

    job = aws.ended("too-long")

    assert "Stopped" == job["ProcessingJobStatus"]
    aws.create("without-a-time", "")
    assert 86_400 == aws.ended("without-a-time")["StoppingCondition"]["MaxRuntimeInSeconds"]


def test_each_host_has_a_stream(aws: Clients) -> None:
    """They are there from the start, and FilterLogEvents finds them by their prefix."""
    code = "import json; print(json.load(open('/opt/ml/config/resourceconfig.json'))['current_host'])"
    aws.create("hosts", code, hosts=2)
    aws.create("hosts-of-another", code)
    aws.ended("hosts")
    aws.ended("hosts-of-another")

    found = {stream.partition("/")[2].rpartition("-")[0]: lines for stream, lines in aws.said("hosts").items()}
    filtered = aws.logs.filter_log_events(logGroupName=GROUP, logStreamNamePrefix="hosts/")["events"]

    assert {"algo-1": ["algo-1"], "algo-2": ["algo-2"]} == found
    assert {"algo-1", "algo-2"} == {event["message"] for event in filtered}
    assert {"hosts"} == {event["logStreamName"].partition("/")[0] for event in filtered}
    assert [] == aws.logs.filter_log_events(logGroupName=GROUP, logStreamNamePrefix="none")["events"]


def test_what_a_host_uses_is_measured(aws: Clients) -> None:
    """CPUUtilization, MemoryUtilization and DiskUtilization of each host, as AWS names them."""
    code = """
print("ready")
open("/opt/ml/processing/output/result/written", "wb").write(bytes(40 << 20))
open("/written", "wb").write(bytes(10 << 20))
held = bytearray(100 << 20)
while True: pass
"""
    aws.create("busy", code, **output("result", "s3://nothing/x"))
    metrics = aws.client("cloudwatch")
    expected = {"CPUUtilization", "MemoryUtilization", "DiskUtilization"}
    host = [{"Name": "Host", "Value": "busy/algo-1"}]
    most: dict[str, float] = {}
    deadline = time.monotonic() + MOST_SECONDS
    while most.keys() != expected or most["DiskUtilization"] < 100 * (50 << 20) / (10 << 30):
        assert time.monotonic() < deadline, most
        names = {each["MetricName"] for each in metrics.list_metrics(Namespace=GROUP, Dimensions=host)["Metrics"]}
        assert names <= expected
        now = datetime.now(UTC)
        most = {
            name: metrics.get_metric_statistics(
                Namespace=GROUP,
                MetricName=name,
                Dimensions=host,
                StartTime=now - timedelta(hours=1),
                EndTime=now + timedelta(hours=1),
                Period=7200,
                Statistics=["Maximum"],
            )["Datapoints"][0]["Maximum"]
            for name in names
        }
    aws.processing.stop_processing_job(ProcessingJobName="busy")
    aws.ended("busy")

    # It takes all of one processor where nobody else wants any.
    assert 1 < most["CPUUtilization"] < 150
    assert 0 < most["MemoryUtilization"] < 10
    # Of the 10 GB that it asks for, and a little more than it writes.
    assert most["DiskUtilization"] < 100 * (60 << 20) / (10 << 30)


def test_name_is_taken_until_its_job_is_deleted(aws: Clients) -> None:
    """In its region; a job that runs cannot be deleted."""
    arn = aws.create("taken", SLEEPING)
    again = request("taken", SLEEPING)

    code, message = refused(lambda: aws.processing.create_processing_job(**again))
    assert "ResourceInUse" == code
    assert (
        f"Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})"
        == message
    )
    assert "ResourceInUse" == refused(lambda: aws.processing.delete_processing_job(ProcessingJobName="taken"))[0]
    elsewhere = aws.client("sagemaker", "eu-west-1")
    assert [] == elsewhere.list_processing_jobs()["ProcessingJobSummaries"]
    aws.processing.stop_processing_job(ProcessingJobName="taken")
    aws.ended("taken")
    aws.processing.delete_processing_job(ProcessingJobName="taken")
    assert "ValidationException" == refused(lambda: aws.describe("taken"))[0]
    aws.create("taken", "")
    job = aws.ended("taken")
    assert "Completed" == job["ProcessingJobStatus"], job.get("FailureReason")


def test_job_of_another_region_knows_it(aws: Clients) -> None:
    """By its environment; its ARN and its log are there too."""
    elsewhere = aws.client("sagemaker", "eu-west-1")
    created = elsewhere.create_processing_job(**request("abroad", "import os; print(os.environ['AWS_REGION'])"))
    assert "arn:aws:sagemaker:eu-west-1:123456789012:processing-job/abroad" == created["ProcessingJobArn"]
    while elsewhere.describe_processing_job(ProcessingJobName="abroad")["ProcessingJobStatus"] == "InProgress":
        pass
    logs = aws.client("logs", "eu-west-1")
    events = logs.filter_log_events(logGroupName=GROUP, logStreamNamePrefix="abroad/")["events"]

    assert ["eu-west-1"] == [event["message"] for event in events]


def test_unknown_job_is_refused(aws: Clients) -> None:
    """In the words that clients know, which differ by operation."""
    for operation, message in {
        "describe_processing_job": "Could not find requested job with name: nobody",
        "stop_processing_job": "Could not find job to update with name: nobody",
        "delete_processing_job": "Could not find job to update with name: nobody",
    }.items():
        call = functools.partial(getattr(aws.processing, operation), ProcessingJobName="nobody")

        assert ("ValidationException", message) == refused(call)


def test_ended_job_cannot_be_stopped(aws: Clients) -> None:
    """And stays as it is."""
    aws.create("over", "")
    before = aws.ended("over")

    code, message = refused(lambda: aws.processing.stop_processing_job(ProcessingJobName="over"))

    assert "ValidationException" == code
    assert "The request was rejected because the processing job is in status Completed" == message
    after = aws.describe("over")
    assert {**before, "ResponseMetadata": None} == {**after, "ResponseMetadata": None}


def test_jobs_are_listed_page_by_page(aws: Clients) -> None:
    """By the paginator of boto3, with its filters, sorted both ways."""
    names = [f"listed-{number}" for number in range(5)]
    for name in names:
        aws.create(name, "")
    for name in names:
        aws.ended(name)
    paginator = aws.processing.get_paginator("list_processing_jobs")

    def listed(**members: Any) -> list[str]:  # noqa: ANN401 - members of the request
        pages = paginator.paginate(NameContains="listed", PaginationConfig={"PageSize": 2}, **members)
        return [job["ProcessingJobName"] for page in pages for job in page["ProcessingJobSummaries"]]

    assert names == listed() == listed(SortBy="Name") == listed(StatusEquals="Completed")
    assert names[::-1] == listed(SortOrder="Descending") == listed(SortBy="Status", SortOrder="Descending")
    assert [] == listed(StatusEquals="Failed")
    (summary,) = aws.processing.list_processing_jobs(NameContains="listed-3")["ProcessingJobSummaries"]
    assert {
        "ProcessingJobName",
        "ProcessingJobArn",
        "CreationTime",
        "ProcessingEndTime",
        "LastModifiedTime",
        "ProcessingJobStatus",
    } == set(summary)
    assert "ValidationException" == refused(lambda: aws.processing.list_processing_jobs(NextToken="no"))[0]


def test_tags_are_kept(aws: Clients) -> None:
    """Those of a request are the first; one of the same key is replaced; others of SageMaker's resources are moto's."""
    arn = aws.create("tagged", "", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    tags = aws.processing

    added = tags.add_tags(ResourceArn=arn, Tags=[{"Key": "b", "Value": "3"}, {"Key": "c", "Value": "4"}])["Tags"]
    tags.delete_tags(ResourceArn=arn, TagKeys=["a", "nothing"])

    assert {"a": "1", "b": "3", "c": "4"} == {tag["Key"]: tag["Value"] for tag in added}
    assert {"b": "3", "c": "4"} == {tag["Key"]: tag["Value"] for tag in tags.list_tags(ResourceArn=arn)["Tags"]}
    many = [{"Key": str(number), "Value": ""} for number in range(49)]
    assert "ResourceLimitExceeded" == refused(lambda: tags.add_tags(ResourceArn=arn, Tags=many))[0]
    assert "ValidationException" == refused(lambda: tags.list_tags(ResourceArn=f"{arn}-of-nobody"))[0]


INVALID = {
    "enum": (
        {"ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "local", "VolumeSizeInGB": 1}}},
        "1 validation error detected: Value 'local' at 'processingResources.clusterConfig.instanceType' failed to",
    ),
    "missing": (
        {"RoleArn": None},
        "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
    ),
    "several": (
        {"ProcessingJobName": "not valid", "RoleArn": "short"},
        "3 validation errors detected: Value 'not valid' at 'processingJobName' failed to satisfy constraint: Member",
    ),
    "rule": (
        input_of("data", "s3://bucket/in", LocalPath="/elsewhere"),
        "ProcessingInputs[0].S3Input.LocalPath: expected an absolute path below /opt/ml/processing/",
    ),
}


@pytest.mark.parametrize(("change", "expected"), INVALID.values(), ids=INVALID)
def test_invalid_request_is_refused(change: dict[str, Any], expected: str, aws: Clients) -> None:
    """In AWS's words where it breaks the API model; no job is there then."""
    document = {**request("invalid", ""), **change}

    code, message = refused(lambda: aws.processing.create_processing_job(**document))

    assert ("ValidationException", expected) == (code, message[: len(expected)])
    assert "ValidationException" == refused(lambda: aws.describe("invalid"))[0]


def test_what_cannot_be_read_is_refused(aws: Clients) -> None:
    """JSON of a wrong type, and what is no JSON, as the protocol has it."""
    assert "SerializationException" == refused(lambda: aws.describe(3))[0]  # type: ignore[arg-type] # what is tried
    status, body = raw(aws, b"{", **{"X-Amz-Target": "SageMaker.DescribeProcessingJob"})
    assert (400, "SerializationException") == (status, json.loads(body)["__type"])


def test_job_whose_image_is_not_there_fails(aws: Clients) -> None:
    """It is created all the same, as on AWS, and nothing is pulled."""
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/conformance/nothing:1"
    aws.processing.create_processing_job(**request("no-image", "", image=uri))

    job = aws.ended("no-image")

    assert "Failed" == job["ProcessingJobStatus"]
    assert (
        f"ClientError: API error (404): manifest for {uri} not found: manifest unknown: Requested image not found"
        == job["FailureReason"]
    )
    assert "ProcessingStartTime" not in job


def test_uri_of_a_registry_names_a_local_image(aws: Clients) -> None:
    """By what stands after the registry."""
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/conformance/reference:latest"
    aws.processing.create_processing_job(**request("registry", "print('here')", image=uri))

    job = aws.ended("registry")

    assert ("Completed", uri) == (job["ProcessingJobStatus"], job["AppSpecification"]["ImageUri"])


def test_input_without_objects_fails_the_job(aws: Clients, bucket: str) -> None:
    """Of a bucket that is not there too; a folder of the console's is enough, and nothing is downloaded of it."""
    for name, uri in {"no-object": f"s3://{bucket}/nothing", "no-bucket": "s3://nothing-at-all/x"}.items():
        aws.create(name, "", **input_of("data", uri))
        job = aws.ended(name)

        assert "Failed" == job["ProcessingJobStatus"]
        assert job["FailureReason"].startswith("ClientError: Data download failed:")
        assert uri in job["FailureReason"]
    aws.objects.put_object(Bucket=bucket, Key="folder/", Body=b"")
    aws.create(
        "folder",
        "import os; print(os.listdir('/opt/ml/processing/input/data'))",
        **input_of("data", f"s3://{bucket}/folder/"),
    )
    assert "Completed" == aws.ended("folder")["ProcessingJobStatus"]
    assert [["[]"]] == list(aws.said("folder").values())


def test_manifest_is_read(aws: Clients, bucket: str) -> None:
    """And one that is none fails the job."""
    for key, content in {
        "m/a": b"1",
        "m/b": b"2",
        "list": b'[{"prefix": "s3://bucket/m/"}, "b"]',
        "none": b"{}",
    }.items():
        aws.objects.put_object(Bucket=bucket, Key=key, Body=content)
    code = "import os; print(os.listdir('/opt/ml/processing/input/data'))"
    aws.create("manifest", code, **input_of("data", f"s3://{bucket}/list", S3DataType="ManifestFile"))
    aws.create("no-manifest", code, **input_of("data", f"s3://{bucket}/none", S3DataType="ManifestFile"))

    assert "Completed" == aws.ended("manifest")["ProcessingJobStatus"]
    assert [["['b']"]] == list(aws.said("manifest").values())
    assert aws.ended("no-manifest")["FailureReason"].startswith("ClientError: Data download failed:")


def test_output_without_a_bucket_fails_the_job(aws: Clients) -> None:
    """After it has run."""
    code = "open('/opt/ml/processing/output/a/x', 'w').close()"
    aws.create("no-place", code, **output("a", "s3://nothing-at-all/x"))

    job = aws.ended("no-place")

    assert "Failed" == job["ProcessingJobStatus"]
    assert job["FailureReason"].startswith("ClientError: Data upload failed:")
    assert "NoSuchBucket" in job["FailureReason"]


def test_odd_keys_go_both_ways(aws: Clients, bucket: str) -> None:
    """With what URLs and XML escape."""
    name = "a b+c%20é&=?<.txt"
    aws.objects.put_object(Bucket=bucket, Key=f"odd/{name}", Body=b"content")
    code = """
import shutil
shutil.copytree("/opt/ml/processing/input/data", "/opt/ml/processing/output/a", dirs_exist_ok=True)
"""
    aws.create("odd", code, **input_of("data", f"s3://{bucket}/odd/"), **output("a", f"s3://{bucket}/copied"))

    assert "Completed" == aws.ended("odd")["ProcessingJobStatus"]
    assert b"content" == aws.objects.get_object(Bucket=bucket, Key=f"copied/{name}")["Body"].read()


def raw(aws: Clients, body: bytes = b"", path: str = "/", **headers: str) -> tuple[int, bytes]:
    """Send a request of a test's own, signed for SageMaker, and return status and body of the answer."""
    scope = "Credential=AKIA/20200101/us-east-1/sagemaker/aws4_request"
    sent = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0", **headers}
    asked = urllib.request.Request(aws.server.url + path, data=body, headers=sent, method="POST")  # noqa: S310 - http
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


LIST = {"X-Amz-Target": "SageMaker.ListProcessingJobs"}


def test_pages_of_a_browser_are_not_answered(aws: Clients) -> None:
    """Neither with their own `Origin`, nor by a name that leads here, nor where moto would forget everything."""
    assert 200 == raw(aws, b"{}", **LIST)[0]
    assert 403 == raw(aws, b"{}", Origin="https://example.com", **LIST)[0]
    assert 403 == raw(aws, b"{}", Host="example.com", **LIST)[0]
    assert 403 == raw(aws, b"{}", Host="example.com:80", **LIST)[0]
    assert 200 == raw(aws, b"{}", Host="localhost:80", **LIST)[0]
    assert 403 == raw(aws, path="/moto-api/reset")[0]


def test_what_is_not_served_is_refused_in_the_form_of_its_protocol(aws: Clients) -> None:
    """So clients show it, and do not try again."""
    status, body = raw(aws, b"{}", **{"X-Amz-Target": "SageMaker.DescribeAlgorithm"})
    assert 400 == status
    assert "UnknownOperationException" == json.loads(body)["__type"]
    iam = aws.client("iam")
    assert refused(lambda: iam.generate_service_last_accessed_details(Arn="arn:aws:iam::123456789012:role/x"))[0]


def test_client_finds_its_role(aws: Clients) -> None:
    """The printed credentials are a role's that SageMaker may take, as `get_execution_role` asks for."""
    sts = aws.client("sts")
    iam = aws.client("iam")

    identity = sts.get_caller_identity()
    role = iam.get_role(RoleName=identity["Arn"].split("/")[1])["Role"]

    assert "123456789012" == identity["Account"]
    assert ":assumed-role/processing-conformance/" in identity["Arn"]
    assert "sagemaker.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"])


def test_job_that_waits_is_stopped_at_once_and_the_end_stops_the_others(
    reached: engine.Engine, client: docker.APIClient
) -> None:
    """One job at a time; the second never starts, the third does so when the first is stopped, and nothing is left."""
    server = Server(reached, Options(most_jobs=1, grace_seconds=1))
    aws = Clients(server)
    for name in ("first", "second", "third"):
        aws.create(name, SLEEPING)
    aws.has_said("first")
    aws.processing.stop_processing_job(ProcessingJobName="second")
    second = aws.describe("second")
    aws.processing.stop_processing_job(ProcessingJobName="first")
    aws.has_said("third")

    server.close()

    aws.close()
    assert "Stopped" == second["ProcessingJobStatus"]
    assert "ProcessingStartTime" not in second
    assert {"first": "Stopped", "second": "Stopped", "third": "Stopped"} == {
        job.name: job.status for job in server.jobs.all()
    }
    marked = {"label": [f"{labels.RUN}={run}" for run in server.runner.runs]}
    assert [] == [each["Names"] for each in client.containers(all=True, filters=marked)]
    assert [] == (client.volumes(filters=marked)["Volumes"] or [])
