"""Nothing stays on the engine: not after a run, a failure, Ctrl-C, nor, once another run was made, after `kill -9`."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from conformance.service import labels
from tests.conftest import REFERENCE_S3, Ran, clean_environment, reference_job
from tests.support.jobs import request

pytestmark = pytest.mark.engine

TIMEOUT_SECONDS = 240
"""How long a test waits at most; how long it takes says nothing."""

SLEEPING = {"ImageUri": "image", "ContainerArguments": ["--sleep", "600"]}


def owned_by(client: docker.APIClient, pid: int) -> list[str]:
    """The names of what a process made on the engine, whatever its kind."""
    filters = {"label": labels.OWNER}
    found = [(container["Labels"], container["Id"]) for container in client.containers(all=True, filters=filters)]
    found += [(volume["Labels"], volume["Name"]) for volume in client.volumes(filters=filters)["Volumes"] or ()]
    found += [(network["Labels"], network["Name"]) for network in client.networks(filters=filters)]
    owners = [(labels.Owner.parse(marked[labels.OWNER]), name) for marked, name in found]
    return [name for owner, name in owners if owner is not None and owner.pid == pid]


def running_session(
    here: Path, image: str, client: docker.APIClient, *options: str, things: int = 2
) -> subprocess.Popen[bytes]:
    """A session whose job sleeps, begun, with so many things on the engine already."""
    job = request(here / "job.json", AppSpecification=SLEEPING)
    arguments = [f"--image={image}", f"--image-job={job}", f"--image-s3={REFERENCE_S3}", *options]
    process = subprocess.Popen(
        # What is started in the background of a shell ignores SIGINT, and so would all that it starts.
        ["env", "--default-signal=INT", sys.executable, "-m", "pytest", *arguments],
        cwd=here,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while len(owned_by(client, process.pid)) < things:
        assert process.poll() is None, "the session ended before its job ran"
        assert time.monotonic() < deadline, "the session's job did not begin to run"
        time.sleep(0.1)
    return process


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


def test_interrupt_leaves_nothing(tmp_path: Path, tag: Callable[[str], str], client: docker.APIClient) -> None:
    """Ctrl-C in the middle of a job ends the session within seconds, and all that it made is gone."""
    process = running_session(tmp_path, tag("reference"), client)

    process.send_signal(signal.SIGINT)
    status = process.wait(timeout=TIMEOUT_SECONDS)

    assert pytest.ExitCode.INTERRUPTED == status
    assert [] == owned_by(client, process.pid)


def test_killed_session_is_cleaned_up_by_the_next(
    tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran], client: docker.APIClient
) -> None:
    """What a session left that was killed is removed by the next, on whatever image, and a living one's is not."""
    image = tag("reference")
    (tmp_path / "living").mkdir()
    (tmp_path / "killed").mkdir()
    living = running_session(tmp_path / "living", image, client)
    killed = running_session(tmp_path / "killed", image, client)

    killed.kill()
    killed.wait()
    left = owned_by(client, killed.pid)
    conformance(image)
    try:
        assert left
        assert [] == owned_by(client, killed.pid)
        assert owned_by(client, living.pid)
    finally:
        living.send_signal(signal.SIGINT)
        living.wait(timeout=TIMEOUT_SECONDS)


def test_killed_session_of_several_hosts_is_cleaned_up_by_the_next(
    tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran], client: docker.APIClient
) -> None:
    """Eight hosts, each with its container and volume, their network and its name server: nothing of it stays."""
    image = tag("reference")
    hosts = 8
    killed = running_session(
        tmp_path, image, client, f"--image-hosts={hosts}", "-k", "exit.zero-on-success", things=2 * hosts + 2
    )

    killed.kill()
    killed.wait()
    left = owned_by(client, killed.pid)
    conformance(image)

    assert len(left) >= 2 * hosts + 2
    assert [] == owned_by(client, killed.pid)
