"""Jobs of the served API that call AWS by themselves: they reach what their clients reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from conformance.aws.credentials import NOBODYS_KEY, signed
from conformance.serve.server import Options, Server
from conformance.service import engine
from tests.support.served import Clients

pytestmark = pytest.mark.engine

COPYING = f"""
import json, os, urllib.request
host = json.load(open("/opt/ml/config/resourceconfig.json"))["current_host"]
def call(method, key, data=None):
    url = os.environ["AWS_ENDPOINT_URL"] + "/shared/" + key
    request = urllib.request.Request(url, method=method, data=data, headers={signed(NOBODYS_KEY, "us-east-1", "s3")})
    return urllib.request.urlopen(request).read()
call("PUT", host + ".txt", call("GET", "in.txt") * 2)
print("copied")
"""

ASKING = """
import os
print(sorted(name for name in os.environ if name.startswith("AWS_")))
"""


@pytest.fixture(name="aws", scope="module")
def _aws(reached: engine.Engine, tag: Callable[[str], str]) -> Iterator[Clients]:
    """A server whose jobs reach AWS, and which has a bucket with an object."""
    tag("reference")
    server = Server(reached, Options(grace_seconds=2, aws=True))
    clients = Clients(server)
    clients.objects.create_bucket(Bucket="shared")
    clients.objects.put_object(Bucket="shared", Key="in.txt", Body=b"content")
    yield clients
    clients.close()
    server.close()


def test_each_host_reads_and_writes_what_clients_see(aws: Clients) -> None:
    """On two hosts, both of which put an object."""
    aws.create(
        "copying",
        COPYING,
        ProcessingResources={
            "ClusterConfig": {"InstanceCount": 2, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
        },
    )
    job = aws.ended("copying")

    assert ("Completed", None) == (job["ProcessingJobStatus"], job.get("FailureReason"))
    for host in ("algo-1", "algo-2"):
        found = aws.objects.get_object(Bucket="shared", Key=f"{host}.txt")["Body"].read()
        assert b"contentcontent" == found
    assert [["copied"], ["copied"]] == list(aws.said("copying").values())


def test_an_isolated_job_finds_neither_credentials_nor_endpoint(aws: Clients) -> None:
    """As on AWS, where it has no role."""
    aws.create("isolated", ASKING, NetworkConfig={"EnableNetworkIsolation": True})
    job = aws.ended("isolated")

    assert "Completed" == job["ProcessingJobStatus"]
    assert [["['AWS_REGION']"]] == list(aws.said("isolated").values())
