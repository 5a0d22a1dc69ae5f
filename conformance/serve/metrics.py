"""What the hosts of jobs use, as CloudWatch has it.

Source: the developer guide, "Amazon SageMaker AI metrics in Amazon CloudWatch": namespace
`/aws/sagemaker/ProcessingJobs`, dimension `Host`, `<job>/<host>`. DiskUtilization is how much of the disk the container
takes; that this disk has VolumeSizeInGB is inferred.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.serve.calls import Calls
from conformance.service.usage import Usage

NAMESPACE = "/aws/sagemaker/ProcessingJobs"


@dataclass(frozen=True)
class JobMetrics:
    """The metrics of one job, whose hosts have a disk of so many bytes."""

    calls: Calls
    region: str
    name: str
    disk_bytes: int

    def put(self, host: str, usage: Usage) -> None:
        """Put what is known of one measurement."""
        known = {
            "CPUUtilization": usage.processor_percent,
            "MemoryUtilization": usage.memory_percent,
            "DiskUtilization": None if usage.disk_bytes is None else min(100 * usage.disk_bytes / self.disk_bytes, 100),
            "GPUUtilization": usage.gpu_percent,
            "GPUMemoryUtilization": usage.gpu_memory_percent,
        }
        form = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": NAMESPACE}
        values = {name: value for name, value in known.items() if value is not None}
        for number, (name, value) in enumerate(values.items(), 1):
            each = f"MetricData.member.{number}"
            form |= {
                f"{each}.MetricName": name,
                f"{each}.Unit": "Percent",
                f"{each}.Value": f"{value:.6f}",
                f"{each}.Dimensions.member.1.Name": "Host",
                f"{each}.Dimensions.member.1.Value": f"{self.name}/{host}",
            }
        if values:
            self.calls.query("monitoring", self.region, **form)
