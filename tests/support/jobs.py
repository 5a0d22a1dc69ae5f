"""Jobs for tests: requests as files and as values, programs of the tests' own, and images made of a few lines."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import docker

from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.outcome import Outcome
from conformance.service.local import LocalService
from tests.conftest import REFERENCE_JOB

CODE = "/opt/ml/processing/input/code"


def request(path: Path, **changes: Any) -> Path:  # noqa: ANN401 - members of the request
    """Write the reference's request with some members changed."""
    document = json.loads(REFERENCE_JOB.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def job(*, outputs: tuple[str, ...] = (), **members: Any) -> JobRequest:  # noqa: ANN401 - members of the request
    """A request of one input, `s3://bucket/code`, and of outputs of these names."""
    document: dict[str, Any] = {
        "ProcessingJobName": "job",
        "AppSpecification": {"ImageUri": "image"},
        "ProcessingInputs": [
            {"InputName": "code", "S3Input": {"S3Uri": "s3://bucket/code", "LocalPath": CODE, "S3DataType": "S3Prefix"}}
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": name,
                    "S3Output": {
                        "S3Uri": f"s3://bucket/out/{name}",
                        "LocalPath": f"/opt/ml/processing/output/{name}",
                        "S3UploadMode": "EndOfJob",
                    },
                }
                for name in outputs
            ]
        },
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}},
        "RoleArn": "arn:aws:iam::123456789012:role/processing",
    }
    return JobRequest(document | members)


def run_code(service: LocalService, image: Image, here: Path, code: str, request: JobRequest, *words: str) -> Outcome:
    """Run a program of the test's own in the image, brought as an input, as a ScriptProcessor does."""
    write(here, "bucket/code/main.py", code)
    application = {"ImageUri": "image", "ContainerEntrypoint": ["python3", f"{CODE}/main.py"]}
    if words:
        application["ContainerArguments"] = list(words)
    return service.run(image, JobRequest({**request.document, "AppSpecification": application}), Variation.AS_REQUESTED)


def write(here: Path, name: str, content: str) -> None:
    """Put an object into the test's S3."""
    path = here / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def seen(outcome: Outcome) -> dict[str, Any]:
    """What the witness saw."""
    (host,) = outcome.hosts
    assert 0 == host.exit_code, host.stderr.text
    found: dict[str, Any] = json.loads(host.stdout.text)
    return found


def build(client: docker.APIClient, name: str, *lines: str) -> str:
    """Build an image from the reference with a few more lines, for one test."""
    dockerfile = "\n".join(["FROM conformance/reference", *lines]).encode()
    for step in client.build(fileobj=io.BytesIO(dockerfile), tag=f"conformance-test/{name}", rm=True, decode=True):
        assert "error" not in step, step["error"]
    return f"conformance-test/{name}"
