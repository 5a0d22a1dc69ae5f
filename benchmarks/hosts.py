"""A job of N hosts against what anybody would write with docker-py: N containers on a network, up and down again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
from conformance.service.documents import of_host
from conformance.service.labels import run_labels
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from images.builder.build import build

COUNTS = (1, 2, 4, 8, 16)
BOUND = 1.3

REQUEST = JobRequest(
    {
        "ProcessingJobName": "benchmark",
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["true"]},
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}},
        "RoleArn": "arn:aws:iam::123456789012:role/processing",
    }
)
"""A job whose program exits at once."""


def bare_hosts(client: docker.APIClient, image: str, count: int) -> float:
    """Bring so many containers up on one network and remove them, all at once; in seconds."""
    labels = run_labels("benchmark", kept=False)
    names = tuple(f"algo-{number}" for number in range(1, count + 1))
    begun = time.perf_counter()
    network = f"conformance-{uuid.uuid4().hex[:16]}"
    client.create_network(network, internal=True, labels=labels)

    def life(name: str) -> None:
        volume = client.create_volume(f"conformance-{uuid.uuid4().hex[:16]}", labels=labels)["Name"]
        container = client.create_container(
            image,
            entrypoint=["true"],
            labels=labels,
            networking_config=client.create_networking_config(
                {network: client.create_endpoint_config(aliases=[name])}  # type: ignore[arg-type] # the stubs name one
            ),
            host_config=client.create_host_config(
                network_mode=network, mounts=[Mount("/opt/ml", volume, type="volume", no_copy=True)]
            ),
        )["Id"]
        documents = of_host(name, names, REQUEST, Variation.AS_REQUESTED, region="us-east-1")
        client.put_archive(container, "/opt/ml", write("/opt/ml", documents.items()))
        client.start(container)
        client.wait(container)
        client.logs(container)
        for _ in client.get_archive(container, "/opt/ml")[0]:
            pass
        client.remove_container(container, force=True)
        client.remove_volume(volume)

    try:
        with ThreadPoolExecutor(count) as pool:
            list(pool.map(life, names))
    finally:
        client.remove_network(network)
    return time.perf_counter() - begun


def our_hosts(service: LocalService, image: Image, count: int) -> float:
    """The same as a job of the service; in seconds."""
    begun = time.perf_counter()
    outcome = service.run(image, REQUEST.on_hosts(count), Variation.AS_REQUESTED)
    lasted = time.perf_counter() - begun
    if outcome.status is not JobStatus.COMPLETED or len(outcome.hosts) != count:
        raise RuntimeError(f"the job of {count} hosts ended as {outcome.status}: {outcome.failure_reason}")
    return lasted


def measure(turns: int) -> Iterator[Row]:
    """Both by turns for each number of hosts; the first turn warms up."""
    reached = engine.connect()
    image = inspection.find(reached, build("reference", docker.from_env()))
    service = LocalService(reached, ObjectTree(Path()), Settings())
    try:
        for count in COUNTS:
            ours, theirs = [], []
            for _ in range(turns + 1):
                ours.append(our_hosts(service, image, count))
                theirs.append(bare_hosts(reached.client, image.id, count))
            yield Row(f"{count} host{'s' if count > 1 else ''}", tuple(ours[1:]), tuple(theirs[1:]), most=BOUND)
    finally:
        service.close()


BENCHMARK = Benchmark("the service", "docker-py", 5, measure)
