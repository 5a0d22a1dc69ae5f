"""A request to start from: of an image, of a job that has been run, or of a step of a pipeline.

A draft is valid as far as its source is; whoever writes it says what was left out or made up.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.job.model import members
from conformance.job.request import PROCESSING, JobRequest

ROLE = "arn:aws:iam::123456789012:role/processing"
BUCKET = "my-bucket"
SCRIPT = f"{PROCESSING}/input/code/process.py"

Members = Mapping[str, Any]


@dataclass(frozen=True)
class Draft:
    """A request, and what whoever uses it has to know: sentences."""

    document: dict[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def request(self) -> JobRequest:
        """The request as a value."""
        return JobRequest(self.document)

    @property
    def copies(self) -> tuple[Copy, ...]:
        """What to copy from S3, each place once and in the order of the inputs."""
        return tuple(dict.fromkeys(_copies(self.request)))


@dataclass(frozen=True)
class Copy:
    """An object, or all objects below a prefix, that a job reads."""

    uri: str
    is_object: bool

    @property
    def path(self) -> str:
        """The place below `--image-s3`."""
        return self.uri.removeprefix("s3://").rstrip("/")

    @property
    def folder(self) -> str:
        """The directory that has to exist before anything is copied."""
        return posixpath.dirname(self.path) if self.is_object else self.path

    def command(self, directory: str) -> str:
        """The command line that copies it below a directory."""
        recursive = "" if self.is_object else "--recursive "
        return f"aws s3 cp {recursive}{self.uri} {directory}/{self.path}"


def _copies(request: JobRequest) -> Iterator[Copy]:
    for item in request.inputs:
        # A key with an extension is most likely an object, as ScriptProcessor uploads a script; S3 alone knows.
        is_object = item.data_type == "ManifestFile" or "." in posixpath.basename(item.s3_uri)
        if item.s3_uri.startswith("s3://"):
            yield Copy(item.s3_uri, is_object)


def of_request(document: Members) -> Draft:
    """The same request; members that no request has are dropped and named."""
    return _kept(document, "no request has them")


def of_description(answer: Members) -> Draft:
    """The request of a job, from the answer of DescribeProcessingJob."""
    return _kept(answer, "only DescribeProcessingJob has them")


def _kept(document: Members, reason: str) -> Draft:
    """What of a document a request has; the rest is named with the reason why it is not."""
    known = members()
    dropped = sorted(document.keys() - known)
    note = f"dropped, since {reason}: {', '.join(dropped)}"
    return Draft({name: value for name, value in document.items() if name in known}, (note,) if dropped else ())


def of_image(
    reference: str, entrypoint: Sequence[str], cmd: Sequence[str], user: str, ports: Sequence[str] = ()
) -> Draft:
    """A request with one input and one output, and if the image has no ENTRYPOINT with a script as an input."""
    name = job_name(reference.rpartition("/")[2].partition("@")[0].partition(":")[0])
    notes = [f"made up: the input data, the output result, {ROLE}, and what the arguments may be"]
    application: dict[str, Any] = {"ImageUri": reference}
    inputs = [_input("data", f"s3://{BUCKET}/{name}/data")]
    if not entrypoint:
        interpreter = posixpath.basename(cmd[0]) if cmd else "python3"
        runs = "python3" if interpreter.startswith("python") else "/bin/sh"
        application["ContainerEntrypoint"] = [runs, SCRIPT if runs == "python3" else SCRIPT.replace(".py", ".sh")]
        inputs.append(_input("code", f"s3://{BUCKET}/{name}/code"))
        notes.append("the image has no ENTRYPOINT, so that the job runs a script of its input code")
    if user:
        notes.append(f"the program runs as USER {user}, who must be able to write to the output")
    if ports:
        notes.append(f"EXPOSE {' '.join(ports)} has no effect: only the hosts of a job can reach each other")
    output = {
        "S3Uri": f"s3://{BUCKET}/{name}/result",
        "LocalPath": f"{PROCESSING}/output/result",
        "S3UploadMode": "EndOfJob",
    }
    document = {
        "ProcessingJobName": name,
        "AppSpecification": application,
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "result", "S3Output": output}]},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 300},
        "RoleArn": ROLE,
    }
    return Draft(document, tuple(notes))


def job_name(text: str) -> str:
    """A text as a ProcessingJobName."""
    return re.sub(r"[^a-zA-Z0-9]+", "-", text).strip("-")[:63].rstrip("-") or "job"


def _input(name: str, uri: str) -> dict[str, Any]:
    s3_input = {
        "S3Uri": uri,
        "LocalPath": f"{PROCESSING}/input/{name}",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
    }
    return {"InputName": name, "S3Input": s3_input}
