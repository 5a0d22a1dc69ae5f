"""Large inputs and outputs, against the same archives put into a volume and got from it by docker-py alone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
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
from conformance.outcome.outcome import JobStatus
from conformance.service import engine, inspection
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from conformance.service.staging import staged
from images.builder.build import build

FILES, FILE_BYTES = 4, 256 << 20
OBJECTS, OBJECT_BYTES, HOSTS = 10_000, 1_000, 4

INPUT, OUTPUT = "/opt/ml/processing/input", "/opt/ml/processing/output"

BYTES_BOUND, OBJECTS_BOUND = 1.1, 1.2


def request(name: str, *command: str, hosts: int = 1) -> JobRequest:
    """A job of one sharded input and one output."""
    s3_input = {
        "S3Uri": f"s3://bucket/{name}/",
        "LocalPath": INPUT,
        "S3DataType": "S3Prefix",
        "S3DataDistributionType": "ShardedByS3Key",
    }
    output = {"S3Uri": "s3://bucket/output/", "LocalPath": OUTPUT, "S3UploadMode": "EndOfJob"}
    cluster = {"InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30, "InstanceCount": hosts}
    return JobRequest(
        {
            "ProcessingJobName": "benchmark",
            "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": list(command)},
            "ProcessingInputs": [{"InputName": "input", "S3Input": s3_input}],
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": "output", "S3Output": output}]},
            "ProcessingResources": {"ClusterConfig": cluster},
            "RoleArn": "arn:aws:iam::123456789012:role/processing",
        }
    )


def bare(client: docker.APIClient, image: str, of: JobRequest, objects: ObjectTree) -> float:
    """The same containers one after the other, without a network: archive put, program run, archive got; in seconds."""
    begun = time.perf_counter()
    for host in of.hosts:
        volume = client.create_volume()["Name"]
        container = client.create_container(
            image,
            entrypoint=list(of.entrypoint or ()),
            host_config=client.create_host_config(
                network_mode="none", mounts=[Mount("/opt/ml", volume, type="volume", no_copy=True)]
            ),
        )["Id"]
        try:
            entries = staged(of, Variation.AS_REQUESTED, {}, objects, host=host, hosts=of.hosts)
            client.put_archive(container, "/opt/ml", write("/opt/ml", entries))
            client.start(container)
            client.wait(container)
            for _ in client.get_archive(container, "/opt/ml")[0]:
                pass
        finally:
            client.remove_container(container, force=True)
            client.remove_volume(volume)
    return time.perf_counter() - begun


def compare(client: docker.APIClient, image: Image, objects: ObjectTree, of: JobRequest, turns: int) -> Sequence[Any]:
    """The job by the service and by docker-py, by turns; the first turn warms up."""
    service = LocalService(engine.connect(), objects, Settings())
    ours, theirs = [], []
    try:
        for _ in range(turns + 1):
            begun = time.perf_counter()
            outcome = service.run(image, of, Variation.AS_REQUESTED)
            ours.append(time.perf_counter() - begun)
            if outcome.status is not JobStatus.COMPLETED:
                raise RuntimeError(f"the job ended as {outcome.status}: {outcome.failure_reason}")
            theirs.append(bare(client, image.id, of, objects))
    finally:
        service.close()
    return tuple(ours[1:]), tuple(theirs[1:])


def measure(turns: int) -> Iterator[Row]:
    """Few large files, which come back as outputs, and many small ones over several hosts."""
    reached = engine.connect()
    image = inspection.find(reached, build("reference", docker.from_env()))
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        (here / "bucket/large").mkdir(parents=True)
        for number in range(FILES):
            with (here / f"bucket/large/{number}").open("wb") as file:
                for block in range(FILE_BYTES >> 20):
                    file.write(bytes([number, block % 256]) * (1 << 19))
        (here / "bucket/many").mkdir()
        for number in range(OBJECTS):
            (here / f"bucket/many/{number:05}").write_bytes(bytes([number % 256]) * OBJECT_BYTES)
        objects = ObjectTree(here)
        move = "import os; [os.rename(f'{i}/{n}', f'{o}/{n}') for i, o in [%r] for n in os.listdir(i)]"
        large = request("large", "python3", "-c", move % ((INPUT, OUTPUT),))
        ours, theirs = compare(reached.client, image, objects, large, turns)
        yield Row(f"{FILES * FILE_BYTES >> 20} MiB in and out", ours, theirs, most=BYTES_BOUND)
        ours, theirs = compare(reached.client, image, objects, request("many", "true", hosts=HOSTS), turns)
        yield Row(f"{OBJECTS} objects over {HOSTS} hosts", ours, theirs, most=OBJECTS_BOUND)


BENCHMARK = Benchmark("the service", "docker-py", 3, measure)
