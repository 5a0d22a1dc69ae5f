"""Sessions against sessions: with workers and without, many images at a time, several hosts, files listed before.

Each pair takes turns, as its user types it. An image of 10 GB is made for it, and removed again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import docker

from benchmarks.checks import JOB, ROOT, S3
from benchmarks.table import Benchmark, Row
from images.builder.build import build

WORDCOUNT = ROOT / "fixtures/wordcount"

EIGHT = (
    *("reference", "examples/sklearn", "sound/empty-directories-below-opt-ml", "sound/bash-that-execs-by-itself"),
    *("flawed/no-command", "flawed/program-below-opt-ml", "flawed/file-at-opt-ml", "flawed/user-without-account"),
)
"""Images that are judged without a job, four of which violate."""

FILE_BYTES = 1 << 30
FILES = 10

WORKERS_BOUND = 1.1
FLEET_BOUND = 1 / 1.5
DISTRIBUTED_BOUND = 15.0

ENDS = frozenset({0, 1, 6})
"""With what a session ends that has judged."""


@dataclass(frozen=True)
class Timed:
    """How long a session took, and where its reports are."""

    seconds: float
    report: Path


def session(place: Path, *options: str) -> Timed:
    """One session in a directory, with lists of files below it."""
    begun = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options],
        cwd=place,
        env={**os.environ, "XDG_CACHE_HOME": str(place / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode not in ENDS:
        sys.exit(f"sessions: a session ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return Timed(time.perf_counter() - begun, place / "conformance-report")


def with_workers(turns: int, place: Path, image: str) -> Iterator[Row]:
    """One image and its job, with `-n 4` and without."""
    job = (f"--image={image}", f"--image-job={JOB}", f"--image-s3={S3}")
    pairs = [(session(place, *job, "-n", "4"), session(place, *job)) for _ in range(turns)]
    yield _row("one image with -n 4 / without", pairs, most=WORKERS_BOUND)


def of_eight(turns: int, place: Path, images: Sequence[str]) -> Iterator[Row]:
    """Eight images at once by two workers, and one session after the other."""
    fleet = [f"--image={image}" for image in images]
    pairs = [
        (session(place, *fleet, "-n", "2"), _all(session(place, f"--image={image}") for image in images))
        for _ in range(turns)
    ]
    yield _row(f"{len(images)} images with -n 2 / one after the other", pairs, most=FLEET_BOUND)


def of_two_hosts(turns: int, place: Path, image: str) -> Iterator[Row]:
    """The word count on two hosts, whole, against the longest of its runs: one in which a peer is awaited."""
    job = (f"--image={image}", f"--image-job={WORDCOUNT / 'job.json'}", f"--image-s3={WORDCOUNT / 's3'}")
    wholes, longest = [], []
    for _ in range(turns):
        whole = session(place, *job, "--image-hosts=2")
        runs = json.loads((whole.report / "report.json").read_text(encoding="utf-8"))["runs"]
        wholes.append(whole.seconds)
        longest.append(max(run["seconds"] for run in runs))
    yield Row("distributed verdict / the longest of its runs", tuple(wholes), tuple(longest))
    yield Row("distributed verdict", tuple(wholes), most=DISTRIBUTED_BOUND)


def of_a_large_image(turns: int, place: Path, client: docker.APIClient) -> Iterator[Row]:
    """An image of 10 GB without a job: its files listed before, and listed anew."""
    name = f"conformance-benchmark/large-{os.getpid()}"
    client.import_image_from_stream(_archive(), repository=name, changes=['ENTRYPOINT ["/program"]'])
    try:
        session(place, f"--image={name}")
        pairs = [(session(place, f"--image={name}"), session(place, f"--image={name}", "--image-no-cache"))]
        pairs += [(session(place, f"--image={name}"), pairs[0][1]) for _ in range(turns - 1)]
    finally:
        client.remove_image(name)
    yield _row(f"image of {FILES} GB: files listed before / anew", pairs)


def _archive() -> Iterator[bytes]:
    """Large files, which are never whole in memory."""
    yield _head("program", 0)
    block = bytes(1 << 20)
    for number in range(FILES):
        yield _head(f"opt/data/{number}", FILE_BYTES)
        for _ in range(FILE_BYTES // len(block)):
            yield block
    yield bytes(2 * tarfile.BLOCKSIZE)


def _head(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o755
    return entry.tobuf()


def _all(sessions: Iterator[Timed]) -> Timed:
    timed = list(sessions)
    return Timed(sum(each.seconds for each in timed), timed[-1].report)


def _row(name: str, pairs: Sequence[tuple[Timed, Timed]], most: float | None = None) -> Row:
    ours, theirs = (tuple(each.seconds for each in side) for side in zip(*pairs, strict=True))
    return Row(name, ours, theirs, most)


def measure(turns: int) -> Iterator[Row]:
    """All of them, one after the other."""
    client = docker.from_env()
    reference, wordcount, *eight = (build(name, client) for name in ("reference", "examples/wordcount", *EIGHT))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        session(place, f"--image={reference}")
        yield from with_workers(turns, place, reference)
        yield from of_eight(turns, place, eight)
        yield from of_two_hosts(turns, place, wordcount)
        yield from of_a_large_image(turns, place, client.api)


BENCHMARK = Benchmark("ours", "the other", 3, measure)
