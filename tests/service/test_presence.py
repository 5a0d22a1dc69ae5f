"""A session is seen on the engine for as long as it lives."""

from __future__ import annotations

import threading
import time
import uuid

import docker
import pytest

from conformance.service import cleanup
from conformance.service.engine import Engine
from conformance.service.labels import RUN, run_labels
from conformance.service.presence import stay_present

TIMEOUT_SECONDS = 60


@pytest.mark.engine
def test_something_is_made_anew_until_the_session_is_over(reached: Engine, client: docker.APIClient) -> None:
    """Of which one is there at a time, or two for a moment, and none once everything of the run is removed."""
    run, over = uuid.uuid4().hex[:12], threading.Event()
    seen: set[str] = set()
    most = 0
    thread = stay_present(reached, run_labels(run, kept=False), over, every_seconds=0.01)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while len(seen) < 3 and time.monotonic() < deadline:
        names = [volume["Name"] for volume in client.volumes(filters={"label": f"{RUN}={run}"})["Volumes"] or ()]
        seen.update(names)
        most = max(most, len(names))
    over.set()
    thread.join()
    cleanup.remove_run(client, run)

    assert 3 <= len(seen)
    assert most <= 2
    assert not client.volumes(filters={"label": f"{RUN}={run}"})["Volumes"]
