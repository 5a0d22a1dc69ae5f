"""An AWS for each run, in a process of its own: what S3 holds, whose calls are whose, and what is left of it."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import signal
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from conformance.aws.order import AWAITED, Order
from conformance.aws.process import Aws
from conformance.errors import JobError
from conformance.outcome.calls import Calls, Signer

ROLE = "arn:aws:iam::111122223333:role/service-role/processing"
PATHS = {"algo-1": "/v2/credentials/1", "algo-2": "/v2/credentials/2"}

PATIENCE_SECONDS = 30

AT_ONCE = Config(retries={"total_max_attempts": 1})


class OverSocket(http.client.HTTPConnection):
    """HTTP over a socket at a path."""

    def __init__(self, path: str) -> None:
        """Connect there when something is asked."""
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        """In the place of a TCP connection."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def fetched(order: Order, host: str, path: str) -> bytes:
    """The answer to a GET by a host."""
    connection = OverSocket(order.socket(host))
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


class Handler(socketserver.BaseRequestHandler):
    """Hands a connection on to a host's socket, as the relay in a container does."""

    def handle(self) -> None:
        """Both ways, until both have ended."""
        with socket.socket(socket.AF_UNIX) as connected:
            connected.connect(cast("Bridge", self.server).path)
            sending = threading.Thread(target=_pump, args=(self.request, connected))
            sending.start()
            _pump(connected, self.request)
            sending.join()


class Bridge(socketserver.ThreadingTCPServer):
    """A port of this machine that leads to the socket at a path."""

    daemon_threads = True
    path = ""


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(1 << 16):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def port(path: str) -> Iterator[str]:
    """The address of a port that leads to a socket."""
    with Bridge(("127.0.0.1", 0), Handler) as bridge:
        bridge.path = path
        thread = threading.Thread(target=bridge.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{bridge.server_address[1]}"
        bridge.shutdown()
        thread.join()


PORTS = contextlib.ExitStack()


@pytest.fixture(autouse=True)
def _ports() -> Iterator[None]:
    """Ports last as long as a test."""
    with PORTS:
        yield


@pytest.fixture(name="aws", scope="module")
def _aws() -> Iterator[Aws]:
    made = Aws()
    yield made
    made.close()


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Path:
    """A tree of two buckets."""
    for name, content in {"data/in/a.csv": "1", "data/in/ü b.csv": "22", "data/other": "333", "more/key": "4"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def order(tree: Path | None = None, **changes: Any) -> Callable[[str], Order]:  # noqa: ANN401 - the fields of Order
    """What a run is to be."""
    rest = {"credentials": PATHS, "region": "us-east-1", "role_arn": ROLE, "tree": str(tree or "")} | changes
    return functools.partial(Order, **rest)


def client(order: Order, service: str = "s3", host: str = "algo-1", **rest: Any) -> Any:  # noqa: ANN401 - boto3 has no types
    """A client as a program of a host has it, with the credentials of its role."""
    given = json.loads(fetched(order, host, PATHS[host]))
    keys = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["Token"],
    }
    made = boto3.client(
        service,
        endpoint_url=PORTS.enter_context(port(order.socket(host))),
        **({"region_name": order.region, "config": AT_ONCE} | keys | rest),
    )
    PORTS.callback(made.close)
    return made


def keys(s3: Any, bucket: str, **rest: str) -> list[str]:  # noqa: ANN401 - as above
    """The keys in a bucket."""
    return [found["Key"] for found in s3.list_objects_v2(Bucket=bucket, **rest).get("Contents", ())]


def read(s3: Any, bucket: str, key: str) -> str:  # noqa: ANN401 - as above
    """The content of an object."""
    return str(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())


def test_s3_holds_the_tree(aws: Aws, tree: Path) -> None:
    """Buckets, prefixes and odd keys, each object when it is first asked for."""
    with aws.of_run(order(tree)) as run:
        s3 = client(run.order)
        buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]

        assert ["data", "more"] == buckets
        assert ["in/a.csv", "in/ü b.csv"] == keys(s3, "data", Prefix="in/")
        assert "22" == read(s3, "data", "in/ü b.csv")
        assert 3 == s3.head_object(Bucket="data", Key="other")["ContentLength"]
        s3.copy_object(Bucket="more", Key="copied", CopySource="data/in/ü b.csv")
        assert "22" == read(s3, "more", "copied")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_bucket_is_in_the_jobs_region(aws: Aws, tree: Path, region: str) -> None:
    """Also where the API has no name for it."""
    with aws.of_run(order(tree, region=region)) as run:
        place = client(run.order).get_bucket_location(Bucket="data").get("LocationConstraint") or "us-east-1"

    assert region == place


def test_what_a_run_writes_and_deletes_is_its_own(aws: Aws, tree: Path) -> None:
    """Of two runs at once neither sees the other's, and the tree stays as it was."""
    with aws.of_run(order(tree)) as one, aws.of_run(order(tree)) as other:
        first, second = client(one.order), client(other.order)
        first.put_object(Bucket="data", Key="other", Body=b"changed")
        first.put_object(Bucket="data", Key="new", Body=b"new")
        first.delete_objects(Bucket="data", Delete={"Objects": [{"Key": "in/a.csv"}]})

        assert ["in/ü b.csv", "new", "other"] == keys(first, "data")
        assert "changed" == read(first, "data", "other")
        assert ["in/a.csv", "in/ü b.csv", "other"] == keys(second, "data")
        assert "333" == read(second, "data", "other")
    assert "333" == (tree / "data/other").read_text(encoding="utf-8")
    assert not (tree / "data/new").exists()


def test_a_deleted_object_does_not_come_back(aws: Aws, tree: Path) -> None:
    """Though the tree has it."""
    with aws.of_run(order(tree)) as run:
        s3 = client(run.order)
        s3.delete_object(Bucket="data", Key="other")

        with pytest.raises(ClientError, match="NoSuchKey"):
            read(s3, "data", "other")


def test_an_object_sent_as_a_form_keeps_its_content(aws: Aws, tree: Path) -> None:
    """As curl and Python's urllib send one that is told no other type."""
    with aws.of_run(order(tree)) as run:
        connection = OverSocket(run.order.socket("algo-1"))
        connection.request("PUT", "/data/form", b"a=b", {"Content-Type": "application/x-www-form-urlencoded"})
        connection.getresponse().read()
        connection.close()

        assert "a=b" == read(client(run.order), "data", "form")


def test_the_role_is_who_calls(aws: Aws) -> None:
    """As in a job on AWS; hosts have credentials of their own."""
    with aws.of_run(order()) as run:
        who = client(run.order, "sts").get_caller_identity()
        given = {host: json.loads(fetched(run.order, host, path)) for host, path in PATHS.items()}

    assert "arn:aws:sts::111122223333:assumed-role/processing/SageMaker" == who["Arn"]
    assert {ROLE} == {each["RoleArn"] for each in given.values()}
    assert len(PATHS) == len({each["AccessKeyId"] for each in given.values()})


def calls_of(aws: Aws, work: Callable[[Order], None], **changes: Any) -> Calls:  # noqa: ANN401 - the fields of Order
    """The calls of a run."""
    with aws.of_run(order(**changes)) as run:
        work(run.order)
    return run.calls


def test_calls_are_evidence(aws: Aws, tree: Path) -> None:
    """By whom, what, with which key and in which region, and what came of it."""

    def work(run: Order) -> None:
        fetched(run, "algo-2", AWAITED)
        read(client(run, host="algo-2"), "data", "other")
        client(run, aws_access_key_id="AKIAOTHER", region_name="eu-west-1").put_object(
            Bucket="data", Key="x", Body=b"12345"
        )
        with pytest.raises(ClientError):
            read(client(run), "data", "nothing")

    found = calls_of(aws, work, tree=tree)

    assert frozenset({"algo-2"}) == found.reached
    assert ("us-east-1", 0, ()) == (found.region, found.more, found.refused)
    got, put, missing = found.of_aws
    assert ("algo-2", "s3:GetObject s3://data/other", Signer.ROLE, 200, 3) == (
        *(got.host, str(got), got.signer, got.status, got.received),
    )
    assert (Signer.OTHER, "AKIAOTHER", "eu-west-1", "s3://data/x") == (
        *(put.signer, put.access_key, put.region, put.written),
    )
    assert put.sent >= len(b"12345")
    assert (404, False, "") == (missing.status, missing.succeeded, missing.written)


def test_only_the_first_call_is_throttled(aws: Aws, tree: Path) -> None:
    """In the form of its service, so that a client repeats it by itself."""

    def work(run: Order) -> None:
        with pytest.raises(ClientError, match="SlowDown"):
            read(client(run), "data", "other")
        assert "333" == read(client(run), "data", "other")

    found = calls_of(aws, work, tree=tree, throttles=True)

    assert [(503, True), (200, False)] == [(call.status, call.throttled) for call in found.of_aws]


def test_a_client_repeats_what_is_throttled(aws: Aws, tree: Path) -> None:
    """With the retries that it has by default."""

    def work(run: Order) -> None:
        assert ["in/a.csv", "in/ü b.csv", "other"] == keys(client(run, config=Config()), "data")

    found = calls_of(aws, work, tree=tree, throttles=True)

    assert [503, 200] == [call.status for call in found.of_aws]


@pytest.mark.parametrize("service", ["appflow", "braket"])
def test_what_moto_lacks_is_said_at_once(aws: Aws, service: str) -> None:
    """No page of HTML, and no answer that a client tries again; the evidence names it."""

    def work(run: Order) -> None:
        call = client(run, service, config=Config())
        with pytest.raises(ClientError, match="is not available here"):
            call.list_flows() if service == "appflow" else call.get_device(deviceArn="arn:aws:braket:::device/x")

    found = calls_of(aws, work)

    assert 1 == len(found.of_aws)
    assert found.refused[0].startswith(service)


def test_nothing_is_left_of_a_run(aws: Aws) -> None:
    """Neither its directory nor its process."""
    with aws.of_run(order()) as run:
        directory = Path(run.order.directory)
        assert directory.is_dir()

    assert not directory.exists()
    with pytest.raises(FileNotFoundError):
        fetched(run.order, "algo-1", AWAITED)


def test_a_process_that_is_gone_is_an_error_and_started_anew() -> None:
    """The run that finds it gone cannot be made, and the next one gets another process."""
    with contextlib.closing(Aws()) as aws:
        with aws.of_run(order()) as run:
            worker = _worker_of(run.order)
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(JobError, match="its process has ended"), aws.of_run(order()):
            pass
        with aws.of_run(order()) as again:
            assert b"conformance" == fetched(again.order, "algo-1", AWAITED)


def test_what_it_made_ends_with_it() -> None:
    """Where it is killed, nothing goes on to answer."""
    with contextlib.closing(Aws()) as aws, pytest.raises(JobError, match="its process has ended"):
        _outlive(aws)


def _outlive(aws: Aws) -> None:
    with aws.of_run(order()) as run:
        os.kill(_worker_of(run.order), signal.SIGKILL)
        until = time.monotonic() + PATIENCE_SECONDS
        while _is_answered(run.order):
            assert time.monotonic() < until


def _is_answered(run: Order) -> bool:
    try:
        return bool(fetched(run, "algo-1", AWAITED))
    except OSError:
        return False


def _worker_of(run: Order) -> int:
    """The process that made the one which answers a run's sockets; it leads their session."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(run.socket("algo-1"))
        credentials = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return os.getsid(int.from_bytes(credentials[:4], "little"))
