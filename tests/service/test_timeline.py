"""When what was done to the hosts of a run, and when they wrote their logs."""

from __future__ import annotations

from itertools import pairwise

import pytest

from conformance.image.image import Image
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Stop
from conformance.outcome.timeline import Step
from conformance.service.engine import Engine
from conformance.service.local import LocalService
from conformance.service.moments import Moments
from conformance.service.settings import Settings
from tests.support.outcomes import host, request

LIFE = [Step.CREATED, Step.FILLED, Step.STARTED, Step.ENDED, Step.READ_BACK, Step.REMOVED]

SAYING = "import time\nfor each in (1, 2):\n    print(each, flush=True)\n    time.sleep(0.4)"


def test_a_host_that_had_to_be_killed_got_two_signals() -> None:
    """The first one a grace period before its end, SIGKILL at its end."""
    moments = Moments()
    moments.note_end(host(end=End.STOPPED, seconds=5.0, stop=Stop("SIGTERM", 3.0, killed=True)), 1.0)

    assert [(3.0, "SIGTERM"), (6.0, "SIGKILL"), (6.0, "")] == [(each.seconds, each.said) for each in moments.noted]


def test_a_host_that_is_killed_without_a_signal_got_one() -> None:
    """Which is SIGKILL; none of its moments lies before its beginning."""
    moments = Moments()
    moments.note_end(host(end=End.SUITE_LIMIT, seconds=2.0, stop=Stop("", 9.0, killed=True)), 1.0)

    assert [(1.0, Step.SIGNAL, "SIGKILL"), (3.0, Step.ENDED, "")] == [
        (each.seconds, each.step, each.said) for each in moments.noted
    ]


@pytest.mark.engine
def test_each_host_is_made_run_read_back_and_removed(reached: Engine, image: Image) -> None:
    """In this order, on one host and on several; all are filled before one starts."""
    words = {"ContainerEntrypoint": ["python3", "-c", SAYING]}
    asked = request(inputs={}, overrides=words)
    service = LocalService(reached, None, Settings())
    try:
        one, two = (service.run(image, each, Variation.AS_REQUESTED) for each in (asked, asked.on_hosts(2)))
    finally:
        service.close()

    for run in (one, two):
        for each in run.hosts:
            assert LIFE == [moment.step for moment in run.timeline if moment.host == each.name]
        assert all(before.seconds <= after.seconds for before, after in pairwise(run.timeline))
    steps = [moment.step for moment in two.timeline]
    assert steps.index(Step.STARTED) > max(at for at, step in enumerate(steps) if step is Step.FILLED)
    assert Step.NAMES_ANSWERED in steps
    first, second = one.hosts[0].stdout.times
    # It sleeps between its lines, of which the engine may have read the first one late.
    assert second > first
    assert () == one.hosts[0].stderr.times
