"""Very many objects, and a very large one: `make hostile`, since it takes minutes; no other target collects it."""

from __future__ import annotations

import gzip
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.reports.test_logs_reach_reports import CODE
from tests.session.test_hostile import MEMORY_BYTES
from tests.support.hostile import session
from tests.support.jobs import request
from tests.support.leftovers import owned_by

pytestmark = pytest.mark.engine

OBJECTS = 10_000
HOSTS = 4
LARGE_BYTES = 1 << 30

INPUT = "/opt/ml/processing/input/data"
OUTPUT = "/opt/ml/processing/output/summary"

PROGRAM = f"""
import os, shutil
names = sorted(os.listdir("{INPUT}"))
print(len(names), sum(os.path.getsize(os.path.join("{INPUT}", name)) for name in names), flush=True)
if len(names) == 1:
    shutil.copy(os.path.join("{INPUT}", names[0]), "{OUTPUT}")
"""
"""Counts what there is, and copies what is alone."""

READER = f"""
size = 0
with open("{INPUT}_0", "rb") as pipe:
    while piece := pipe.read(1 << 20):
        size += len(piece)
print(1, size, flush=True)
"""
"""Counts what comes through a pipe."""


def job(here: Path, program: str = PROGRAM, **s3_input: str) -> tuple[str, ...]:
    """The options of a job that counts the objects of `s3://bucket/data`."""
    (here / "s3/bucket/code").mkdir()
    (here / "s3/bucket/code/main.py").write_text(program, encoding="utf-8")
    data = {"S3Uri": "s3://bucket/data", "LocalPath": INPUT, "S3DataType": "S3Prefix", **s3_input}
    code = {"S3Uri": "s3://bucket/code", "LocalPath": CODE, "S3DataType": "S3Prefix"}
    path = request(
        here / "job.json",
        AppSpecification={"ImageUri": "image", "ContainerEntrypoint": ["python3", f"{CODE}/main.py"]},
        ProcessingInputs=[{"InputName": "data", "S3Input": data}, {"InputName": "code", "S3Input": code}],
    )
    return f"--image-job={path}", f"--image-s3={here / 's3'}", "-k", "exit.zero-on-success"


def counted(ran: Any) -> list[tuple[int, int]]:  # noqa: ANN401 - a session of the tests'
    """How many files each host found, and of how many bytes."""
    (run,) = ran.report["runs"]
    found = [host["stdout"]["end"].split() for host in run["hosts"]]
    return [(int(files), int(size)) for files, size in found]


def test_ten_thousand_objects_over_four_hosts(
    tmp_path: Path, tag: Callable[[str], str], client: docker.APIClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each goes to one host, and the session's memory stays below 300 MB; the figures are printed."""
    (tmp_path / "s3/bucket/data").mkdir(parents=True)
    for number in range(OBJECTS):
        (tmp_path / f"s3/bucket/data/{number:05}").write_bytes(b"0123456789")
    begun = time.monotonic()

    ran, memory_bytes = session(
        tmp_path,
        *(f"--image={tag('reference')}", f"--image-hosts={HOSTS}"),
        *job(tmp_path, S3DataDistributionType="ShardedByS3Key"),
    )

    with capsys.disabled():
        figures = f"{time.monotonic() - begun:.0f} s, {memory_bytes >> 20} MB of memory"
        sys.stdout.write(f"{OBJECTS:,} objects over {HOSTS} hosts: {figures}\n")
    share = OBJECTS // HOSTS
    assert [(share, 10 * share)] * HOSTS == counted(ran)
    assert memory_bytes < MEMORY_BYTES
    assert [] == owned_by(client, ran.process)


def test_an_object_of_a_gigabyte(
    tmp_path: Path, tag: Callable[[str], str], client: docker.APIClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """It comes as an input and goes as an output, and is never held as a whole; the figures are printed."""
    (tmp_path / "s3/bucket/data").mkdir(parents=True)
    with (tmp_path / "s3/bucket/data/large").open("wb") as large:
        large.truncate(LARGE_BYTES)
    begun = time.monotonic()

    ran, memory_bytes = session(tmp_path, f"--image={tag('reference')}", *job(tmp_path))

    with capsys.disabled():
        figures = f"{time.monotonic() - begun:.0f} s, {memory_bytes >> 20} MB of memory"
        sys.stdout.write(f"an object of {LARGE_BYTES:,} bytes in and out: {figures}\n")
    (run,) = ran.report["runs"]
    assert [(1, LARGE_BYTES)] == counted(ran)
    assert [LARGE_BYTES] == [upload["bytes"] for upload in run["uploads"]]
    assert memory_bytes < MEMORY_BYTES
    assert [] == owned_by(client, ran.process)


def test_a_gigabyte_through_a_pipe(
    tmp_path: Path, tag: Callable[[str], str], client: docker.APIClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is decompressed while it is delivered, and never held as a whole; the figures are printed."""
    (tmp_path / "s3/bucket/data").mkdir(parents=True)
    with gzip.open(tmp_path / "s3/bucket/data/large.gz", "wb") as large:
        for _ in range(LARGE_BYTES >> 20):
            large.write(bytes(1 << 20))
    begun = time.monotonic()

    ran, memory_bytes = session(
        tmp_path,
        f"--image={tag('reference')}",
        *job(tmp_path, READER, S3InputMode="Pipe", S3CompressionType="Gzip"),
    )

    with capsys.disabled():
        figures = f"{time.monotonic() - begun:.0f} s, {memory_bytes >> 20} MB of memory"
        sys.stdout.write(f"an object of {LARGE_BYTES:,} bytes through a pipe: {figures}\n")
    assert [(1, LARGE_BYTES)] == counted(ran)
    assert memory_bytes < MEMORY_BYTES
    assert [] == owned_by(client, ran.process)
