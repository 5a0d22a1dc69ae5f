"""Fifty jobs of ten clients at once, three times; and everything else at once, for a minute."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest

from conformance.serve.server import Options, Server
from conformance.service import engine, labels
from tests.support.served import GROUP, Clients, input_of, output, request

CLIENTS = 10
JOBS = 5
TURNS = 3
SECONDS = 60
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


def run_jobs(server: Server, turn: int, number: int) -> list[str]:
    """What one client does, with connections of its own; the status of each of its jobs."""
    clients = Clients(server)
    bucket = f"many-{turn}-{number}"
    clients.objects.create_bucket(Bucket=bucket)
    names = [f"{bucket}-{each}" for each in range(JOBS)]
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


def check_nothing_is_left(served: Server, client: docker.APIClient) -> None:
    """On the engine, of a server that has ended."""
    marked = {"label": [f"{labels.RUN}={run}" for run in served.runner.runs]}

    assert marked["label"]
    assert [] == [each["Names"] for each in client.containers(all=True, filters=marked)]
    assert [] == (client.volumes(filters=marked)["Volumes"] or [])
    assert [] == client.networks(filters=marked)


def test_no_job_disturbs_another(served: Server, client: docker.APIClient) -> None:
    """Each completes with its own output and log; this process stays small, and nothing is left."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        for turn in range(TURNS):
            ended = list(pool.map(functools.partial(run_jobs, served, turn), range(CLIENTS)))

            assert [["Completed"] * JOBS] * CLIENTS == ended
    served.close()

    assert TURNS * CLIENTS * JOBS == len(served.jobs.all())
    check_nothing_is_left(served, client)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) << 10 < MOST_MEMORY_BYTES


class Doing:
    """What several clients do again and again, until it is over; each call that fails is an error of the test."""

    def __init__(self, server: Server) -> None:
        """Begin."""
        self.server = server
        self.over = time.monotonic() + SECONDS
        self.counts: Counter[str] = Counter()

    def again(self, what: str, worker: int) -> None:
        """Do one of these until it is over, with connections of one's own, which try nothing twice."""
        clients = Clients(self.server)
        number = 0
        while time.monotonic() < self.over:
            getattr(self, what)(clients, worker, number)
            self.counts[what] += 1
            number += 1
        clients.close()

    def uploading(self, clients: Clients, worker: int, number: int) -> None:
        """Put an object, by parts where it is large, and read and delete it."""
        key, content = f"{worker}/{number}", os.urandom(9 << 20 if number % 10 == 9 else 1 << 10)
        clients.objects.upload_fileobj(io.BytesIO(content), "at-once", key)
        read = clients.objects.get_object(Bucket="at-once", Key=key)["Body"].read()
        assert content == read
        clients.objects.delete_object(Bucket="at-once", Key=key)

    def creating(self, clients: Clients, worker: int, number: int) -> None:
        """Run a job to its end, or stop it."""
        name = f"at-once-{worker}-{number}"
        clients.create(name, "for number in range(100): print(number)")
        if number % 5 == 4:
            clients.processing.stop_processing_job(ProcessingJobName=name)
            assert "Stopped" == clients.ended(name)["ProcessingJobStatus"]
            return
        assert "Completed" == clients.ended(name)["ProcessingJobStatus"]
        assert [[str(each) for each in range(100)]] == list(clients.said(name).values())

    def listing(self, clients: Clients, _worker: int, _number: int) -> None:
        """List jobs and objects, page by page."""
        pages = clients.processing.get_paginator("list_processing_jobs").paginate(PaginationConfig={"PageSize": 3})
        names = [job["ProcessingJobName"] for page in pages for job in page["ProcessingJobSummaries"]]
        assert len(set(names)) == len(names)
        clients.objects.list_objects_v2(Bucket="at-once")

    def tailing(self, clients: Clients, _worker: int, _number: int) -> None:
        """Read the streams and the events of all jobs."""
        with contextlib.suppress(clients.logs.exceptions.ResourceNotFoundException):
            clients.logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix="at-once")
            events = clients.logs.filter_log_events(logGroupName=GROUP, logStreamNamePrefix="at-once")["events"]
            assert all(event["logStreamName"].startswith("at-once") for event in events)

    def executing(self, clients: Clients, worker: int, number: int) -> None:
        """Execute a pipeline of two steps."""
        name = f"at-once-{worker}-{number}"
        arguments = request("none", "")
        del arguments["ProcessingJobName"]
        steps = [{"Name": each, "Type": "Processing", "Arguments": arguments} for each in ("a", "b")]
        clients.processing.create_pipeline(
            PipelineName=name,
            PipelineDefinition=json.dumps({"Version": "2020-12-01", "Steps": steps}),
            ClientRequestToken="0" * 32,
            RoleArn=arguments["RoleArn"],
        )
        started = clients.processing.start_pipeline_execution(
            PipelineName=name, ClientRequestToken=f"{name}-{'0' * 32}"
        )["PipelineExecutionArn"]
        status = "Executing"
        while status == "Executing":
            time.sleep(0.1)
            told = clients.processing.describe_pipeline_execution(PipelineExecutionArn=started)
            status = told["PipelineExecutionStatus"]
        assert "Succeeded" == status


def test_everything_at_once(served: Server, client: docker.APIClient) -> None:
    """No call fails, none of the objects, jobs and lines is lost, and nothing is left."""
    clients = Clients(served)
    clients.objects.create_bucket(Bucket="at-once")
    clients.close()
    doing = Doing(served)
    whats = ["uploading", "creating", "listing", "tailing"] * 2 + ["executing"]
    with ThreadPoolExecutor(len(whats)) as pool:
        working = [pool.submit(doing.again, what, worker) for worker, what in enumerate(whats)]
    for each in working:
        each.result()
    served.close()

    assert doing.counts.keys() == set(whats)
    assert all(not job.status.is_active for job in served.jobs.all())
    check_nothing_is_left(served, client)
