"""Pipe inputs on a real engine: what comes through the FIFOs, and what their other end sees."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from conformance.errors import JobError
from conformance.files.tree import Kind
from conformance.image.image import Image
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.feed import Feed
from conformance.outcome.outcome import JobStatus, Outcome
from conformance.service import engine
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from tests.conftest import Ran, reference_job

pytestmark = pytest.mark.engine

PLACE = "/opt/ml/processing/input/stream"

READ = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"


@pytest.fixture(name="service")
def _service(reached: engine.Engine, tmp_path: Path) -> Iterator[LocalService]:
    """A service over the objects that a test writes below `tmp_path/bucket`."""
    service = LocalService(reached, ObjectTree(tmp_path), Settings(time_limit_seconds=60, stop_grace_seconds=1))
    yield service
    service.close()


@pytest.fixture(name="objects")
def _objects(tmp_path: Path) -> Path:
    """Three objects below one key, the last of them empty."""
    folder = tmp_path / "bucket" / "stream"
    (folder / "b").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"first\n")
    (folder / "b" / "c.bin").write_bytes(bytes(range(256)) * 1000)
    (folder / "d").write_bytes(b"")
    return folder


WHOLE = b"first\n" + bytes(range(256)) * 1000


def job(code: str, *words: str, hosts: int = 1, **members: str) -> JobRequest:
    """A request whose program is given on its command line, with one Pipe input."""
    place = {"S3Uri": "s3://bucket/stream", "LocalPath": PLACE, "S3DataType": "S3Prefix", "S3InputMode": "Pipe"}
    return JobRequest(
        {
            "ProcessingJobName": "job",
            "AppSpecification": {
                "ImageUri": "image",
                "ContainerEntrypoint": ["python3", "-c", code],
                "ContainerArguments": list(words or (f"{PLACE}_0",)),
            },
            "ProcessingInputs": [{"InputName": "stream", "S3Input": place | members}],
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": hosts, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
            },
            "RoleArn": "arn:aws:iam::123456789012:role/processing",
        }
    )


def feeds(outcome: Outcome) -> list[tuple[Feed, ...]]:
    """What was read on each host."""
    return [host.feeds for host in outcome.hosts]


@pytest.mark.usefixtures("objects")
def test_objects_come_one_after_the_other(service: LocalService, image: Image) -> None:
    """In the order of their keys, byte for byte, through a FIFO beside where LocalPath would be."""
    outcome = service.run(image, job(READ), Variation.AS_REQUESTED)
    host = outcome.hosts[0]

    assert JobStatus.COMPLETED == outcome.status
    assert (len(WHOLE), WHOLE[:6]) == (host.stdout.size, host.stdout.head[:6])
    assert [(Feed(f"{PLACE}_0", len(WHOLE), len(WHOLE)),)] == feeds(outcome)
    assert {f"{PLACE}_0": Kind.FIFO, f"{PLACE}_1": Kind.FIFO} == {
        file.path: file.kind for file in host.files.below("/opt/ml/processing") if file.kind is not Kind.DIRECTORY
    }


def test_gzip_comes_decompressed(service: LocalService, image: Image, objects: Path) -> None:
    """With S3CompressionType Gzip every object is decompressed; several members of one object are one content."""
    for name, content in {"a.txt": [b"one ", b"two "], "b/c.bin": [b"three"], "d": [b""]}.items():
        (objects / name).write_bytes(b"".join(gzip.compress(each) for each in content))

    outcome = service.run(image, job(READ, S3CompressionType="Gzip"), Variation.AS_REQUESTED)

    assert b"one two three" == outcome.hosts[0].stdout.head


@pytest.mark.usefixtures("objects")
def test_what_is_not_gzip_is_an_error_of_the_job(service: LocalService, image: Image) -> None:
    """It is no verdict on the image, and the line says which object."""
    with pytest.raises(JobError, match=r"a\.txt cannot be decompressed: Not a gzipped file"):
        service.run(image, job(READ, S3CompressionType="Gzip"), Variation.AS_REQUESTED)


def test_gzip_that_is_damaged_is_an_error_of_the_job(service: LocalService, image: Image, objects: Path) -> None:
    """As what is not gzip at all: a bit that has flipped within, and an end that is missing."""
    whole = gzip.compress(bytes(range(256)) * 100)
    for damaged in (whole[:15] + bytes([whole[15] ^ 0xFF] * 8) + whole[23:], whole[:-12]):
        (objects / "a.txt").write_bytes(damaged)

        with pytest.raises(JobError, match=r"a\.txt cannot be decompressed: "):
            service.run(image, job(READ, S3CompressionType="Gzip"), Variation.AS_REQUESTED)


@pytest.mark.usefixtures("objects")
def test_each_epoch_has_a_fifo(service: LocalService, image: Image) -> None:
    """After the end of one the next one brings the same again."""
    code = "import sys; print([len(open(f'{sys.argv[1]}{epoch}', 'rb').read()) for epoch in range(3)])"

    outcome = service.run(image, job(code, f"{PLACE}_"), Variation.AS_REQUESTED)

    assert f"{[len(WHOLE)] * 3}\n" == outcome.hosts[0].stdout.text
    assert [tuple(Feed(f"{PLACE}_{epoch}", len(WHOLE), len(WHOLE)) for epoch in range(3))] == feeds(outcome)


@pytest.mark.usefixtures("objects")
@pytest.mark.parametrize("count", [0, 1, 5, 100_000])
def test_a_reader_that_stops_early_is_seen(service: LocalService, image: Image, count: int) -> None:
    """To the byte: what lies in the pipe unread is not counted."""
    code = (
        f"import os, sys\npipe = os.open(sys.argv[1], os.O_RDONLY)\nleft = {count}\n"
        "while left: left -= len(os.read(pipe, left))\n"
    )
    outcome = service.run(image, job(code), Variation.AS_REQUESTED)

    assert JobStatus.COMPLETED == outcome.status
    assert [(Feed(f"{PLACE}_0", len(WHOLE), count),)] == feeds(outcome)


@pytest.mark.usefixtures("objects")
def test_a_fifo_that_nobody_opens_holds_nothing_up(service: LocalService, image: Image) -> None:
    """The job ends, and nothing was opened."""
    outcome = service.run(image, job("pass"), Variation.AS_REQUESTED)

    assert JobStatus.COMPLETED == outcome.status
    assert [()] == feeds(outcome)


@pytest.mark.usefixtures("objects")
def test_each_host_reads_its_share(service: LocalService, image: Image) -> None:
    """With ShardedByS3Key a host's FIFO brings its own objects."""
    outcome = service.run(image, job(READ, hosts=2, S3DataDistributionType="ShardedByS3Key"), Variation.AS_REQUESTED)

    assert JobStatus.COMPLETED == outcome.status
    assert [(Feed(f"{PLACE}_0", 6, 6),), (Feed(f"{PLACE}_0", len(WHOLE) - 6, len(WHOLE) - 6),)] == feeds(outcome)


@pytest.mark.usefixtures("objects")
@pytest.mark.parametrize(
    ("variation", "expected"),
    [
        (Variation.EMPTY_INPUTS, 0),
        (Variation.OWN_RESERVED, len(WHOLE)),
        (Variation.SEPARATE_MOUNTS, len(WHOLE)),
    ],
)
def test_variations_have_their_fifo_too(
    service: LocalService, image: Image, variation: Variation, expected: int
) -> None:
    """An empty input is a FIFO that ends at once; and it can be fed wherever the volumes are."""
    outcome = service.run(image, job(READ), variation)

    assert JobStatus.COMPLETED == outcome.status
    assert [(Feed(f"{PLACE}_0", expected, expected),)] == feeds(outcome)


@pytest.mark.usefixtures("objects")
def test_what_feeds_it_is_removed(service: LocalService, image: Image) -> None:
    """No container of the run is left, also where the program is ended at its limit with the FIFO open."""
    request = job("import sys, time; open(sys.argv[1], 'rb'); time.sleep(600)")
    request = JobRequest({**request.document, "StoppingCondition": {"MaxRuntimeInSeconds": 1}})

    outcome = service.run(image, request, Variation.AS_REQUESTED)

    assert JobStatus.STOPPED == outcome.status
    label = f"conformance.run={service.run_id}"
    assert [] == docker.from_env().containers.list(all=True, filters={"label": label})


def test_the_reference_conforms_with_a_pipe(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """It reads what comes through the pipe, in every run that a session makes, and the report shows it."""
    job_file, *rest = reference_job()
    document = json.loads(Path(job_file.partition("=")[2]).read_text(encoding="utf-8"))
    document["ProcessingInputs"][0]["S3Input"]["S3InputMode"] = "Pipe"
    changed = tmp_path / "job.json"
    changed.write_text(json.dumps(document), encoding="utf-8")

    ran = conformance(tag("reference"), f"--image-job={changed}", *rest)

    verdicts = {verdict["check"]: verdict["verdict"] for verdict in ran.report["verdicts"]}
    assert (set(), 0) == (ran.failing, ran.status), ran.output
    assert "conforms" == verdicts["inputs.pipe"]
    requested = next(run for run in ran.report["runs"] if run["variation"] == "as requested")
    fed = requested["hosts"][0]["feeds"]
    assert ["/opt/ml/processing/input/measurements_0"] == [each["path"] for each in fed]
    assert fed[0]["bytes"] == fed[0]["read"] > 0
