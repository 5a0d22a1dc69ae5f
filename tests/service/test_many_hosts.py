"""A job of more hosts than are left to find each other by themselves, on a real engine."""

from __future__ import annotations

import json
import time

import pytest

from conformance.image.image import Image
from conformance.job.variation import Variation
from conformance.outcome.outcome import JobStatus
from conformance.outcome.timeline import Step
from conformance.service import engine
from conformance.service.calls import PORT
from conformance.service.local import LocalService
from conformance.service.peers.neighbours import mac
from conformance.service.settings import Settings
from tests.support.outcomes import request

pytestmark = pytest.mark.engine

HOSTS = 3

SAY = f"""
import json, socket, time
def is_open():
    with socket.socket() as asking:
        return not asking.connect_ex(("127.0.0.1", {PORT}))
begun, deadline = time.time(), time.monotonic() + 20
while is_open() and time.monotonic() < deadline:
    time.sleep(0.02)
status = dict(line.split(":", 1) for line in open("/proc/self/status") if line.startswith("Cap"))
arp = [line.split() for line in open("/proc/net/arp")][1:]
told = {{line[0]: [line[2], line[3]] for line in arp if int(line[2], 16) & 4}}
print(json.dumps({{"begun": begun, "told": told, "capabilities": status["CapBnd"].strip(), "open": is_open()}}))
"""


@pytest.fixture(name="few", autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have three hosts be many."""
    for module in ("plan", "peers.places"):
        monkeypatch.setattr(f"conformance.service.{module}.FOUND_HOSTS", HOSTS - 1)


def test_they_begin_together_and_know_each_other(reached: engine.Engine, image: Image) -> None:
    """No program begins before all containers have started, none has more rights, and none keeps a port of ours.

    Each host's kernel has been told of the two others for good.
    """
    asked = request(inputs={}, overrides={"ContainerEntrypoint": ["python3", "-c", SAY]}).on_hosts(HOSTS)
    service = LocalService(reached, None, Settings())
    before = time.time()
    try:
        outcome = service.run(image, asked, Variation.AS_REQUESTED)
    finally:
        service.close()

    assert JobStatus.COMPLETED is outcome.status, outcome.failure_reason
    found = [json.loads(host.stdout.head) for host in outcome.hosts]
    addresses = [host.address for host in outcome.hosts]
    assert [{other: ["0x6", mac(other)] for other in addresses if other != own} for own in addresses] == [
        each["told"] for each in found
    ]
    assert {"00000000a80425fb"} == {each["capabilities"] for each in found}  # what Docker leaves to root
    assert {False} == {each["open"] for each in found}
    started = [moment.seconds for moment in outcome.timeline if moment.step is Step.STARTED]
    # The run began a little later than that, so that the last start is never put too late.
    assert before + max(started) <= min(each["begun"] for each in found)
