"""What CloudWatch Logs has of a job: one stream for each host, with stdout and stderr in it.

Source: the developer guide, "CloudWatch Logs for Amazon SageMaker AI": the group `/aws/sagemaker/ProcessingJobs`, with
streams `<job>/<host>-<epoch>`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from botocore.exceptions import ClientError

from conformance.onaws.calls import Calls, code_of, explained

GROUP = "/aws/sagemaker/ProcessingJobs"

LOG_BYTES = 16 << 20
"""How much is read of the log of one host; of one that is longer none is used, since what follows is not known."""


def read(calls: Calls, job: str) -> dict[str, bytes]:
    """The log of each host that has one, line by line; raises `JobError` where logs cannot be read."""
    found = {}
    for host, stream in _streams(calls, job).items():
        content = _content(calls, stream)
        if content is not None:
            found[host] = content
    return found


def settled(calls: Calls, job: str, pause: Callable[[float], None], seconds: float) -> dict[str, bytes]:
    """The same once nothing has come for so many seconds: what a job says last may arrive after its end."""
    before = read(calls, job)
    while True:
        pause(seconds)
        now = read(calls, job)
        if now == before:
            return now
        before = now


def _streams(calls: Calls, job: str) -> dict[str, str]:
    """The stream of each host, by its name."""
    found = {}
    with explained(f"the log of job {job} cannot be read"), _none_yet():
        for page in calls.pages(calls.logs, "describe_log_streams", logGroupName=GROUP, logStreamNamePrefix=f"{job}/"):
            for entry in page["logStreams"]:
                stream = str(entry["logStreamName"])
                found[stream.removeprefix(f"{job}/").rpartition("-")[0]] = stream
    return found


def _content(calls: Calls, stream: str) -> bytes | None:
    lines: list[bytes] = []
    size, token = 0, ""
    with explained(f"the log {stream} cannot be read"):
        while size <= LOG_BYTES:
            given = {"nextToken": token} if token else {}
            page = calls.logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True, **given)
            for event in page["events"]:
                lines.append(event["message"].encode("utf-8", "surrogateescape") + b"\n")
                size += len(lines[-1])
            # The end is where the same token comes again; a page before it may be empty.
            if page["nextForwardToken"] == token:
                return b"".join(lines)
            token = page["nextForwardToken"]
    return None


@contextlib.contextmanager
def _none_yet() -> Iterator[None]:
    """The group is made with the first log of an account's first job."""
    try:
        yield
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
