"""Nothing stays on the engine: not after a run, a failure, Ctrl-C or SIGTERM, nor, some seconds later, `kill -9`."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from conformance.service import labels
from tests.conftest import WORKERS, Ran, reference_job
from tests.support.jobs import build
from tests.support.leftovers import begin_session, end_at_once, owned_by, reapers, workers

pytestmark = pytest.mark.engine

TIMEOUT_SECONDS = 240
"""How long a test waits at most; how long it takes says nothing."""


def running_session(
    here: Path, image: str, client: docker.APIClient, *options: str, things: int = 2
) -> subprocess.Popen[bytes]:
    """A session whose job sleeps, begun, with so many things on the engine already."""
    process = begin_session(here, image, *options)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while len(owned_by(client, process.pid, *workers(process.pid))) < things:
        assert process.poll() is None, "the session ended before its job ran"
        assert time.monotonic() < deadline, "the session's job did not begin to run"
        time.sleep(0.1)
    return process


def await_nothing(client: docker.APIClient, *pids: int) -> None:
    """Wait until processes have nothing on the engine."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while left := owned_by(client, *pids):
        assert time.monotonic() < deadline, left
        time.sleep(0.2)


@pytest.mark.parametrize("name", ["reference", "flawed/volume-on-opt-ml", "flawed/user-without-account"])
def test_run_leaves_nothing(
    name: str, tag: Callable[[str], str], conformance: Callable[..., Ran], client: docker.APIClient
) -> None:
    """A run leaves no container and no volume, neither of its own nor one that the image declares."""
    before = anonymous_volumes(client)

    ran = conformance(tag(name), *reference_job())

    assert ran.report["verdicts"]
    assert [] == owned_by(client, ran.process)
    # Other tests may run beside this one, and their volumes come and go.
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not anonymous_volumes(client) <= before:
        assert time.monotonic() < deadline, "a volume that the image declares was left"
        time.sleep(0.2)


def anonymous_volumes(client: docker.APIClient) -> set[str]:
    """The volumes that the engine named itself, as it does for an image's VOLUME."""
    return {volume["Name"] for volume in client.volumes()["Volumes"] or () if len(volume["Name"]) == 64}


@pytest.mark.parametrize(
    ("number", "options", "word"),
    [
        (signal.SIGINT, (), "Ctrl-C"),
        (signal.SIGINT, WORKERS, "Ctrl-C"),
        (signal.SIGTERM, (), "SIGTERM"),
        (signal.SIGTERM, WORKERS, "SIGTERM"),
        (signal.SIGTERM, ("--image-hosts=3", "-k", "exit.zero-on-success"), "SIGTERM"),
    ],
)
def test_interrupted_session_leaves_nothing(
    number: int,
    options: tuple[str, ...],
    word: str,
    tmp_path: Path,
    tag: Callable[[str], str],
    client: docker.APIClient,
) -> None:
    """Ctrl-C and the SIGTERM of a CI service end a session within seconds, and all that it made is gone."""
    process = running_session(tmp_path, tag("reference"), client, *options)
    processes = {process.pid, *workers(process.pid)}

    process.send_signal(number)
    status = process.wait(timeout=TIMEOUT_SECONDS)

    assert pytest.ExitCode.INTERRUPTED == status
    assert f"interrupted by {word}; containers removed" in (tmp_path / "output").read_text(encoding="utf-8")
    # A worker that takes long is killed by pytest-xdist.
    await_nothing(client, *processes)


def test_killed_session_leaves_nothing(tmp_path: Path, tag: Callable[[str], str], client: docker.APIClient) -> None:
    """Its reaper removes everything, without another session."""
    process = running_session(tmp_path, tag("reference"), client)

    process.kill()
    process.wait()

    await_nothing(client, process.pid)


HOSTILE = (
    'LABEL conformance.run="zzz" conformance.expires="1" conformance.kept="true"',
    'LABEL conformance.owner="machine/namespace/1/1"',
)


def test_killed_session_is_cleaned_up_by_the_next(
    tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran], client: docker.APIClient
) -> None:
    """What a session left that was killed with its reaper is removed by the next, on whatever image.

    A living session's is not, nor what somebody else runs of an image whose labels look like the suite's own.
    """
    image = build(client, "labelled", *HOSTILE)
    (tmp_path / "living").mkdir()
    (tmp_path / "killed").mkdir()
    strangers = client.create_container(image, entrypoint=["sleep"], command=["600"])["Id"]
    living = running_session(tmp_path / "living", image, client)
    killed = running_session(tmp_path / "killed", image, client)

    end_at_once(*reapers(killed.pid), killed.pid)
    killed.wait()
    left = owned_by(client, killed.pid)
    conformance(tag("reference"))
    try:
        assert left
        assert [] == owned_by(client, killed.pid)
        assert owned_by(client, living.pid)
        assert client.inspect_container(strangers)
    finally:
        living.send_signal(signal.SIGINT)
        living.wait(timeout=TIMEOUT_SECONDS)
        client.remove_container(strangers, force=True)
        client.remove_image(image)


def test_killed_session_of_several_hosts_is_cleaned_up_by_the_next(
    tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran], client: docker.APIClient
) -> None:
    """Eight hosts, each with its container and volume, their network and its name server: nothing of it stays."""
    image = tag("reference")
    hosts = 8
    killed = running_session(
        tmp_path, image, client, f"--image-hosts={hosts}", "-k", "exit.zero-on-success", things=2 * hosts + 2
    )

    end_at_once(*reapers(killed.pid), killed.pid)
    killed.wait()
    left = owned_by(client, killed.pid)
    conformance(image)

    assert len(left) >= 2 * hosts + 2
    assert [] == owned_by(client, killed.pid)


def test_what_cannot_be_removed_is_told_and_costs_nothing(
    tag: Callable[[str], str], conformance: Callable[..., Ran], client: docker.APIClient
) -> None:
    """A network that somebody else has connected a container to stays, and so does that container."""
    image = tag("reference")
    marks = {labels.RUN: "abc", labels.OWNER: str(replace(labels.Owner.current(), started="1"))}
    network = labels.new_name(marks, "network")
    client.create_network(network, labels=marks)
    created = client.create_container(
        image, entrypoint=["sleep"], command=["600"], host_config=client.create_host_config(network_mode=network)
    )
    try:
        client.start(created)
        ran = conformance(image, "-k", "image.has-command")

        assert f"note: network {network} of an earlier session is in use and cannot be removed" in ran.output
        assert client.inspect_container(created)["State"]["Running"]
        assert [] == ran.report["warnings"]
        assert 0 == ran.status
    finally:
        client.remove_container(created, force=True)
        client.remove_network(network)
