"""What is put to CloudWatch of one measurement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from conformance.aws.application import Application
from conformance.serve.calls import Calls
from conformance.serve.metrics import NAMESPACE, JobMetrics
from conformance.service.usage import Usage

# What moto holds, it holds for the whole process.
REGION = "eu-north-1"

EVERYTHING = Usage(150.0, 20.0, disk_bytes=3 << 30, gpu_percent=250.0, gpu_memory_percent=80.0)


@pytest.mark.parametrize(
    ("name", "usage", "expected"),
    [
        (
            "everything",
            EVERYTHING,
            {
                "CPUUtilization": 150,
                "MemoryUtilization": 20,
                "DiskUtilization": 30,
                "GPUUtilization": 250,
                "GPUMemoryUtilization": 80,
            },
        ),
        ("without-a-gpu", Usage(1.0, 2.0, 0), {"CPUUtilization": 1, "MemoryUtilization": 2, "DiskUtilization": 0}),
        ("memory-alone", Usage(None, 2.0), {"MemoryUtilization": 2}),
        ("nothing", Usage(None, None), {}),
        ("more-than-the-disk", Usage(None, None, 30 << 30), {"DiskUtilization": 100}),
    ],
)
def test_what_is_known_is_put(name: str, usage: Usage, expected: dict[str, float]) -> None:
    """By AWS's names, each in percent; a host that takes more than its disk would have, has all of it."""
    calls = Calls(Application())
    JobMetrics(calls, REGION, name, 10 << 30).put("algo-1", usage)

    now = datetime.now(UTC)
    form = {
        "Action": "GetMetricStatistics",
        "Version": "2010-08-01",
        "Namespace": NAMESPACE,
        "Dimensions.member.1.Name": "Host",
        "Dimensions.member.1.Value": f"{name}/algo-1",
        "StartTime": (now - timedelta(hours=1)).isoformat(),
        "EndTime": (now + timedelta(hours=1)).isoformat(),
        "Period": "7200",
        "Statistics.member.1": "Maximum",
    }
    found = {}
    for metric in ("CPUUtilization", "MemoryUtilization", "DiskUtilization", "GPUUtilization", "GPUMemoryUtilization"):
        told = calls.query("monitoring", REGION, **form, MetricName=metric)
        if "<Maximum>" in told:
            assert "<Unit>Percent</Unit>" in told
            found[metric] = float(told.partition("<Maximum>")[2].partition("</Maximum>")[0])
    assert expected == found
