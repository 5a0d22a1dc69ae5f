"""The two jobs on AWS itself, by boto3 alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from conformance.calibration.seen import LIMIT_SECONDS, OBJECTS, READY, Seen, Stopped, looking, waiting
from conformance.errors import JobError
from conformance.job.request import JobRequest
from conformance.onaws import logs
from conformance.onaws.calls import Calls, explained
from conformance.onaws.place import Place
from conformance.onaws.sent import TAG
from conformance.onaws.service import ENDED, START_SECONDS

PAUSE_SECONDS = 1.0
SETTLING_SECONDS = 5.0
JOBS = 2


def instance_hours(hosts: int) -> float:
    """What both jobs come to at most."""
    return (hosts + 1) * LIMIT_SECONDS / 3600


def calibrate(
    calls: Calls, place: Place, run_id: str, *, image: str, role: str, instance_type: str, hosts: int
) -> Seen:
    """Run both jobs; whatever happens, neither runs on, and their objects are removed.

    Raises:
        JobError: one of them could not be run, or did not show what it is for.
    """
    folder = place.uri
    for key, content in OBJECTS.items():
        place.put(f"{folder.key}/{key}", content)
    try:
        looked = f"calibration-{run_id}-look"
        request = _moved(looking(image, role, instance_type, hosts), folder.bucket, folder.key)
        with _created(calls, request, looked, run_id):
            described = _until_ended(calls, looked)
        status = described["ProcessingJobStatus"]
        if status != "Completed":
            raise JobError(f"job {looked} ended as {status}: {described.get('FailureReason')}")
        keys = sorted(f"{folder.key}/look/{each.below}" for each in place.list(f"{folder.key}/look/"))
        looks = tuple(json.loads(place.get(key)) for key in keys)
        stopped = f"calibration-{run_id}-stop"
        with _created(calls, dict(waiting(image, role, instance_type).document), stopped, run_id):
            _await_ready(calls, stopped)
        _until_ended(calls, stopped)
        said = logs.settled(calls, stopped, time.sleep, SETTLING_SECONDS)
        lines = b"".join(said.values()).decode("utf-8", "replace").splitlines()
        return Seen(looks, described.get("ExitMessage"), Stopped.of_log(lines))
    finally:
        place.remove()


def _moved(request: JobRequest, bucket: str, key: str) -> dict[str, Any]:
    """The request, with everything in this folder."""
    document: dict[str, Any] = json.loads(json.dumps(dict(request.document)))
    for item, name in zip(document["ProcessingInputs"], ("data", "stream"), strict=True):
        item["S3Input"]["S3Uri"] = f"s3://{bucket}/{key}/{name}/"
    document["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = f"s3://{bucket}/{key}/look"
    return document


@contextmanager
def _created(calls: Calls, document: dict[str, Any], name: str, run_id: str) -> Iterator[None]:
    """Create a job, and stop it when the block has ended, if it has not."""
    tags = [{"Key": TAG, "Value": run_id}]
    with explained(f"AWS refuses job {name}"):
        calls.sagemaker.create_processing_job(**document | {"ProcessingJobName": name, "Tags": tags})
    try:
        yield
    finally:
        if _describe(calls, name)["ProcessingJobStatus"] not in ENDED:
            with explained(f"job {name} cannot be stopped"):
                calls.sagemaker.stop_processing_job(ProcessingJobName=name)


def _until_ended(calls: Calls, name: str) -> dict[str, Any]:
    deadline = time.monotonic() + LIMIT_SECONDS + START_SECONDS
    while (described := _describe(calls, name))["ProcessingJobStatus"] not in ENDED:
        if time.monotonic() > deadline:
            raise JobError(f"job {name} did not end within its limit")
        time.sleep(PAUSE_SECONDS)
    return described


def _await_ready(calls: Calls, name: str) -> None:
    """Wait until the job says that it waits."""
    deadline = time.monotonic() + LIMIT_SECONDS + START_SECONDS
    while READY.encode() not in b"".join(logs.read(calls, name).values()):
        if _describe(calls, name)["ProcessingJobStatus"] in ENDED or time.monotonic() > deadline:
            raise JobError(f"job {name} ended before it could be stopped")
        time.sleep(PAUSE_SECONDS)


def _describe(calls: Calls, name: str) -> dict[str, Any]:
    with explained(f"job {name} cannot be described"):
        found: dict[str, Any] = calls.sagemaker.describe_processing_job(ProcessingJobName=name)
        return found
