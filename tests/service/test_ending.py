"""A container that ends just as its time is up: it was not stopped, whatever the engine says to the signal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.errors import APIError

from conformance.errors import JobError
from conformance.outcome.outcome import End
from conformance.service.ending import Ending, Limits
from tests.support.engine_proxy import answering_engine, failing_engine

pytestmark = pytest.mark.engine

AT_ONCE = 1e-4
"""Before any answer of an engine, so that the container has not been seen to end."""


@pytest.fixture(name="started")
def _started(client: docker.APIClient, tag: Callable[[str], str]) -> Iterator[Callable[[str], str]]:
    """Start a container of the reference that runs this Python."""
    made = []

    def start(program: str) -> str:
        container = str(
            client.create_container(
                tag("reference"),
                entrypoint=["python3", "-c", program],
                host_config=client.create_host_config(network_mode="none"),
            )["Id"]
        )
        made.append(container)
        client.start(container)
        return container

    yield start
    for container in made:
        client.remove_container(container, force=True)


@pytest.mark.parametrize("signal", ["SIGINT", ""])
@pytest.mark.parametrize("exit_code", [0, 3])
def test_what_has_ended_by_itself_is_not_stopped(
    client: docker.APIClient, started: Callable[[str], str], signal: str, exit_code: int
) -> None:
    """It exited, with its own code, and no signal is said to have ended it."""
    container = started(f"raise SystemExit({exit_code})")
    client.wait(container)
    ended = Ending(client, container, 5.0).wait(Limits(AT_ONCE, End.STOPPED, signal))

    assert (End.EXITED, exit_code, None) == (ended.end, ended.exit_code, ended.stop)


def test_what_runs_is_stopped(client: docker.APIClient, started: Callable[[str], str]) -> None:
    """By the signal if it heeds it, else by SIGKILL."""
    heeding = started("import time; time.sleep(60)")
    deaf = started("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)")
    # Python has its handler of SIGINT before it runs anything, but not as soon as its container is started.
    ends = [
        Ending(client, container, grace).wait(Limits(1.0, End.STOPPED, signal))
        for container, grace, signal in ((heeding, 10.0, "SIGINT"), (deaf, 0.2, "SIGTERM"))
    ]

    assert [End.STOPPED, End.STOPPED] == [ended.end for ended in ends]
    assert [False, True] == [ended.stop is not None and ended.stop.killed for ended in ends]
    assert 137 == ends[1].exit_code


def test_a_signal_that_an_engine_does_not_send_is_its_trouble(started: Callable[[str], str], tmp_path: Path) -> None:
    """It says nothing of a program that nobody told to end."""
    container = started("import time; time.sleep(60)")
    with failing_engine(
        tmp_path / "socket", call="POST .*/kill", status="500 Internal Server Error", message="no"
    ) as address:
        behind = docker.APIClient(base_url=address, version="auto", timeout=60)
        with pytest.raises(APIError):
            Ending(behind, container, 0.2).wait(Limits(AT_ONCE, End.STOPPED, "SIGINT"))
        behind.close()


def test_what_is_wrongly_said_to_have_ended_is_not_judged(
    client: docker.APIClient, started: Callable[[str], str], tmp_path: Path
) -> None:
    """The exit code of what runs is 0 by the engine's account."""
    container = started("import time; time.sleep(60)")
    with answering_engine(
        tmp_path / "engine.sock", call=r"^POST .*/wait", status="200 OK", answer={"StatusCode": 0}
    ) as address:
        deceived = docker.APIClient(address, version=client.api_version)
        with pytest.raises(JobError, match="the engine said that a container has ended, but it runs"):
            Ending(deceived, container, 5.0).wait(Limits(30.0, End.SUITE_LIMIT))
        deceived.close()
