"""Continuous outputs: each look at them uploads what is there, and remembers what had not been there before."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from docker.errors import APIError
from urllib3.exceptions import ProtocolError

from conformance.errors import JobError, LimitError
from conformance.files import archive
from conformance.job.request import JobRequest
from conformance.outcome.outcome import MESSAGE_PATH
from conformance.service.containers import Container
from conformance.service.dialect import DOCKER, Dialect
from conformance.service.results.collection import Collector
from conformance.service.results.continuous import Watch
from conformance.service.settings import Settings
from tests.support.outcomes import request

PLACE = "/opt/ml/processing"
LIMIT = 1 << 20


def asking_for(**modes: str) -> JobRequest:
    """A request whose outputs have these names and modes."""
    outputs = [
        {
            "OutputName": name,
            "S3Output": {"S3Uri": f"s3://bucket/{name}", "LocalPath": f"{PLACE}/{name}", "S3UploadMode": mode},
        }
        for name, mode in modes.items()
    ]
    return request(ProcessingOutputConfig={"Outputs": outputs})


ONE = asking_for(a="Continuous")


@dataclass
class Running:
    """What a running container gives of its directories, one look after the other; an error is how a look ends.

    What is made of that is a container's own.
    """

    looks: list[Mapping[str, bytes] | Exception]
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    links: set[str] = field(default_factory=set)
    settings: Settings = field(default_factory=lambda: Settings(disk_bytes=LIMIT))
    read = Container.read

    @property
    def dialect(self) -> Dialect:
        """Of an engine that tells of links."""
        return DOCKER

    def is_link(self, path: str) -> bool:
        """Whether a link lies there."""
        return path in self.links

    def get(self, path: str) -> Iterable[bytes]:
        """The archive of a directory, as the engine gives it; the last look stays as it is."""
        self.asked.append(path)
        found = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if len(self.looks) == 1:
            self.over.set()
        if isinstance(found, Exception):
            raise found
        place = path.rstrip("/")
        return archive.write(place.rpartition("/")[0], [(place, None), *found.items()])


def watching(*looks: Mapping[str, bytes] | Exception, of: JobRequest = ONE) -> tuple[Watch, Running]:
    """A watch over a container that gives this, and the container."""
    running = Running(list(looks))
    watch = Watch(
        running,  # type: ignore[arg-type] # it gives archives
        lambda: Collector("algo-1", of, (), upload=False),
        Settings(continuous_seconds=0),
    )
    return watch, running


def seen(*looks: Mapping[str, bytes] | Exception, of: JobRequest = ONE) -> list[tuple[float, str, int]]:
    """What was seen when, where there was a look each second."""
    watch, _ = watching(*looks, of=of)
    for second in range(len(looks)):
        watch._look(float(second))
    return [(sighting.seconds, sighting.path, sighting.size) for sighting in watch.sightings]


def test_a_file_is_seen_once_for_each_content() -> None:
    """Also where it gets an earlier one again."""
    one, other = {f"{PLACE}/a/x": b"1"}, {f"{PLACE}/a/x": b"22"}

    assert [(0.0, f"{PLACE}/a/x", 1), (2.0, f"{PLACE}/a/x", 2), (4.0, f"{PLACE}/a/x", 1)] == (
        seen(one, one, other, other, one)
    )


def test_contents_of_one_size_are_told_apart() -> None:
    """By their digests."""
    assert 2 == len(seen({f"{PLACE}/a/x": b"1"}, {f"{PLACE}/a/x": b"2"}))


def test_files_come_and_go() -> None:
    """One that was removed and is there again as it was is nothing new."""
    x, y = {f"{PLACE}/a/x": b"1"}, {f"{PLACE}/a/deep/y": b""}

    assert [(0.0, f"{PLACE}/a/x", 1), (2.0, f"{PLACE}/a/deep/y", 0)] == seen(x, {}, y, x | y)


def test_only_continuous_outputs_are_looked_at() -> None:
    """However LocalPath is written, and not at the message."""
    asked = asking_for(a="EndOfJob", b="Continuous", c="Continuous")
    asked.document["ProcessingOutputConfig"]["Outputs"][1]["S3Output"]["LocalPath"] += "//"
    watch, running = watching({MESSAGE_PATH.replace("/opt/ml", f"{PLACE}/b"): b"done"}, {}, of=asked)
    watch._look(0.0)

    assert [f"{PLACE}/b", f"{PLACE}/c"] == running.asked
    assert [f"{PLACE}/b/output/message"] == [sighting.path for sighting in watch.sightings]


@pytest.mark.parametrize("place", [PLACE, f"{PLACE}/output"])
def test_nobody_looks_behind_a_link(place: str) -> None:
    """The engine would follow one on the way to the output, out of what is uploaded."""
    deep = asking_for(**{"output/a": "Continuous"})
    watch, running = watching({f"{PLACE}/output/a/x": b"1"}, of=deep)
    running.links.add(place)
    watch._look(0.0)

    assert ([], []) == (watch.sightings, running.asked)
    running.links.clear()
    watch._look(1.0)

    # Without a slash at its end a link is not followed that lies in the output's own place.
    assert [f"{PLACE}/output/a"] == running.asked
    assert [f"{PLACE}/output/a/x"] == [sighting.path for sighting in watch.sightings]


def test_what_was_read_behind_a_link_does_not_count() -> None:
    """Where it came between two glances at the way to the output."""
    watch, running = watching({f"{PLACE}/output/a/x": b"1"}, of=asking_for(**{"output/a": "Continuous"}))
    get = running.get

    def swap(path: str) -> Iterable[bytes]:
        running.links.add(f"{PLACE}/output")
        return get(path)

    running.get = swap  # type: ignore[method-assign] # as the program does meanwhile
    watch._look(0.0)

    assert [f"{PLACE}/output/a"] == running.asked
    assert [] == watch.sightings


def broken(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """An archive that ends in the middle, as that of a container does which is being ended."""
    return [b"".join(chunks)[:1_500]]


def test_of_a_look_that_breaks_off_nothing_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first files of it are seen by the next one; a half of a file is none."""
    watch, running = watching({f"{PLACE}/a/x": b"1", f"{PLACE}/a/y": b"2" * 1_000})
    whole = running.get
    monkeypatch.setattr(running, "get", lambda path: broken(whole(path)))
    with pytest.raises(JobError, match="cannot be read"):
        watch._look(0.0)
    assert [] == watch.sightings
    monkeypatch.setattr(running, "get", whole)
    watch._look(1.0)

    assert [(1.0, 1), (1.0, 1_000)] == [(sighting.seconds, sighting.size) for sighting in watch.sightings]


def test_an_output_beyond_the_bound_is_not_seen() -> None:
    """As it would not be read at the end either."""
    with pytest.raises(LimitError, match="--image-limit=disk"):
        seen({f"{PLACE}/a/x": bytes(LIMIT)})


TROUBLE: list[Exception] = [
    APIError("no such container"),
    ProtocolError("connection broken"),
    JobError("the archive breaks off"),
    ConnectionError("reset"),
]


@pytest.mark.parametrize("trouble", TROUBLE, ids=lambda trouble: type(trouble).__name__)
def test_a_look_that_fails_is_made_again(trouble: Exception) -> None:
    """A container may be about to end, or a file about to be written."""
    watch, running = watching(trouble, {f"{PLACE}/a/x": b"1"}, {})
    with watch.watching():
        assert running.over.wait(timeout=60)

    assert [f"{PLACE}/a/x"] == [sighting.path for sighting in watch.sightings]


def fail() -> None:
    """As a run does that the engine refuses."""
    raise JobError("no space left")


@pytest.mark.parametrize("block", [fail, lambda: None])
def test_nobody_looks_when_the_run_is_over(block: Callable[[], Any]) -> None:
    """However it ended."""
    watch, _ = watching({})
    with contextlib.suppress(JobError), watch.watching():
        block()

    assert not [thread for thread in threading.enumerate() if thread.name == "continuous"]
