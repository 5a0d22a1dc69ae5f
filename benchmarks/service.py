"""The local service against docker-py alone.

Two kinds of run take turns, so that what else the machine does falls on both; medians are compared.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import docker
from docker.types import Mount

from benchmarks.table import Benchmark, Row
from conformance.files.archive import write
from conformance.image.image import Image
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.service import engine, inspection
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from conformance.service.staging import staged
from images.builder.build import build

ROOT = Path(__file__).parent.parent
OBJECTS = 1_000
OBJECT_BYTES = 10_000
BOUND = 1.5


def request(uri: str) -> JobRequest:
    """A job of one input whose program exits at once."""
    s3_input = {"S3Uri": uri, "LocalPath": "/opt/ml/processing/input", "S3DataType": "S3Prefix"}
    return JobRequest(
        {
            "ProcessingJobName": "benchmark",
            "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["true"]},
            "ProcessingInputs": [{"InputName": "input", "S3Input": s3_input}],
            "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}},
            "RoleArn": "arn:aws:iam::123456789012:role/processing",
        }
    )


def bare_life(client: docker.APIClient, image: str, archive: bytes) -> None:
    """What anybody would write with docker-py for the same container, volume, put and get."""
    client.create_volume("conformance-benchmark")
    mounts = [Mount("/opt/ml", "conformance-benchmark", no_copy=True)]
    host_config = client.create_host_config(network_mode="none", mounts=mounts)
    container = client.create_container(image, entrypoint=["true"], host_config=host_config)
    client.put_archive(container, "/opt/ml", archive)
    client.start(container)
    client.wait(container)
    client.logs(container)
    for _ in client.get_archive(container, "/opt/ml")[0]:
        pass
    client.remove_container(container)
    client.remove_volume("conformance-benchmark")


def staged_archive(here: Path, uri: str) -> Iterator[bytes]:
    """The archive that the service makes of a job's input."""
    return write("/opt/ml", staged(request(uri), Variation.AS_REQUESTED, {}, ObjectTree(here)))


def put_alone(client: docker.APIClient, image: str, make: Callable[[], Any]) -> float:
    """Put an archive into a fresh volume, in seconds; `make` is among them, the container's life is not."""
    client.create_volume("conformance-benchmark")
    mounts = [Mount("/opt/ml", "conformance-benchmark", no_copy=True)]
    container = client.create_container(image, ["true"], host_config=client.create_host_config(mounts=mounts))
    begun = time.perf_counter()
    client.put_archive(container, "/opt/ml", make())
    lasted = time.perf_counter() - begun
    client.remove_container(container)
    client.remove_volume("conformance-benchmark")
    return lasted


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def compare_life(client: docker.APIClient, image: Image, here: Path, turns: int) -> Row:
    """One small job against the bare life of the same container."""
    (here / "bucket").mkdir(exist_ok=True)
    (here / "bucket/small").write_text("x", encoding="utf-8")
    uri = "s3://bucket/small"
    service = LocalService(engine.connect(), ObjectTree(here), Settings())
    archive = b"".join(staged_archive(here, uri))
    ours, theirs = [], []
    for _ in range(turns + 1):
        ours.append(seconds(lambda: service.run(image, request(uri), Variation.AS_REQUESTED)))
        theirs.append(seconds(lambda: bare_life(client, image.id, archive)))
    return Row("one job that exits at once", tuple(ours[1:]), tuple(theirs[1:]), most=BOUND)


def compare_staging(client: docker.APIClient, image: Image, here: Path, turns: int) -> Row:
    """A thousand objects from the directory into the volume against putting the finished archive."""
    many = here / "bucket/many"
    many.mkdir(parents=True, exist_ok=True)
    for number in range(OBJECTS):
        (many / f"{number:04}").write_bytes(bytes([number % 256]) * OBJECT_BYTES)
    archive = b"".join(staged_archive(here, "s3://bucket/many/"))
    ours, theirs = [], []
    for _ in range(turns + 1):
        ours.append(put_alone(client, image.id, lambda: staged_archive(here, "s3://bucket/many/")))
        theirs.append(put_alone(client, image.id, lambda: archive))
    name = f"{OBJECTS} inputs of {OBJECT_BYTES} bytes / one put_archive"
    return Row(name, tuple(ours[1:]), tuple(theirs[1:]), most=BOUND)


def whole_process(turns: int) -> Iterator[Row]:
    """The command itself, and what of it is not the engine's."""
    job = ["--image-job", str(ROOT / "fixtures/reference/job.json"), "--image-s3", str(ROOT / "fixtures/reference/s3")]
    pytest = [sys.executable, "-m", "pytest", "-q"]
    commands = {
        "pytest --image with a job": [*pytest, "--image=conformance/reference", *job],
        "pytest --image without a job": [*pytest, "--image=conformance/reference"],
        "import of the plugin and all checks": [
            sys.executable,
            "-c",
            "import pytest_sagemaker_processing; from conformance.checks import load_checks; load_checks()",
        ],
        "import of pytest alone": [sys.executable, "-c", "import pytest"],
    }
    with tempfile.TemporaryDirectory() as place:
        calls = {
            name: partial(subprocess.run, command, cwd=place, check=True, stdout=subprocess.DEVNULL)
            for name, command in commands.items()
        }
        taken = [{name: seconds(call) for name, call in calls.items()} for _ in range(turns)]
    for name in commands:
        yield Row(name, tuple(times[name] for times in taken))


def measure(turns: int) -> Iterator[Row]:
    """One job, the staging of many objects, and whole processes."""
    build("reference", docker.from_env())
    reached = engine.connect()
    image = inspection.find(reached, "conformance/reference")
    with tempfile.TemporaryDirectory() as place:
        yield compare_life(reached.client, image, Path(place), turns)
        yield compare_staging(reached.client, image, Path(place), turns)
    yield from whole_process(turns)


BENCHMARK = Benchmark("ours", "docker-py", 9, measure)
