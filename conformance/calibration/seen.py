"""What two jobs of the calibration image show: the looks of all hosts of one, and how the other was stopped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.job.request import PROCESSING, JobRequest
from conformance.job.standin import input_at, output_at

BUCKET = "conformance-calibration"

OBJECTS = {"data/sub/table.csv": b"name,value\na,1\n", "stream/part": b"1\n2\n"}
"""What its inputs hold: a file, and what a FIFO is fed with."""

LINE = re.compile(r"(?P<kind>signal|alive) (?:(?P<name>SIG\w+) )?(?P<at>\d+\.\d+)")

READY = "alive"
"""How a line of the log begins once the job waits to be stopped."""

LIMIT_SECONDS = 300


@dataclass(frozen=True)
class Stopped:
    """The signals that came, each with the seconds since the first, and how long after it the job was there."""

    signals: tuple[tuple[str, float], ...] = ()
    alive_seconds: float | None = None

    @classmethod
    def of_log(cls, lines: Iterable[str]) -> Stopped:
        """Read the log of the job that waited."""
        found = [match for line in lines if (match := LINE.fullmatch(line.strip()))]
        signals = [(match["name"], float(match["at"])) for match in found if match["kind"] == "signal"]
        if not signals:
            return cls()
        first = signals[0][1]
        last = max(float(match["at"]) for match in found)
        return cls(tuple((name, round(at - first, 3)) for name, at in signals), round(last - first, 1))


@dataclass(frozen=True)
class Seen:
    """The looks of the hosts, in their order, the ExitMessage of that job, and how the other was stopped."""

    looks: tuple[Mapping[str, Any], ...]
    exit_message: str | None
    stopped: Stopped


def looking(image: str, role: str, instance_type: str, hosts: int) -> JobRequest:
    """The job that looks: a File and a Pipe input, and an output."""
    document = _document(image, role, instance_type, hosts)
    stream = input_at("stream", f"{PROCESSING}/input/stream", f"s3://{BUCKET}/stream/")
    stream["S3Input"] |= {"S3InputMode": "Pipe"}
    document["ProcessingInputs"] = [
        input_at("data", f"{PROCESSING}/input/data", f"s3://{BUCKET}/data/"),
        stream,
    ]
    document["ProcessingOutputConfig"] = {"Outputs": [output_at("look", f"{PROCESSING}/output/look")]}
    return JobRequest(document, source="the calibration's own request")


def waiting(image: str, role: str, instance_type: str) -> JobRequest:
    """The job that is stopped."""
    document = _document(image, role, instance_type, 1)
    document["AppSpecification"]["ContainerArguments"] = ["--wait"]
    return JobRequest(document, source="the calibration's own request")


def _document(image: str, role: str, instance_type: str, hosts: int) -> dict[str, Any]:
    return {
        "ProcessingJobName": "calibration",
        "AppSpecification": {"ImageUri": image},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": hosts, "InstanceType": instance_type, "VolumeSizeInGB": 10}
        },
        "RoleArn": role,
        "StoppingCondition": {"MaxRuntimeInSeconds": LIMIT_SECONDS},
    }
