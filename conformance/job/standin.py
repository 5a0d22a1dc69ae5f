"""What the suite runs where the user gives no job: a request of its own, for the image's program and for a stand-in.

Nobody but its author knows what an image's program needs. The program tries the request, and may fail. With the probe
in its place it succeeds in any image, and shows what the image does before it: ENTRYPOINT, its wrappers, USER.
"""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.job.request import PROCESSING, JobRequest
from conformance.job.samples import Samples
from conformance.shells import SHELLS

OWN_SOURCE = "the suite's own request"

OBJECTS = Samples(Path(__file__).with_name("objects"))
"""What S3 holds for the suite's own requests."""

DATA = "s3://conformance/data/"
"""What its inputs hold: a table."""

SCRIPT_OPTION = "--image-script"

BEGINNING = "name,value\n"
"""How each object of the suite's own input begins."""

MARK = "conformance-start"
"""The argument by which the program is recognised that ENTRYPOINT hands its arguments to."""

FAILED, KILLED = 3, 137
"""How the stand-in exits with empty inputs and with corrupt ones: an ordinary code, and that of a killed process."""

SAID_BY_STAND_IN = "conformance: "
"""How each line begins in which the stand-in says why it fails; a wrapper may put something before it."""

RUN_SECONDS = 20.0
"""How long a run of the suite's own request may take: its stand-in is done at once, so that only wrappers take time."""

TRIAL_SECONDS = 15.0
"""How long the image's own program may try it: what serves, or asks somebody in vain, goes on for ever."""

WORK_MILLISECONDS = 500
"""How long the stand-in works: what a wrapper starts beside it has begun by then."""


@dataclass(frozen=True)
class StandIn:
    """The program that the probe stands in for.

    `path` is its file, links resolved. `command` is how its command line begins, by which it is told from other uses of
    that file; these run as ever. `is_wrapped` says that ENTRYPOINT or CMD runs something else before it, and
    `is_handed` that it gets what ENTRYPOINT was given.
    """

    path: str
    command: tuple[str, ...]
    is_wrapped: bool = False
    is_handed: bool = True


def own_request(image_uri: str) -> JobRequest:
    """The request that is run where the user gives none: one input, two outputs, one host."""
    return JobRequest(_document("image-alone", image_uri), source=OWN_SOURCE, is_own=True)


def tried_request(image_uri: str) -> JobRequest:
    """The same for the image's own program, which may be able to do it: inputs and outputs are its configuration's."""
    return JobRequest(_document("image-by-itself", image_uri), source=OWN_SOURCE, is_own=True, is_tried=True)


def script_request(image_uri: str, command: tuple[str, ...]) -> JobRequest:
    """The request that ScriptProcessor(command=[...]) makes for a script of the suite's own, by the command's language.

    Raises:
        ValueError: it is neither Python nor a shell.
    """
    name = posixpath.basename(command[0]) if command else ""
    if not name.startswith(("python", "pypy")) and name not in SHELLS:
        raise ValueError(f"expected a Python or a shell, got {name!r}")
    script = "job.sh" if name in SHELLS else "job.py"
    document = _document("script", image_uri)
    code = "/opt/ml/processing/input/code"
    document["AppSpecification"] |= {"ContainerEntrypoint": [*command, f"{code}/{script}"]}
    document["ProcessingInputs"].append(input_at("code", code, f"s3://conformance/code/{script}"))
    return JobRequest(document, source=f"{SCRIPT_OPTION}={shlex.join(command)}", is_script=True)


def _document(name: str, image_uri: str) -> dict[str, Any]:
    return {
        "ProcessingJobName": name,
        "AppSpecification": {"ImageUri": image_uri},
        "ProcessingInputs": [input_at("data", f"{PROCESSING}/input/data")],
        "ProcessingOutputConfig": {
            "Outputs": [output_at(name, f"{PROCESSING}/output/{name}") for name in ("first", "second")]
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
        },
        "RoleArn": "arn:aws:iam::123456789012:role/processing",
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }


def input_at(name: str, path: str, uri: str = DATA) -> dict[str, Any]:
    """An input of the suite's own request."""
    read = {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": read}


def output_at(name: str, path: str) -> dict[str, Any]:
    """An output of the suite's own request."""
    place = {"S3Uri": f"s3://conformance/output/{name}", "LocalPath": path, "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "S3Output": place}
