"""What jobs say, as CloudWatch Logs has it: a stream for each host, in the group of all processing jobs.

Source: the developer guide, "CloudWatch Logs for Amazon SageMaker AI": group `/aws/sagemaker/ProcessingJobs`, streams
`<job>/<host>-<epoch>`. Seconds as that number: observed.
"""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field

from conformance.serve.calls import Calls, Refused
from conformance.service.lines import Lines
from conformance.service.live import Stream

GROUP = "/aws/sagemaker/ProcessingJobs"

MOST_EVENTS = 1_000
"""How many events may wait to be stored before the program waits for that."""

STORE_SECONDS = 0.5
"""How long an event waits at most."""

EXISTS = "ResourceAlreadyExistsException"


@dataclass
class JobLog:
    """The log of one job. `store` writes what has come since, from a thread of its own; it is called until the end."""

    calls: Calls
    region: str
    name: str
    _streams: dict[str, str] = field(default_factory=dict)
    _lines: dict[tuple[str, Stream], Lines] = field(default_factory=dict)
    _waiting: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    _taking: threading.Lock = field(default_factory=threading.Lock)
    _storing: threading.Lock = field(default_factory=threading.Lock)

    def started(self, host: str, seconds: float) -> None:
        """Make the stream of a host at its start, in seconds since 1970: clients look for it before it says anything.

        A job that was deleted leaves its streams. One of the same name that starts within the same second gets the
        next number.
        """
        self._is_new("CreateLogGroup", logGroupName=GROUP)
        numbers = itertools.count(int(seconds))
        streams = (f"{self.name}/{host}-{number}" for number in numbers)
        stream = next(
            name for name in streams if self._is_new("CreateLogStream", logGroupName=GROUP, logStreamName=name)
        )
        with self._taking:
            self._streams[host] = stream
            self._waiting[host] = []
            self._lines.update({(host, each): Lines() for each in Stream})

    def said(self, host: str, stream: Stream, chunk: bytes) -> None:
        """Take the lines that are complete by now."""
        with self._taking:
            self._take(host, list(self._lines[host, stream].take(chunk)))
            full = len(self._waiting[host]) >= MOST_EVENTS
        if full:
            self.store()

    def ended(self, host: str) -> None:
        """Take what is left, and have all of it stored."""
        with self._taking:
            for stream in Stream:
                self._take(host, list(self._lines[host, stream].end()))
        self.store()

    def store(self) -> None:
        """Write what waits, in the order in which it came."""
        with self._storing:
            with self._taking:
                waiting = {host: events for host, events in self._waiting.items() if events}
                self._waiting.update({host: [] for host in waiting})
            for host, events in waiting.items():
                self._call("PutLogEvents", logGroupName=GROUP, logStreamName=self._streams[host], logEvents=events)

    def _take(self, host: str, lines: list[bytes]) -> None:
        now = int(time.time() * 1000)
        # An event has at least one character (API reference, InputLogEvent).
        self._waiting[host] += [
            {"timestamp": now, "message": text}
            for line in lines
            if (text := line.removesuffix(b"\r").decode("utf-8", "replace"))
        ]

    def _is_new(self, operation: str, **members: object) -> bool:
        """Create something; False where it is there already."""
        try:
            self._call(operation, **members)
        except Refused as refused:
            if refused.code != EXISTS:
                raise
            return False
        return True

    def _call(self, operation: str, **members: object) -> None:
        self.calls.json("logs", f"Logs_20140328.{operation}", self.region, **members)


def filtered(calls: Calls, region: str, request: dict[str, object]) -> dict[str, object]:
    """A request of FilterLogEvents in the form that moto answers in full.

    moto 5.2 takes no notice of `logStreamNamePrefix` and `logGroupIdentifier`, and sorts only what is `interleaved`.
    """
    changed = dict(request)
    if identifier := changed.pop("logGroupIdentifier", None):
        changed["logGroupName"] = str(identifier).removesuffix(":*").rpartition("log-group:")[2]
    prefix = changed.pop("logStreamNamePrefix", None)
    if prefix is not None:
        # Where none is there, no stream has this name; of an empty list, moto would make all of them.
        changed["logStreamNames"] = _streams(calls, region, str(changed.get("logGroupName")), str(prefix)) or ["*"]
    return changed | {"interleaved": True}


def _streams(calls: Calls, region: str, group: str, prefix: str) -> list[str]:
    found: list[str] = []
    members = {"logGroupName": group, "logStreamNamePrefix": prefix}
    while True:
        try:
            page = calls.json("logs", "Logs_20140328.DescribeLogStreams", region, **members)
        except Refused:
            # There is no such group, which the operation itself says.
            return found
        found += [stream["logStreamName"] for stream in page["logStreams"]]
        if not page.get("nextToken"):
            return found
        members["nextToken"] = page["nextToken"]
