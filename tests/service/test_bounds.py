"""What bounds a job: its containers on the engine, and the time of all of its runs together."""

from __future__ import annotations

import pytest

from conformance.errors import LimitError
from conformance.outcome.outcome import End
from conformance.service import bounds
from conformance.service.dialect import DOCKER, PODMAN
from conformance.service.ending import Limits
from conformance.service.session_time import SessionTime
from conformance.service.settings import Settings
from tests.support.outcomes import host

MINUTE = Limits(60, End.MAX_RUNTIME, "SIGINT")


def test_a_container_has_the_bounds_of_the_settings() -> None:
    """Its memory has no swap behind it, and what is not limited is left to the engine."""
    found = bounds.of_host(Settings(processes=50, processors=0.5, runtime="runsc"), 64 << 20, DOCKER)

    assert (50, 64 << 20, 64 << 20, 500_000_000, "runsc") == (
        *(found[name] for name in ("pids_limit", "mem_limit", "memswap_limit", "nano_cpus", "runtime")),
    )
    assert 0 < found["oom_score_adj"] <= 1000


def test_what_has_no_bound_is_left_to_the_engine() -> None:
    """Processors and the runtime are not said at all, and memory is not where the engine has no limit of it."""
    found = bounds.of_host(Settings(), 0, PODMAN)

    assert (4096, None, None, None) == tuple(
        found[name] for name in ("pids_limit", "mem_limit", "memswap_limit", "nano_cpus")
    )
    assert "runtime" not in found
    assert found["oom_score_adj"] is None


def test_a_session_without_a_limit_bounds_nothing() -> None:
    """A run has the time that it has by itself."""
    time = SessionTime(0)

    assert MINUTE == time.bounded(MINUTE)
    time.check([host(end=End.SUITE_LIMIT)])


def test_the_last_run_has_what_is_left_of_the_session() -> None:
    """It is the suite that stops it then, and not MaxRuntimeInSeconds."""
    last = SessionTime(30).bounded(MINUTE)

    assert last.seconds <= 30
    assert (End.SUITE_LIMIT, "SIGINT") == (last.end, last.signal)


def test_after_its_end_no_run_begins_and_none_counts() -> None:
    """The error names the limit; a run that ended by itself counts all the same."""
    time = SessionTime(1e-9)

    with pytest.raises(LimitError, match="--image-limit=session=SECONDS sets it"):
        time.bounded(MINUTE)
    with pytest.raises(LimitError):
        time.check([host(end=End.EXITED), host(end=End.SUITE_LIMIT)])
    time.check([host(end=End.EXITED)])
