"""What a session needs is taken away from it by somebody else: that is an error, and never laid to the image."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import docker
import pytest
from docker.errors import APIError, NotFound

from tests.support.jobs import build
from tests.support.leftovers import begin_session, owned_by

pytestmark = pytest.mark.engine

TIMEOUT_SECONDS = 240
"""How long a test waits at most; how long it takes says nothing."""


def running_host(session: subprocess.Popen[bytes], client: docker.APIClient) -> str:
    """The name of a host's container, once it runs."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        names = {each["Names"][0].removeprefix("/") for each in client.containers() if each["Names"]}
        found = [
            name for name in owned_by(client, session.pid) if "-algo-1-" in name and name.removeprefix("/") in names
        ]
        if found:
            return found[0].removeprefix("/")
        assert session.poll() is None, "the session ended before its job ran"
        assert time.monotonic() < deadline, "the session's job did not begin to run"
        time.sleep(0.1)


def remove_container(client: docker.APIClient, host: str) -> None:
    """As `docker rm -f` does."""
    client.remove_container(host, force=True)


def kill_container(client: docker.APIClient, host: str) -> None:
    """As `docker kill` does, or a kernel whose machine has no memory left."""
    client.kill(host, "SIGKILL")


def remove_network(client: docker.APIClient, host: str) -> None:
    """As whoever cuts off all that is connected to it; the hosts go on without it, until the suite's own limit."""
    (name,) = client.inspect_container(host)["NetworkSettings"]["Networks"]
    for endpoint in client.inspect_network(name)["Containers"].values():
        client.disconnect_container_from_network(endpoint["Name"], name, force=True)
    client.remove_network(name)


def remove_image(client: docker.APIClient, host: str) -> None:
    """An engine that refuses to remove the image of a running container removes it with that container."""
    image = client.inspect_container(host)["Image"]
    client.remove_container(host, force=True)
    client.remove_image(image, force=True)


@pytest.mark.parametrize(
    ("take_away", "options"),
    [
        (remove_container, ()),
        (kill_container, ("--image-timeout=30",)),
        (remove_network, ("--image-hosts=2", "--image-timeout=30")),
        (remove_image, ()),
    ],
    ids=["container", "process", "network", "image"],
)
def test_what_is_taken_away_is_not_laid_to_the_image(
    take_away: Callable[[docker.APIClient, str], None],
    options: tuple[str, ...],
    client: docker.APIClient,
    tmp_path: Path,
    tag: Callable[[str], str],
) -> None:
    """With exit status 6, no violation, and nothing left."""
    tag("reference")
    image = build(client, "taken-away", "LABEL taken=away")
    session = begin_session(tmp_path, image, "-k", "exit.zero-on-success", *options)
    try:
        take_away(client, running_host(session, client))
        status = session.wait(TIMEOUT_SECONDS)
    finally:
        session.terminate()
        session.wait(TIMEOUT_SECONDS)
        with suppress(APIError, NotFound):
            client.remove_image(image, force=True)
    output = (tmp_path / "output").read_text(encoding="utf-8")

    assert 6 == status, output
    assert "Traceback" not in output
    report = json.loads((tmp_path / "conformance-report/report.json").read_text(encoding="utf-8"))
    assert {each["verdict"] for each in report["verdicts"] if each["applies"]} <= {"error", "not judged"}, output
    assert report["verdicts"][0]["reason"]
    assert [] == owned_by(client, session.pid)
