"""A container of the suite's own beside those of a job: the probe is all that runs in it, and it follows a plan.

Its life is the same whatever the plan says: it is created, given the probe, its plan and what else the plan needs,
started, waited for or ended, its record is read, and it is removed.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import docker
from docker.errors import APIError
from docker.types import LogConfig, NetworkingConfig

from conformance.probe import PROGRAM, RECORD
from conformance.probe.bundle import bundle, read_record
from conformance.service.empty import empty_image
from conformance.service.engine import STILL_THERE, fetch, has_ended, responses
from conformance.service.labels import new_name
from conformance.service.platforms import AWS
from conformance.service.relay import Stream
from conformance.service.said import said

NOBODY = "65534:65534"
"""User and group of those that need no right at all."""


@dataclass(frozen=True)
class Sidecar:
    """A created container; as a context manager it is removed at the end of the block."""

    client: docker.APIClient
    id: str
    plan: str

    def __enter__(self) -> Self:
        """It is there already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove it, however the block ended."""
        self.remove()

    def start(self, *archives: bytes | Iterator[bytes]) -> None:
        """Put the probe and its plan into it, then what else it needs, and start it."""
        self.fill(*archives)
        self.begin()

    def fill(self, *archives: bytes | Iterator[bytes]) -> None:
        """Put the probe and its plan into it, then what else it needs."""
        for archive in (bundle(self.plan), *archives):
            self.client.put_archive(self.id, "/", archive)

    def begin(self) -> None:
        """Start it; what it needs has been put into it."""
        self.client.start(self.id)

    def streams(self, **which: int) -> Stream:
        """A connection to its standard streams, of which `which` tells those that are wanted; it has been filled.

        Podman prepares a container as soon as somebody attaches to it, for which its program has to be there. docker-py
        gives what urllib3 read the answer from, by way of which nothing can be sent.
        """
        with responses(self.client) as answers:
            attached: Any = self.client.attach_socket(self.id, params={**which, "stream": 1})
        if hasattr(attached, "sendall"):
            stream: Stream = attached
            return stream
        own = socket.socket(fileno=socket.dup(attached.fileno()))
        for answer in answers:
            answer.close()
        return own

    @property
    def is_running(self) -> bool:
        """Whether it has been started and has not ended."""
        return bool(self.client.inspect_container(self.id)["State"]["Running"])

    def output(self) -> bytes:
        """What the probe wrote to stdout and stderr until now."""
        return b"".join(said(self.client, self.id, stdout=True, stderr=True))

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; False where it has not within so many seconds."""
        return has_ended(self.client, self.id, within_seconds=seconds)

    def exit_code(self) -> int:
        """Its exit code, by the engine's account."""
        return int(self.client.inspect_container(self.id)["State"]["ExitCode"])

    def record(self) -> bytes:
        """What the probe wrote down until now."""
        chunks, _ = fetch(self.client, self.id, RECORD)
        return read_record(chunks)

    def kill(self, signal: int | str = "SIGKILL") -> None:
        """Send it a signal; what has ended already is no error."""
        with contextlib.suppress(APIError):
            self.client.kill(self.id, signal)

    def remove(self) -> None:
        """Remove it; what is gone already is no error, and what takes long is left to the end of the session."""
        with contextlib.suppress(*STILL_THERE):
            self.client.remove_container(self.id, v=True, force=True)


def create(client: docker.APIClient, plan: str, *, labels: Mapping[str, str], user: str = "", **host: Any) -> Sidecar:  # noqa: ANN401 - what docker-py's host configuration takes
    """Create one that holds no other file than the probe.

    `networking_config` and `stdin_open` are taken beside what the host configuration takes.
    """
    return create_in(client, empty_image(client), plan, labels=labels, user=user, platform=AWS, **host)


def create_in(
    client: docker.APIClient,
    image: str,
    plan: str,
    *,
    labels: Mapping[str, str],
    user: str,
    environment: Mapping[str, str] | None = None,
    networking_config: NetworkingConfig | None = None,
    stdin_open: bool = False,
    platform: str | None = None,
    image_checks: bool = False,
    **host: Any,  # noqa: ANN401 - as above
) -> Sidecar:
    """Create one in this image, of whose programs none runs, without any privilege.

    `platform` is that of the image, and `image_checks` says whether it may have a HEALTHCHECK.
    """
    restrictions: dict[str, Any] = {
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        # What the probe says is text, for which the driver will do that every engine has.
        "log_config": LogConfig(type="json-file", config={"max-size": "1m"}),
    }
    created = client.create_container(
        image,
        entrypoint=[PROGRAM],
        user=user or None,
        stdin_open=stdin_open,
        # An image's own WORKDIR may be no directory, which is none of the probe's affair.
        working_dir="/",
        # As a host's container has it.
        stop_signal="SIGKILL",
        environment=dict(environment or {}),
        name=new_name(labels, "sidecar"),
        labels=dict(labels),
        networking_config=networking_config,
        platform=platform,
        # An image's own HEALTHCHECK would run its programs here, too.
        healthcheck={"test": ["NONE"]} if image_checks else None,
        host_config=client.create_host_config(**(restrictions | host)),
    )
    return Sidecar(client, str(created["Id"]), plan)
