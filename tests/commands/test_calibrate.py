"""`processing-conformance calibrate` as users type it, on an engine and on the served API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.serve.server import Options, Server
from conformance.service import engine
from tests.commands.test_run import begin, end
from tests.support.served import Clients

pytestmark = pytest.mark.engine

BUCKET = "calibrations"


@pytest.fixture(name="aws", scope="module")
def _aws(reached: engine.Engine) -> Iterator[Clients]:
    """A server whose grace is not the suite's own."""
    server = Server(reached, Options(grace_seconds=1))
    clients = Clients(server)
    clients.objects.create_bucket(Bucket=BUCKET)
    yield clients
    server.close()
    clients.close()


def test_engine_does_what_the_suite_chose(tag: Callable[[str], str], tmp_path: Path) -> None:
    """Every choice agrees, since it is the suite that makes them; the file has all that was seen."""
    status, out, error = end(begin(tmp_path, "calibrate", f"--image={tag('calibration')}"))
    document = json.loads((tmp_path / "calibration.json").read_text())

    assert 0 == status, error
    assert ("local", {True}) == (document["service"], {row["agrees"] for row in document["comparison"]}), out
    assert ["algo-1", "algo-2"] == [look["host"] for look in document["hosts"]]
    assert "  agrees  stop_signal: SIGINT after 0 s\n" in out
    assert all("credentials/" not in str(look["environment"]) for look in document["hosts"])


def test_difference_of_a_service_is_seen(tag: Callable[[str], str], tmp_path: Path, aws: Clients) -> None:
    """By boto3 alone: a platform with another grace is told from this one, and no object is left."""
    options = ("--service=aws", f"--bucket={BUCKET}/here", "--role=arn:aws:iam::123456789012:role/x", "--yes")
    image = f"--image={tag('calibration')}"
    status, out, error = end(begin(tmp_path, "calibrate", image, *options, variables=aws.server.environment))
    document = json.loads((tmp_path / "calibration.json").read_text())

    assert 0 == status, error
    assert "2 jobs on AWS in us-east-1, at most 0.25 h of ml.m5.large" in error
    assert " differs  stop_grace_seconds: 10, seen: " in out
    assert {"stop_grace_seconds"} == {row["name"] for row in document["comparison"] if row["agrees"] is not True}, out
    assert "Contents" not in aws.objects.list_objects_v2(Bucket=BUCKET)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--service=aws",), "--service=aws: expected --bucket as well"),
        (("--service=aws", "--bucket=b"), "--service=aws: expected --role as well"),
        (
            ("--service=aws", f"--bucket={BUCKET}", "--role=r"),
            "--service=aws: expected consent to these jobs (--yes gives",
        ),
        (("--service=aws", "--bucket=none", "--role=r"), "the bucket 'none' cannot be used"),
        (("--hosts=0",), "--hosts: expected a number from 1 to 100, got 0"),
    ],
)
def test_options_are_validated(options: tuple[str, ...], said: str, tmp_path: Path, aws: Clients) -> None:
    """One line, and status 4; nothing is started."""
    status, out, error = end(begin(tmp_path, "calibrate", "--image=x", *options, variables=aws.server.environment))

    assert (4, "") == (status, out)
    assert said in error
