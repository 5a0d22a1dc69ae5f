"""Clients of a served Processing API: boto3 as users have it, and jobs of a few lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from conformance.serve.server import Server

GROUP = "/aws/sagemaker/ProcessingJobs"
MOST_SECONDS = 120

UNPACK = "import sys; exec(bytes.fromhex(''.join(sys.argv[1:])))"
"""Runs the program that its arguments are."""


@dataclass
class Clients:
    """boto3 for one server."""

    server: Server
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, region: str = "us-east-1") -> Any:  # noqa: ANN401 - boto3 makes methods as it runs
        """A client, which checks no request itself and tries none again."""
        key = (service, region)
        if key not in self._clients:
            variables = self.server.environment
            self._clients[key] = boto3.client(
                service,
                region_name=region,
                endpoint_url=variables["AWS_ENDPOINT_URL"],
                aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
                aws_session_token=variables["AWS_SESSION_TOKEN"],
                config=Config(parameter_validation=False, retries={"max_attempts": 0}, proxies={}),
            )
        return self._clients[key]

    @property
    def processing(self) -> Any:  # noqa: ANN401 - as above
        """SageMaker."""
        return self.client("sagemaker")

    @property
    def objects(self) -> Any:  # noqa: ANN401 - as above
        """S3."""
        return self.client("s3")

    @property
    def logs(self) -> Any:  # noqa: ANN401 - as above
        """CloudWatch Logs."""
        return self.client("logs")

    def close(self) -> None:
        """Close every connection."""
        for each in self._clients.values():
            each.close()

    def create(self, name: str, code: str, **members: Any) -> str:  # noqa: ANN401 - members of the request
        """Create a job that runs a program in the reference image, and return its ARN."""
        arn: str = self.processing.create_processing_job(**request(name, code, **members))["ProcessingJobArn"]
        return arn

    def describe(self, name: str) -> dict[str, Any]:
        """What is told of a job."""
        found: dict[str, Any] = self.processing.describe_processing_job(ProcessingJobName=name)
        return found

    def ended(self, name: str) -> dict[str, Any]:
        """What is told of a job once it has ended."""
        return self.until(name, lambda job: job["ProcessingJobStatus"] not in {"InProgress", "Stopping"})

    def until(self, name: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """What is told of a job once something is so."""
        deadline = time.monotonic() + MOST_SECONDS
        while not is_so(found := self.describe(name)):
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        return found

    def has_said(self, name: str) -> None:
        """Wait until something of a job's log is there."""
        deadline = time.monotonic() + MOST_SECONDS
        while not any(self.said(name).values()):
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def said(self, name: str) -> dict[str, list[str]]:
        """The log of each host of a job, by stream."""
        try:
            streams = self.logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{name}/")["logStreams"]
        except ClientError:
            return {}
        found = {}
        for stream in streams:
            answer = self.logs.get_log_events(
                logGroupName=GROUP, logStreamName=stream["logStreamName"], startFromHead=True
            )
            found[stream["logStreamName"]] = [event["message"] for event in answer["events"]]
        return found


def request(
    name: str,
    code: str,
    *,
    hosts: int = 1,
    image: str = "conformance/reference",
    **members: Any,  # noqa: ANN401 - members of the request
) -> dict[str, Any]:
    """A request without inputs and outputs."""
    # An argument has at most 256 characters, and an entry of ContainerEntrypoint no line break.
    written = code.encode().hex() or "20"
    return {
        "ProcessingJobName": name,
        "AppSpecification": {
            "ImageUri": image,
            "ContainerEntrypoint": ["python3", "-u", "-c", UNPACK],
            "ContainerArguments": [written[start : start + 256] for start in range(0, len(written), 256)],
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": hosts, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
        },
        "RoleArn": "arn:aws:iam::123456789012:role/processing-conformance",
        **members,
    }


def output(name: str, uri: str) -> dict[str, Any]:
    """The member with one output, written to `/opt/ml/processing/output/<name>`."""
    place = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/output/{name}", "S3UploadMode": "EndOfJob"}
    return {"ProcessingOutputConfig": {"Outputs": [{"OutputName": name, "S3Output": place}]}}


def input_of(name: str, uri: str, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - members of the S3Input
    """The member with one input, found at `/opt/ml/processing/input/<name>`."""
    place = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/input/{name}", "S3DataType": "S3Prefix", **members}
    return {"ProcessingInputs": [{"InputName": name, "S3Input": {"S3InputMode": "File", **place}}]}


def refused(call: Callable[[], object]) -> tuple[str, str]:
    """The code and the message with which a call is refused."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError("it was not refused")
