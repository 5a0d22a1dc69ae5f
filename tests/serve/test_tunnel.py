"""What clients send to hosts of AWS by the server as their proxy, and what they are told by it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ProxyConnectionError, SSLError

from conformance.serve.server import Options, Server
from conformance.serve.tunnel import API_HOST
from conformance.service import engine

pytestmark = pytest.mark.engine

VARIABLES = ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE")


@pytest.fixture(name="server", scope="module")
def _server(reached: engine.Engine) -> Iterator[Server]:
    """A server without any job."""
    server = Server(reached, Options())
    yield server
    server.close()


@pytest.fixture(name="environment")
def _environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it prints, but for where it is."""
    for name in (*VARIABLES, "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, server.environment[name])


def client(service: str, **members: Any) -> Any:  # noqa: ANN401 - boto3 makes methods as it runs
    """A client as the SDK makes it, which has an endpoint of AWS."""
    return boto3.client(service, config=Config(retries={"max_attempts": 0}, connect_timeout=5), **members)


@pytest.mark.usefixtures("environment")
def test_services_answer_by_their_hosts() -> None:
    """The regional one of STS, which the SDK names itself, and any other; a bucket's too, and more than once."""
    sts = client("sts", endpoint_url="https://sts.us-east-1.amazonaws.com")
    objects = client("s3")
    objects.create_bucket(Bucket="of-the-tunnel")
    content = b"content" * 100_000
    objects.put_object(Bucket="of-the-tunnel", Key="a b", Body=content)

    assert {"123456789012"} == {sts.get_caller_identity()["Account"] for _ in range(3)}
    assert objects.meta.endpoint_url.endswith(".amazonaws.com")
    assert content == objects.get_object(Bucket="of-the-tunnel", Key="a b")["Body"].read()
    assert [] == client("sagemaker", region_name="eu-west-1").list_processing_jobs()["ProcessingJobSummaries"]
    for each in (sts, objects):
        each.close()


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("host", ["sm-pysdk-t-us-east-1.s3.us-east-1.amazonaws.com", "example.com", "127.0.0.2"])
def test_other_hosts_are_refused(host: str) -> None:
    """Those to which the SDK reports its use among them."""
    sts = client("sts", endpoint_url=f"https://{host}")

    with pytest.raises(ProxyConnectionError) as refused:
        sts.get_caller_identity()

    assert "Tunnel connection failed: 403 Not a host of an AWS API" in str(refused.value.kwargs["error"])


@pytest.mark.usefixtures("environment")
def test_who_does_not_know_the_authority_does_not_ask(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a client without the variable; the server goes on."""
    monkeypatch.delenv("AWS_CA_BUNDLE")
    sts = client("sts", endpoint_url="https://sts.us-east-1.amazonaws.com")
    with pytest.raises(SSLError):
        sts.get_caller_identity()
    monkeypatch.setenv("AWS_CA_BUNDLE", server.environment["AWS_CA_BUNDLE"])

    assert client("sts", endpoint_url="https://sts.us-east-1.amazonaws.com").get_caller_identity()["Account"]


def asked(server: Server, request: bytes, *, tunnel: bytes = b"", name: str = "") -> bytes:
    """What is answered to a request of a test's own, by a tunnel or without one."""
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as plain:
        if not tunnel:
            plain.sendall(request)
            return plain.makefile("rb").read()
        plain.sendall(tunnel)
        answer = plain.recv(1000)
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        context = ssl.create_default_context(cafile=server.environment["AWS_CA_BUNDLE"])
        # Newer versions of Python are as strict as this.
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
        with context.wrap_socket(plain, server_hostname=name) as tls:
            tls.sendall(request)
            return tls.makefile("rb").read()


STS = "sts.us-east-1.amazonaws.com"
TUNNEL = f"CONNECT {STS}:443 HTTP/1.1\r\nHost: {STS}:443\r\n\r\n".encode()


def of_host(host: str, *more: str, line: str = "GET / HTTP/1.1") -> bytes:
    """A request to a host."""
    return "\r\n".join((line, f"Host: {host}", *more, "", "")).encode()


def test_tunnel_is_to_its_host_alone(server: Server) -> None:
    """And to no web page, nor to another tunnel; what forgets everything is not there either."""
    for request, status in {
        of_host(STS): b"200",
        of_host(f"{STS}:443"): b"200",
        of_host("127.0.0.1"): b"403",
        of_host("iam.amazonaws.com"): b"403",
        of_host(STS, "Origin: https://example.com"): b"403",
        of_host(STS, line="POST /moto-api/reset HTTP/1.1"): b"403",
        of_host(STS, line=f"CONNECT {STS}:443 HTTP/1.1"): b"403",
        of_host("x", line=f"GET http://{STS}/ HTTP/1.1"): b"200",
        of_host(STS, line="GET http://127.0.0.1/ HTTP/1.1"): b"403",
    }.items():
        answer = asked(server, request, tunnel=TUNNEL, name=STS)
        assert answer.startswith(b"HTTP/1.1 " + status), (request, answer[:200])
    assert asked(server, of_host(STS)).startswith(b"HTTP/1.1 403")
    for line in (
        f"CONNECT {STS}:80 HTTP/1.1",
        f"CONNECT {STS} HTTP/1.1",
        "CONNECT :443 HTTP/1.1",
        "CONNECT / HTTP/1.1",
    ):
        assert asked(server, of_host(STS, line=line)).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    ("host", "is_of_aws"),
    [
        ("sts.us-east-1.amazonaws.com", True),
        ("bucket.with.dots.s3.eu-west-1.amazonaws.com", True),
        ("api.sagemaker.cn-north-1.amazonaws.com.cn", True),
        ("s3.us-west-2.api.aws", True),
        ("sm-pysdk-t-us-east-1.s3.us-east-1.amazonaws.com", False),
        ("amazonaws.com", False),
        ("example.com", False),
        ("sts.amazonaws.com.example.com", False),
        ("example-amazonaws.com", False),
        ("sts.amazonaws.com\n", False),
    ],
)
def test_hosts_of_aws_are_known(host: str, *, is_of_aws: bool) -> None:
    """By the ends of their names."""
    assert is_of_aws == bool(API_HOST.fullmatch(host))


def test_authority_goes_with_the_server(reached: engine.Engine) -> None:
    """Its file is there as long as the server; that of another server is another one."""
    server, other = Server(reached, Options()), Server(reached, Options())
    bundles = [Path(each.environment["AWS_CA_BUNDLE"]) for each in (server, other)]
    contents = [bundle.read_bytes() for bundle in bundles]
    server.close()
    other.close()

    assert contents[0] != contents[1]
    assert all(b"PRIVATE" not in content for content in contents)
    assert [False, False] == [bundle.parent.exists() for bundle in bundles]
