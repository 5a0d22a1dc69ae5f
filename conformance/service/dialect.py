"""Where the engines that answer Docker's API differ: it is asked once, and everything else goes by what stands here.

What both do in the same way is done in that way, whichever engine it is; see `containers.py`. Docker Engine is measured
with 20.10 to 28, Podman with 5.4 and 5.8.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Any

import docker
from docker.errors import create_api_error_from_http_exception
from docker.types import IPAMConfig, IPAMPool, LogConfig
from requests.exceptions import HTTPError

from conformance.errors import EngineError
from conformance.outcome.gpu import Means

LIBPOD = "/v4.0.0/libpod"
"""Podman's own API, on the same socket; every later version answers to this one too."""

OLDEST_PODMAN = (5, 4)
"""The oldest version that was tried and gives the verdicts of Docker Engine."""

UNBOUNDED = "1048576g"

KEPT_QUERIES = ((23,), (27,))
"""From which version on Docker Engine may hand no query on from an internal network, and from which on it surely does.

It did not from 23.0.11, 25.0.5 and 26.0.0 on, until 26.1.3 (moby/moby, issue 47822); who else maintains a version may
have taken either change into it.
"""

TAKEN = ("overlap", "already used")
"""What an engine says of a subnet that is in use, or is just being put to use: Docker the first, Podman the second."""


@dataclass(frozen=True)
class Dialect:
    """An engine's name, and in which ways it differs from others.

    `archives_enter_volumes` is whether an archive of a directory has what is in the volumes below it, and one that is
    unpacked there goes into them. `shows_links_in_volumes` is whether it tells that a path in a volume is a symbolic
    link. `resolves_on_both` is whether a container finds the names of the hosts' network and of another one that it is
    on. `may_keep_queries` is whether it may be one of those that hand no query on from an internal network, which is to
    be tried. `copies_into_mounts` is whether it fills a new volume from the image although `volume-nocopy` says not to;
    it heeds `nocopy` of one that is bound by name. `touches` are the paths that it changes by itself in every
    container.
    """

    name: str = "Docker Engine"
    log_driver: str = "local"
    archives_enter_volumes: bool = True
    shows_links_in_volumes: bool = True
    resolves_on_both: bool = True
    touches: frozenset[str] = frozenset()
    has_libpod: bool = False
    may_keep_queries: bool = False
    copies_into_mounts: bool = False

    def log_config(self, file_bytes: int) -> LogConfig:
        """How the log of a host's container is kept: in two files of this size, or in one that has no end.

        `json-file` cannot hold bytes that are not UTF-8, so it is no choice. Podman's `k8s-file` drops the whole log at
        its limit and does not say so, so that it gets none, not even the one that the engine may be configured with.
        """
        if self.log_driver == "local":
            return LogConfig(type="local", config={"max-size": str(file_bytes), "max-file": "2", "compress": "false"})
        return LogConfig(type=self.log_driver, config={"max-size": UNBOUNDED})

    def published(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of an image's names with a digest by which its registry may have it for other platforms, too.

        Podman gives every image a digest, even what was just built. One that is a variant has two for each of its
        names, its own and that of all variants.
        """
        if not self.has_libpod:
            return tuple(names)
        found = Counter(name.partition("@")[0] for name in names)
        return tuple(name for name in names if found[name.partition("@")[0]] > 1)

    def create_network(
        self,
        client: docker.APIClient,
        name: str,
        subnet: IPv4Network,
        labels: Mapping[str, str],
        *,
        internal: bool = True,
    ) -> None:
        """Make a network without a way out, without an address of its own, and without name servers in between.

        There is no way out of one that is not `internal` either: its gateway has the address that nobody has.

        Raises:
            APIError: the engine refuses; see `TAKEN`.
        """
        if not self.has_libpod:
            client.create_network(
                name,
                driver="bridge",
                internal=internal,
                options={
                    "com.docker.network.bridge.inhibit_ipv4": "true",
                    # Should something on the machine have the address all the same, no answer finds its way back.
                    **({} if internal else {"com.docker.network.bridge.enable_ip_masquerade": "false"}),
                },
                ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=str(subnet))]),
                labels=dict(labels),
            )
            return
        # By Docker's API a network of Podman's always has a gateway and a name server, which hands nothing on.
        answer = client.post(
            f"{client.base_url}{LIBPOD}/networks/create",
            json={
                "name": name,
                "driver": "bridge",
                "internal": True,
                "dns_enabled": False,
                "subnets": [{"subnet": str(subnet)}],
                "labels": dict(labels),
            },
            timeout=client.timeout,
        )
        try:
            answer.raise_for_status()
        except HTTPError as error:
            create_api_error_from_http_exception(error)

    def offers(self, facts: Mapping[str, Any]) -> tuple[Means, ...]:
        """The ways in which it may provide GPUs, according to `docker info`; whether it does is to be tried.

        NVIDIA's hook on the daemon's PATH is not listed there, so a device request is always worth trying. CDI is
        listed since Docker 25, and by Podman not at all.
        """
        runtime = (Means.RUNTIME,) if "nvidia" in (facts.get("Runtimes") or {}) else ()
        listed = self.has_libpod or facts.get("CDISpecDirs") or facts.get("DiscoveredDevices")
        return (Means.REQUEST, *runtime, *([Means.CDI] if listed else []))


DOCKER = Dialect()

MAY_KEEP_QUERIES = replace(DOCKER, may_keep_queries=True)

PODMAN = Dialect(
    name="Podman",
    log_driver="k8s-file",
    archives_enter_volumes=False,
    shows_links_in_volumes=False,
    resolves_on_both=False,
    # Where it puts its mount points and /etc/mtab.
    touches=frozenset({"/etc"}),
    has_libpod=True,
    copies_into_mounts=True,
)


def of(version: Mapping[str, Any], facts: Mapping[str, Any]) -> Dialect:
    """The dialect of an engine, by what it says of its version, and by `docker info`.

    Raises:
        EngineError: it is a version by which an image would be blamed for what it did not do, or it starts no container
            with a limit of its memory.
    """
    components = {component.get("Name") for component in version.get("Components") or ()}
    said = str(version.get("Version", ""))
    number = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    if "Podman Engine" not in components:
        return MAY_KEEP_QUERIES if KEPT_QUERIES[0] <= number < KEPT_QUERIES[1] else DOCKER
    if number < OLDEST_PODMAN:
        oldest = ".".join(map(str, OLDEST_PODMAN))
        raise EngineError(
            f"expected Podman {oldest} or later, got {said}: Podman 4 does not report that a container ran out of "
            "memory, which would look like a failure of the image",
            hint="upgrade Podman, or set DOCKER_HOST to a Docker Engine",
        )
    if facts.get("MemoryLimit") is False:
        raise EngineError(
            f"this Podman ({said}) cannot limit the memory of containers",
            hint="delegate the cgroup controllers memory and pids to its user, or run it as root",
        )
    return PODMAN
