"""Sessions with an image and nothing else, against as many bare lives of a container, which take turns with them.

A bare life is what one would write with docker-py: a volume, a container, an archive put and got, and their removal.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker

from benchmarks.checks import run_session, told
from benchmarks.service import bare_life, staged_archive
from benchmarks.table import Benchmark, Row
from conformance.service import engine
from images.builder.build import build

SECONDS_BOUND = 3.5
CONTAINERS_BOUND = 10


def lives(client: docker.APIClient, image: str, number: int, place: Path) -> float:
    """How long so many bare lives take, one after the other, in seconds."""
    archive = b"".join(staged_archive(place, "s3://bucket/none/"))
    begun = time.perf_counter()
    for _ in range(number):
        bare_life(client, image, archive)
    return time.perf_counter() - begun


def measure(turns: int) -> Iterator[Row]:
    """The reference without its job; the first session, which warms up, says how many containers it takes."""
    image = build("reference", docker.from_env())
    client = engine.connect().client
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "bucket/none").mkdir(parents=True)
        number = run_session(client, image, None, place).created
        sessions, theirs = [], []
        for _ in range(turns):
            sessions.append(run_session(client, image, None, place))
            theirs.append(lives(client, image, number, place))
    ours = tuple(session.seconds for session in sessions)
    yield Row(f"image alone / {number} bare lives of a container", ours, tuple(theirs))
    yield Row(f"image alone: {told(sessions)} judged", ours, most=SECONDS_BOUND)
    yield Row(
        "image alone: containers created",
        tuple(float(session.created) for session in sessions),
        most=CONTAINERS_BOUND,
        unit="",
    )


BENCHMARK = Benchmark("ours", "docker-py", 5, measure)
