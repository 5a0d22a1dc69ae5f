"""One job from its creation to its end, through the served API and by the SDK's local mode: same image, S3 and data.

The two take turns, and medians are compared. A process is warm where its imports and its first job are behind it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import docker

from benchmarks.table import Benchmark, Row
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.serve.server import Options, Server
from conformance.service import engine, inspection
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from images.builder.build import build
from tests.localmode import sdk
from tests.support.served import Clients, input_of, output, request

MB = 1 << 20
POLL_SECONDS = 0.02
CODE = """
import os, shutil
for at, _, names in os.walk("/opt/ml/processing/input/data"):
    size = sum(os.path.getsize(os.path.join(at, name)) for name in names)
open("/opt/ml/processing/output/result/size.txt", "w").write(str(size))
"""

FRESH = """
import json, sys, time
import boto3
request = json.loads(sys.argv[1])
client = boto3.client("sagemaker")
client.create_processing_job(**request)
while (told := client.describe_processing_job(ProcessingJobName=request["ProcessingJobName"])) and (
    told["ProcessingJobStatus"] in ("InProgress", "Stopping")
):
    time.sleep(0.02)
sys.exit(told["ProcessingJobStatus"] != "Completed")
"""
"""What a user writes who has boto3 alone."""


@dataclass(frozen=True)
class Data:
    """The objects of an input: so many of so many bytes."""

    name: str
    count: int
    size: int
    most: float

    @property
    def bucket(self) -> str:
        """Where they are."""
        return f"data-{self.count}-{self.size}"


SMALL = Data("1 object of 10 KB", 1, 10_000, 0.6)
DATA = (SMALL, Data("1,000 objects of 10 KB", 1_000, 10_000, 0.1), Data("1 object of 256 MB", 1, 256 * MB, 0.4))
MOST_FRESH = 0.4
MOST_DIRECT = 1.3


@dataclass
class Sides:
    """A server with both kinds of clients of it."""

    clients: Clients
    home: Path
    _made: int = 0

    def request(self, data: Data) -> dict[str, Any]:
        """A job of a new name on that data."""
        self._made += 1
        name = f"job-{self._made}"
        members = {**input_of("data", f"s3://{data.bucket}/in/"), **output("result", f"s3://{data.bucket}/{name}")}
        return request(name, CODE, **members)

    def put(self, data: Data) -> None:
        """Put the objects, once."""
        self.clients.objects.create_bucket(Bucket=data.bucket)
        for number in range(data.count):
            self.clients.objects.put_object(Bucket=data.bucket, Key=f"in/{number:04}", Body=bytes(data.size))

    def ours(self, data: Data) -> float:
        """From its creation to its end, in seconds."""
        made = self.request(data)
        begun = time.perf_counter()
        self.clients.processing.create_processing_job(**made)
        while (told := self.clients.describe(made["ProcessingJobName"]))["ProcessingJobStatus"] == "InProgress":
            time.sleep(POLL_SECONDS)
        lasted = time.perf_counter() - begun
        _completed(told["ProcessingJobStatus"])
        return lasted

    def theirs(self, data: Data, turns: int) -> list[float]:
        """The same in local mode, in one process, whose first job does not count."""
        rows = [{"name": str(turn), "request": self.request(data), "stop": False} for turn in range(turns + 1)]
        results = sdk.run(self.home, rows, self.clients.server.environment)
        for each in results:
            _completed(each["status"])
        return [each["seconds"] for each in results[1:]]

    def our_process(self, data: Data) -> float:
        """A whole process with boto3, in seconds."""
        made = json.dumps(self.request(data))
        command = [sys.executable, "-c", FRESH, made]
        return _seconds(lambda: subprocess.run(command, env=self._variables(), check=True))

    def their_process(self, data: Data) -> float:
        """A whole process with the SDK, in seconds."""
        rows = [{"name": "fresh", "request": self.request(data), "stop": False}]
        return _seconds(lambda: sdk.run(self.home, rows, self.clients.server.environment))

    def _variables(self) -> Mapping[str, str]:
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.home), **self.clients.server.environment}


def measure(turns: int) -> Iterator[Row]:
    """Warm processes with each kind of data, fresh ones, and the service without its API."""
    build("reference", docker.from_env())
    reached = engine.connect()
    server = Server(reached, Options(grace_seconds=2))
    clients = Clients(server)
    try:
        with tempfile.TemporaryDirectory() as place:
            sdk.prepare(Path(place))
            with sdk.removing(reached.client, Path(place)):
                yield from _rows(Sides(clients, Path(place)), reached, turns)
    finally:
        clients.close()
        server.close()


def _rows(sides: Sides, reached: engine.Engine, turns: int) -> Iterator[Row]:
    for data in DATA:
        sides.put(data)
        sides.ours(data)
        ours, theirs = [], []
        for _ in range(turns):
            ours.append(sides.ours(data))
            theirs += sides.theirs(data, 1)
        yield Row(f"warm, {data.name}", tuple(ours), tuple(theirs), most=data.most)
    pairs = [(sides.our_process(SMALL), sides.their_process(SMALL)) for _ in range(turns)]
    ours, theirs = (list(each) for each in zip(*pairs, strict=True))
    yield Row(f"fresh process, {SMALL.name}", tuple(ours), tuple(theirs), most=MOST_FRESH)
    yield _direct(sides, reached, turns)


def _direct(sides: Sides, reached: engine.Engine, turns: int) -> Row:
    """Through the API against the service alone, which reads a directory."""
    place = sides.home / "s3" / SMALL.bucket / "in"
    place.mkdir(parents=True)
    (place / "0000").write_bytes(bytes(SMALL.size))
    service = LocalService(reached, ObjectTree(sides.home / "s3"), Settings.of_aws())
    image = inspection.find(reached, "conformance/reference")
    ours, theirs = [], []
    for _ in range(turns):
        ours.append(sides.ours(SMALL))
        run = partial(service.run, image, JobRequest(sides.request(SMALL)), Variation.AS_REQUESTED)
        theirs.append(_seconds(run))
    service.close()
    return Row("through the API / LocalService alone", tuple(ours), tuple(theirs), most=MOST_DIRECT)


def _seconds(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def _completed(status: str | None) -> None:
    if status != "Completed":
        raise RuntimeError(f"a job ended as {status}")


BENCHMARK = Benchmark("ours", "local mode", 5, measure)
