"""Containers with the probe in them, and an image that has every shell and init that people put before a program."""

import io
import secrets
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import docker
from docker import APIClient
from docker.errors import APIError, ImageNotFound
from docker.utils import kwargs_from_env
from filelock import FileLock
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import Timeout

from conformance.outcome.record import KEY_BYTES
from conformance.outcome.trace import Trace
from conformance.probe import PROGRAM, RECORD
from conformance.probe.bundle import bundle, read_record, trace
from images.builder import bases
from images.builder.debian import Apt
from images.builder.layers import Config, File, link, pack, write_archive

TAG = "conformance/test-shells:latest"

SECONDS = 30
"""No container of these tests runs longer; most take a fraction of a second."""


def shells() -> str:
    """The image with Python, dash, bash, ash, tini, dumb-init and a setuid program; made when it is missing."""
    bases.CACHE.mkdir(parents=True, exist_ok=True)
    client = docker.from_env()
    try:
        with FileLock(bases.CACHE / "test-shells.lock"):
            try:
                client.images.get(TAG)
            except ImageNotFound:
                _make_shells(client)
    finally:
        client.close()
    return TAG


def _make_shells(client: docker.DockerClient) -> None:
    apt = Apt("amd64", bases.CACHE)
    python = apt.default_python()
    packages = (*bases.PYTHON.packages, "busybox-static", "dumb-init", "tini")
    found = apt.files(apt.closure((*packages, f"python{python}-minimal", f"libpython{python}-stdlib")))
    files = {
        "usr/bin/sh": link("dash"),
        **{f"usr/bin/{name}": link(f"python{python}") for name in ("python", "python3")},
        "usr/bin/ash": link("busybox"),
        "usr/bin/as-root": File(mode=0o4755, data=found["usr/bin/true"].data),
        "etc/passwd": File(data=b"root:x:0:0:root:/root:/bin/sh\nsomebody:x:1000:1000::/tmp:/bin/sh\n"),
        **{name: link(f"usr/{name}") for name in ("bin", "lib", "lib64", "sbin")},
        "tmp": File(tarfile.DIRTYPE, 0o1777),
    }
    config = Config("amd64", ("sh",), ("PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"))
    with tempfile.TemporaryFile() as archive:
        write_archive(archive, TAG, config, [pack({**found, **files})])
        archive.seek(0)
        client.images.load(archive)


@dataclass(frozen=True)
class Ran:
    """A container that has ended: its exit status, its output, the record, and the files that were asked for.

    `killed` says that it still ran when its grace was over, and was ended by SIGKILL; `ready_seconds` is how long it
    took to say something, where a signal waited for that.
    """

    status: int
    output: str
    record: bytes
    key: bytes
    seconds: float
    killed: bool
    ready_seconds: float
    files: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def trace(self) -> Trace:
        """The record, read as a trace."""
        return Trace.parse(self.record, self.key)


@contextmanager
def engine() -> Iterator[APIClient]:
    """A connection to the engine."""
    client = docker.APIClient(version="auto", timeout=SECONDS, **kwargs_from_env())
    try:
        yield client
    finally:
        client.close()


def run(
    *argv: str,
    plan: str | None = None,
    traced: bool = True,
    user: str = "",
    directory: str = "",
    environment: Sequence[str] = (),
    files: Mapping[str, File] | None = None,
    read: Sequence[str] = (),
    send: str = "",
    grace_seconds: float = 0.5,
    patience: float = 0.0,
    security: Sequence[str] = (),
    image: str = "",
    network: str = "none",
) -> Ran:
    """Run a command, watched unless a plan says otherwise; send it a signal once it has said something on stdout.

    The grace is at least so many times as long as it took to say that: `patience`, on a machine that is slow just now.
    """
    key = secrets.token_bytes(KEY_BYTES) if traced else b""
    with engine() as client:
        container = client.create_container(
            image or shells(),
            entrypoint=[PROGRAM, *argv] if traced else list(argv),
            user=user,
            working_dir=directory or None,
            environment=list(environment),
            host_config=client.create_host_config(network_mode=network, security_opt=list(security)),
        )["Id"]
        try:
            client.put_archive(container, "/", bundle(trace() if plan is None else plan, key=key))
            if files:
                client.put_archive(container, "/", pack(files))
            begun = time.monotonic()
            client.start(container)
            killed, ready_seconds = False, 0.0
            if send:
                _wait_for_output(client, container)
                ready_seconds = time.monotonic() - begun
                client.kill(container, send)
                killed = _kill_unless_ended(client, container, max(grace_seconds, patience * ready_seconds))
            status = int(client.wait(container, timeout=SECONDS)["StatusCode"])
            seconds = time.monotonic() - begun
            return Ran(
                status,
                client.logs(container).decode(),
                read_record(client.get_archive(container, RECORD)[0]),
                key,
                seconds,
                killed,
                ready_seconds,
                {path: read_record(client.get_archive(container, path)[0]) for path in read},
            )
        finally:
            client.remove_container(container, force=True)


def _wait_for_output(client: APIClient, container: str) -> None:
    until = time.monotonic() + SECONDS
    while not client.logs(container, stderr=False):
        assert time.monotonic() < until, client.logs(container)
        time.sleep(0.1)


def _kill_unless_ended(client: APIClient, container: str, grace_seconds: float) -> bool:
    try:
        # requests takes a part of a second, but not 0; what times out while it is read comes as the second of the two.
        client.wait(container, timeout=grace_seconds or 0.01)  # type: ignore[arg-type]
    except (Timeout, RequestsConnectionError):
        with suppress(APIError):  # it may end by itself between these two calls
            client.kill(container, "SIGKILL")
            return True
    return False


def names_in(archive: bytes) -> dict[str, tarfile.TarInfo]:
    """The members of an archive by name."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        return {member.name: member for member in members}


CHECKOUT = Path(__file__).resolve().parent.parent.parent
