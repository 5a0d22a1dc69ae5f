"""What AWS would show of a run that a Docker Engine made: the run as a description, logs and objects, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from conformance.image.image import Image
from conformance.job.objects import S3Uri
from conformance.onaws.place import Listed
from conformance.onaws.shown import Seen, outcome
from conformance.outcome.outcome import End, JobStatus, Outcome
from conformance.service import message
from conformance.service.status import job_status

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def as_aws_shows(image: Image, run: Outcome) -> Outcome:
    """The same run as AWS would show it; raises `JobError` where that would say nothing of the image."""
    fault = message.fault(run.hosts)
    status, reason = job_status(run.hosts, message_fault=fault and f"the message: {fault}")
    # Of a long one, only the beginning is kept.
    texts = [
        host.message.ljust(host.message_file.size if host.message_file else 0, b".")
        for host in run.hosts
        if host.message is not None
    ]
    seconds = max(host.seconds for host in run.hosts)
    limit = run.request.max_runtime_seconds
    if any(host.end is End.SUITE_LIMIT for host in run.hosts) and status is not JobStatus.FAILED:
        status, limit = JobStatus.STOPPED, min(int(seconds), limit - 1)
    if status is JobStatus.STOPPED:
        seconds = max(seconds, limit)
    described = {
        "ProcessingJobName": run.request.name,
        "ProcessingJobStatus": str(status),
        "ProcessingStartTime": BEGAN,
        "ProcessingEndTime": BEGAN + timedelta(seconds=seconds),
        "FailureReason": reason,
        "ExitMessage": None if fault else message.exit_message(texts),
    }
    said = {host.name: b"".join(_lines(host.stdout.text + "\n" + host.stderr.text)) for host in run.hosts}
    objects = {
        output.name: [
            Listed(upload.uri.removeprefix(f"{_prefix(output.s3_uri)}/"), upload.size, upload.digest)
            for upload in run.uploads
            if upload.output == output.name
        ]
        for output in run.request.outputs
    }
    seen = Seen(described, limit, {host: content for host, content in said.items() if content}, objects)
    shown = outcome(image, run.request.on_hosts(len(run.hosts)), run.variation, seen)
    hosts = (replace(one, argv=host.argv) for one, host in zip(shown.hosts, run.hosts, strict=True))
    return replace(shown, request=run.request, hosts=tuple(hosts), trials=run.trials, unsteady=run.unsteady)


def _lines(text: str) -> list[bytes]:
    return [f"{line}\n".encode() for line in text.splitlines() if line]


def _prefix(uri: str) -> str:
    return str(S3Uri.parse(uri)).rstrip("/")
