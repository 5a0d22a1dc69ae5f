"""Fifty jobs of ten clients at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest

from conformance.serve.server import Options, Server
from conformance.service import engine, labels
from tests.support.served import Clients, input_of, output

CLIENTS = 10
JOBS = 5
CODE = """
import shutil
print("hello")
shutil.copy("/opt/ml/processing/input/data/in.txt", "/opt/ml/processing/output/result/out.txt")
"""

MOST_MEMORY_BYTES = 512 << 20


@pytest.fixture(name="served")
def _served(reached: engine.Engine, tag: Callable[[str], str]) -> Server:
    """A server that runs four jobs at a time; the reference is there."""
    tag("reference")
    return Server(reached, Options(most_jobs=4))


def run_jobs(server: Server, number: int) -> list[str]:
    """What one client does, with connections of its own; the status of each of its jobs."""
    clients = Clients(server)
    bucket = f"many-{number}"
    clients.objects.create_bucket(Bucket=bucket)
    names = [f"many-{number}-{each}" for each in range(JOBS)]
    for name in names:
        clients.objects.put_object(Bucket=bucket, Key=f"{name}/in.txt", Body=name.encode() * 1000)
        members = {**input_of("data", f"s3://{bucket}/{name}/in.txt"), **output("result", f"s3://{bucket}/{name}")}
        clients.create(name, CODE, **members)
    found = []
    for name in names:
        found.append(clients.ended(name)["ProcessingJobStatus"])

        assert name.encode() * 1000 == clients.objects.get_object(Bucket=bucket, Key=f"{name}/out.txt")["Body"].read()
        assert [["hello"]] == list(clients.said(name).values())
    clients.close()
    return found


def test_no_job_disturbs_another(served: Server, client: docker.APIClient) -> None:
    """Each completes with its own output and log; this process stays small, and nothing is left."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        ended = list(pool.map(lambda number: run_jobs(served, number), range(CLIENTS)))
    served.close()

    assert [["Completed"] * JOBS] * CLIENTS == ended
    marked = {"label": [f"{labels.RUN}={run}" for run in served.runner.runs]}
    assert [] == [each["Names"] for each in client.containers(all=True, filters=marked)]
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) << 10 < MOST_MEMORY_BYTES
