"""The streams of a job's log, as CloudWatch Logs has them."""

from __future__ import annotations

import pytest

from conformance.aws.application import Application
from conformance.serve.calls import Calls
from conformance.serve.logs import GROUP, JobLog
from conformance.service.live import Stream

# What moto holds, it holds for the whole process.
REGION = "eu-north-1"


@pytest.fixture(name="calls")
def _calls() -> Calls:
    """Calls to a moto of this process."""
    return Calls(Application())


def said(calls: Calls, name: str) -> dict[str, list[str]]:
    """What stands in each stream of a job, by the number that ends its name."""
    target = "Logs_20140328.DescribeLogStreams"
    streams = calls.json("logs", target, REGION, logGroupName=GROUP, logStreamNamePrefix=f"{name}/")["logStreams"]
    found = {}
    for stream in (each["logStreamName"] for each in streams):
        members = {"logGroupName": GROUP, "logStreamName": stream, "startFromHead": True}
        events = calls.json("logs", "Logs_20140328.GetLogEvents", REGION, **members)["events"]
        found[stream.removeprefix(f"{name}/")] = [event["message"] for event in events]
    return found


def test_two_jobs_of_one_name_have_streams_of_their_own(calls: Calls) -> None:
    """Also where the second starts within the same second, once the first has been deleted."""
    for text in (b"first\n", b"second\n", b"third\n"):
        log = JobLog(calls, REGION, "same-second")
        for host in ("algo-1", "algo-2"):
            log.started(host, 1_700_000_000.9)
            log.said(host, Stream.STDOUT, text)
            log.ended(host)

    assert {
        f"{host}-{number}": [text]
        for host in ("algo-1", "algo-2")
        for number, text in zip(range(1_700_000_000, 1_700_000_003), ("first", "second", "third"), strict=True)
    } == said(calls, "same-second")
