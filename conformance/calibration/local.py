"""The two jobs on a Docker Engine, as the suite's own service runs them."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from conformance.calibration.seen import BUCKET, LIMIT_SECONDS, OBJECTS, READY, Seen, Stopped, looking, waiting
from conformance.errors import JobError
from conformance.image.image import Image
from conformance.job.objects import ObjectTree
from conformance.outcome.outcome import JobStatus
from conformance.service.engine import Engine
from conformance.service.live import StopOrder, Stream
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from conformance.service.usage import Usage

ROLE, INSTANCE_TYPE = "arn:aws:iam::123456789012:role/processing", "ml.m5.large"


@dataclass
class _Heard:
    """What a job says, and whether it has begun to wait."""

    content: bytes = b""
    ready: threading.Event = field(default_factory=threading.Event)

    def started(self, host: str) -> None:
        """Nothing is to be done."""

    def said(self, host: str, stream: Stream, chunk: bytes) -> None:  # noqa: ARG002 - see `Watcher`
        """Keep it."""
        self.content += chunk
        if READY.encode() in self.content:
            self.ready.set()

    def measured(self, host: str, usage: Usage) -> None:
        """Nothing is to be done."""

    def ended(self, host: str) -> None:  # noqa: ARG002 - see `Watcher`
        """Whoever waits need not any longer."""
        self.ready.set()


def calibrate(engine: Engine, image: Image, settings: Settings, room: Path, *, hosts: int) -> Seen:
    """Run both jobs; `room` is an empty directory.

    Raises:
        JobError: one of them could not be run, or did not show what it is for.
    """
    for key, content in OBJECTS.items():
        path = room / BUCKET / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    tree = ObjectTree(room)
    service = LocalService(engine, tree, settings)
    try:
        request = looking(image.reference, ROLE, INSTANCE_TYPE, hosts)
        looked = service.perform(image, request, watcher=_Heard(), stop=StopOrder(), target=tree, room=room)
        if looked.status is not JobStatus.COMPLETED:
            raise JobError(f"the job that looks ended as {looked.status}: {looked.failure_reason}")
        files = sorted(path for path in (room / "conformance/output/look").glob("*.json"))
        looks = tuple(json.loads(path.read_text()) for path in files)
        return Seen(looks, looked.exit_message, _stopped(service, image, tree, room))
    finally:
        service.close()


def _stopped(service: LocalService, image: Image, tree: ObjectTree, room: Path) -> Stopped:
    heard, order = _Heard(), StopOrder()
    request = waiting(image.reference, ROLE, INSTANCE_TYPE)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(service.perform, image, request, watcher=heard, stop=order, target=tree, room=room)
        heard.ready.wait(LIMIT_SECONDS)
        order.give()
        running.result()
    return Stopped.of_log(heard.content.decode("utf-8", "replace").splitlines())
