"""The Docker Engine: reached once, asked from many threads, and its refusals put into words."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import docker
import requests
from docker.errors import APIError
from docker.utils import decode_json_header
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import JSONDecodeError, Timeout

from conformance.errors import EngineError, JobError
from conformance.files import archive
from conformance.outcome.gpu import Means
from conformance.service import address, connection, dialect
from conformance.service.address import Address
from conformance.service.dialect import DOCKER, Dialect
from conformance.service.trouble import cause

PROBE_RUNS_ON = frozenset({"x86_64", "amd64"})
"""What engines call the architecture that the probe is built for."""

LISTS_VARIANTS = (1, 49)
"""The first version of the API that does; Podman speaks an earlier one."""

CALL_TIMEOUT_SECONDS = 60
"""The longest silence of the engine within one call."""

MEMORY = "memory"

STILL_THERE = (APIError, Timeout, RequestsConnectionError)
"""What a removal may end with though it goes on: an engine may take minutes, and then refuses to begin it twice."""

OF_CERTIFICATES = ("[SSL", "[X509", "CERTIFICATE")
"""How Python's ssl module names what is wrong with a certificate or a key."""

NO_ENGINE = "what answers there is no Docker Engine"

FETCH_ATTEMPTS = 40
FETCH_PAUSE_SECONDS = 0.25
"""How often an archive is asked for that is empty."""


@dataclass(frozen=True)
class Engine:
    """A Docker Engine that answered; `client` is the calling thread's own connection, made with `arguments`.

    `unbounded` is what it sets no limit to, whatever it is asked for; `maps_users` says why root of a container is not
    root of its machine, where it is not. `runtimes` are the names of those that it runs containers with, and `root` is
    where it keeps them. `kernel` and `system` are those of that machine.

    `surroundings` is what the environment says of proxies and certificates, as attributes of a connection. It is read
    once: requests would read all variables at each call, and fail where pytest changes one in another thread just then.
    """

    version: str
    api_version: str
    memory_bytes: int
    architecture: str
    dialect: Dialect = DOCKER
    offers: tuple[Means, ...] = ()
    unbounded: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()
    root: str = ""
    maps_users: str = ""
    kernel: str = ""
    system: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    surroundings: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _local: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    def memory_limit(self, share: float) -> int:
        """How many bytes this share of its memory is; 0, which is no limit, where it enforces none."""
        return 0 if MEMORY in self.unbounded else int(self.memory_bytes * share)

    def __str__(self) -> str:
        """As reports name it."""
        return f"{self.dialect.name} {self.version}"

    @property
    def machine(self) -> dict[str, str]:
        """What reports say of its machine."""
        return {"kernel": self.kernel, "system": self.system, "architecture": self.architecture}

    @property
    def is_foreign(self) -> bool:
        """Whether its machine is of another architecture than the probe, which is that of AWS's instances."""
        return self.architecture not in PROBE_RUNS_ON

    @property
    def lists_variants(self) -> bool:
        """Whether it tells the platforms of an image, and inspects the one that is asked for (Docker 28.1)."""
        return tuple(map(int, self.api_version.split("."))) >= LISTS_VARIANTS

    @property
    def is_local(self) -> bool:
        """Whether it is reached by a socket of this machine."""
        return self.url.startswith("unix:")

    @property
    def url(self) -> str:
        """Where it is reached."""
        return str(self.arguments.get("base_url") or address.DEFAULT_URL)

    @property
    def client(self) -> docker.APIClient:
        """The connection of this thread: the HTTP session below it is not made for sharing."""
        existing: docker.APIClient | None = getattr(self._local, "client", None)
        if existing is None:
            existing = docker.APIClient(version=self.api_version, timeout=CALL_TIMEOUT_SECONDS, **self.arguments)
            connection.place_in(existing, self.surroundings)
            self._local.client = existing
        return existing


def connect() -> Engine:
    """Connect to the engine that the environment names, as the `docker` command does; see `address.py`.

    Raises:
        EngineError: it does not respond, denies access, or is of a version that cannot be relied on; the hint says what
            to check.
    """
    place = address.find()
    try:
        client, surroundings = connection.connect(place, timeout_seconds=CALL_TIMEOUT_SECONDS)
        facts = client.info()
        found_dialect = dialect.of(client.version(), facts)
        client.close()
    except EngineError:
        raise
    except Exception as error:
        # Paramiko, which may not be there, has exceptions of its own.
        raise EngineError(
            f"cannot connect to the Docker Engine at {place.url}: {_why_not(error)}", hint=_hint(error, place)
        ) from error
    return Engine(
        version=facts.get("ServerVersion", "unknown"),
        api_version=client.api_version,
        memory_bytes=int(facts.get("MemTotal", 0)),
        architecture=facts.get("Architecture", ""),
        dialect=found_dialect,
        offers=found_dialect.offers(facts),
        unbounded=unbounded(facts),
        runtimes=tuple(sorted(facts.get("Runtimes") or ())),
        root=str(facts.get("DockerRootDir") or ""),
        maps_users=maps_users(facts),
        kernel=str(facts.get("KernelVersion") or ""),
        system=str(facts.get("OperatingSystem") or ""),
        arguments=place.arguments,
        surroundings=surroundings,
    )


def unbounded(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What it sets no limit to, according to `docker info`: it creates a container all the same, and says nothing.

    An engine that is rootless without a delegated cgroup has none, and one on cgroup v2 has only those controllers that
    its machine has enabled there. A user's Podman on cgroup v1 says that it limits memory, and does not. An engine that
    tells nothing of a limit is taken to know it.
    """
    lacks_all = facts.get("CgroupDriver") == "none"
    lacks_memory = facts.get("CgroupVersion") == "1" and "name=rootless" in (facts.get("SecurityOptions") or ())
    limits = {MEMORY: ("MemoryLimit", lacks_memory), "processes": ("PidsLimit", False)}
    return tuple(what for what, (told, lacks) in limits.items() if lacks_all or lacks or facts.get(told) is False)


def maps_users(facts: Mapping[str, Any]) -> str:
    """How it maps users of a container to others of its machine, as the end of a sentence; empty where it does not."""
    ways = {"name=userns": "uses userns-remap", "name=rootless": "is rootless"}
    told = [option.partition(",")[0] for option in facts.get("SecurityOptions") or ()]
    return next((way for option, way in ways.items() if option in told), "")


def has_ended(client: docker.APIClient, container: str, *, within_seconds: float) -> bool:
    """Wait until a container has exited; False if it has not within the limit."""
    try:
        # requests accepts fractions of a second, too.
        client.wait(container, timeout=within_seconds)  # type: ignore[arg-type]
    except Timeout:
        return False
    except RequestsConnectionError as error:
        # A read timeout while waiting for the response body is raised as this one.
        if "timed out" not in str(error).lower():
            raise
        return False
    return True


def stat(client: docker.APIClient, container: str, path: str) -> dict[str, Any]:
    """What lies at a path of a container, running or not: name, size in bytes, and mode as Go counts it; no contents.

    docker-py has no method for this (Engine API, ContainerArchiveInfo).
    """
    url = f"{client.base_url}/v{client.api_version}/containers/{container}/archive"
    answer = client.head(url, params={"path": path}, timeout=client.timeout)
    answer.raise_for_status()
    found: dict[str, Any] = decode_json_header(answer.headers["X-Docker-Container-Path-Stat"])
    return found


def fetch(client: docker.APIClient, container: str, path: str) -> tuple[Iterator[bytes], dict[str, Any]]:
    """The archive of what lies at a path of a container as a stream, and what lies there, as `stat` has it.

    No archive is empty; yet Podman answers with nothing where the container has only just ended.

    Raises:
        JobError: it is still empty after some time.
    """
    for _ in range(FETCH_ATTEMPTS):
        with responses(client) as answers:
            chunks, found = client.get_archive(container, path, chunk_size=archive.BLOCK)
        first = next(iter(chunks), b"")
        if first:
            return _closing(itertools.chain([first], chunks), answers), found
        time.sleep(FETCH_PAUSE_SECONDS)
    raise JobError(f"the engine returned an empty archive of {path}")


def export(client: docker.APIClient, container: str) -> Iterator[bytes]:
    """The archive of a container's whole file system as a stream, without what is in its volumes."""
    with responses(client) as answers:
        chunks = client.export(container, chunk_size=archive.BLOCK)
    return _closing(chunks, answers)


def _closing(chunks: Iterable[bytes], answers: Sequence[requests.Response]) -> Iterator[bytes]:
    """The chunks of an answer that breaks off where it is not read to its end.

    Until then the engine holds the container, and whoever is to remove it would wait.
    """
    try:
        yield from chunks
    finally:
        for answer in answers:
            answer.close()


@contextlib.contextmanager
def responses(client: docker.APIClient) -> Iterator[list[requests.Response]]:
    """The responses to what this client asks in the block: docker-py shows them to a hook alone.

    It closes the connection of an attached stream only in part; the response does so whole.
    """
    found: list[requests.Response] = []

    def take(response: requests.Response, **_: object) -> None:
        found.append(response)

    client.hooks["response"].append(take)
    try:
        yield found
    finally:
        client.hooks["response"].remove(take)


def _why_not(error: Exception) -> str:
    if _lacks_paramiko(error):
        return "paramiko is not installed"
    # What cannot be understood; a port that is no number is a ValueError of another kind.
    return NO_ENGINE if isinstance(error, JSONDecodeError | KeyError | TypeError | AttributeError) else cause(error)


def _hint(error: Exception, place: Address) -> str:
    text = str(error)
    if _lacks_paramiko(error):
        return "install it with `pip install 'sagemaker-processing-conformance[ssh]'`"
    if "Permission denied" in text or "PermissionError" in text:
        return "the user has no access to the Docker socket; add them to the group docker, or use sudo"
    if not place.source:
        return "start the Docker Engine; `docker version` shows whether it is running"
    remedy = f"start that engine, or {place.remedy}"
    if place.url.startswith("ssh://"):
        remedy = f"`docker -H {place.url} version` shows whether ssh reaches it"
    elif any(word in text for word in OF_CERTIFICATES):
        remedy = f"check the {place.certificates}"
    elif "Bad Request" in text:
        remedy = f"if that engine requires TLS, name the {place.certificates}"
    return f"the address is from {place.source}; {remedy}"


def _lacks_paramiko(error: Exception) -> bool:
    """Whether docker-py says so of an address with ssh://."""
    return "Install paramiko" in str(error)
