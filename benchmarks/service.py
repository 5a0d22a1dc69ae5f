"""The local service against docker-py alone: `python -m benchmarks.service [REPEATS]`.

Two kinds of run take turns, so that what else the machine does falls on both; medians are compared.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
from docker.types import Mount

from conformance.archive import write
from conformance.image import Image
from conformance.job import JobRequest, Variation
from conformance.objects import ObjectTree
from conformance.service import engine, inspection
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from conformance.service.staging import staged
from images.build import build

ROOT = Path(__file__).parent.parent
OBJECTS = 1_000
OBJECT_BYTES = 10_000


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


def put_alone(client: docker.APIClient, image: str, make: Callable[[], Any]) -> None:
    """Put an archive into a fresh volume; `make` is part of what is measured, the container's life is not."""
    client.create_volume("conformance-benchmark")
    mounts = [Mount("/opt/ml", "conformance-benchmark", no_copy=True)]
    container = client.create_container(image, ["true"], host_config=client.create_host_config(mounts=mounts))
    begun = time.perf_counter()
    client.put_archive(container, "/opt/ml", make())
    PUTS.append(time.perf_counter() - begun)
    client.remove_container(container)
    client.remove_volume("conformance-benchmark")


PUTS: list[float] = []


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def row(name: str, ours: list[float], theirs: list[float], bound: str) -> None:
    """Print two medians and their ratio."""
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(f"{name:44} {mine:8.3f} s {other:8.3f} s {mine / other:7.2f}   {bound}")


def compare_life(client: docker.APIClient, image: Image, here: Path, repeats: int) -> None:
    """One small job against the bare life of the same container."""
    (here / "bucket").mkdir(exist_ok=True)
    (here / "bucket/small").write_text("x", encoding="utf-8")
    uri = "s3://bucket/small"
    service = LocalService(engine.connect(), ObjectTree(here), Settings())
    archive = b"".join(staged_archive(here, uri))
    ours, theirs = [], []
    for _ in range(repeats + 1):
        ours.append(seconds(lambda: service.run(image, request(uri), Variation.AS_REQUESTED)))
        theirs.append(seconds(lambda: bare_life(client, image.id, archive)))
    row("one job that exits at once / docker-py", ours[1:], theirs[1:], "at most 1.5")


def compare_staging(client: docker.APIClient, image: Image, here: Path, repeats: int) -> None:
    """A thousand objects from the directory into the volume against putting the finished archive."""
    many = here / "bucket/many"
    many.mkdir(parents=True, exist_ok=True)
    for number in range(OBJECTS):
        (many / f"{number:04}").write_bytes(bytes([number % 256]) * OBJECT_BYTES)
    archive = b"".join(staged_archive(here, "s3://bucket/many/"))
    ours, theirs = [], []
    for _ in range(repeats + 1):
        put_alone(client, image.id, lambda: staged_archive(here, "s3://bucket/many/"))
        ours.append(PUTS.pop())
        put_alone(client, image.id, lambda: archive)
        theirs.append(PUTS.pop())
    row(f"{OBJECTS} inputs of {OBJECT_BYTES} bytes / one put_archive", ours[1:], theirs[1:], "at most 1.5")


def whole_process(repeats: int) -> None:
    """The command itself, and what of it is not the engine's."""
    job = ["--image-job", str(ROOT / "fixtures/reference/job.json"), "--image-s3", str(ROOT / "fixtures/reference/s3")]
    pytest = [sys.executable, "-m", "pytest", "-q"]
    commands = {
        "pytest --image with a job": [*pytest, "--image=conformance/reference", *job],
        "pytest --image without a job": [*pytest, "--image=conformance/reference"],
        "import of the plugin and all checks": [
            sys.executable,
            "-c",
            "import conformance.plugin; from conformance.declaration import load_checks; load_checks()",
        ],
        "import of pytest alone": [sys.executable, "-c", "import pytest"],
    }
    with tempfile.TemporaryDirectory() as place:
        for name, command in commands.items():
            times = [
                seconds(lambda: subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL))  # noqa: B023 - called at once
                for _ in range(repeats)
            ]
            print(f"{name:44} {statistics.median(times):8.3f} s")


def main() -> None:
    """Print the table."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    build("reference", docker.from_env())
    reached = engine.connect()
    image = inspection.find(reached, "conformance/reference")
    print(f"medians of {repeats}{'':33} {'ours':>10} {'docker-py':>10} {'ratio':>7}   bound")
    with tempfile.TemporaryDirectory() as place:
        compare_life(reached.client, image, Path(place), repeats)
        compare_staging(reached.client, image, Path(place), max(repeats // 2, 3))
    whole_process(max(repeats // 3, 3))


if __name__ == "__main__":
    main()
