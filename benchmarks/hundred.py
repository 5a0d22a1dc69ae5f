"""The word count on as many hosts as a job may have, against as many containers of docker-py's, and its memory."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import docker

from benchmarks.hosts import bare_hosts
from benchmarks.table import Benchmark, Row
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.outcome import JobStatus
from conformance.service import engine, inspection
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from images.builder.build import build

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures/wordcount"

HOSTS = 100
"""The most that a job may have (API model, `ProcessingClusterConfig`)."""

BOUND = 1.2
MEMORY_BOUND = 300
MEGABYTE_KIB = 1000


def count_words(service: LocalService, image: str, hosts: int) -> float:
    """Run the word count on so many hosts, all of which speak with each other; in seconds."""
    request = JobRequest(json.loads((FIXTURES / "job.json").read_text(encoding="utf-8"))).on_hosts(hosts)
    found = inspection.find(engine.connect(), image)
    begun = time.perf_counter()
    outcome = service.run(found, request, Variation.AS_REQUESTED)
    lasted = time.perf_counter() - begun
    if outcome.status is not JobStatus.COMPLETED or f"hosts: {hosts}," not in (outcome.exit_message or ""):
        raise RuntimeError(f"the job of {hosts} hosts ended as {outcome.status}: {outcome.failure_reason}")
    return lasted


def measure(turns: int) -> Iterator[Row]:
    """Both by turns, and how much memory this process came to have, of which docker-py's threads are a part."""
    image = build("examples/wordcount", docker.from_env())
    reached = engine.connect()
    service = LocalService(reached, ObjectTree(FIXTURES / "s3"), Settings())
    ours, theirs = [], []
    try:
        for _ in range(turns):
            ours.append(count_words(service, image, HOSTS))
            theirs.append(bare_hosts(reached.client, image, HOSTS))
    finally:
        service.close()
    yield Row(f"the word count on {HOSTS} hosts", tuple(ours), tuple(theirs), most=BOUND)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE_KIB
    yield Row(f"the word count on {HOSTS} hosts: MB of memory", (megabytes,), most=MEMORY_BOUND, unit="")


BENCHMARK = Benchmark("the service", "docker-py", 1, measure)
"""The other benchmarks take minutes together; this one takes ten on two processors."""
