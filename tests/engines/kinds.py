"""The kinds of engines that the suite is tried on, besides the one that the environment names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

RESTARTING = Path(__file__).parent / "restarting.sh"


class Cgroups(StrEnum):
    """The version of control groups that an engine finds: what it can limit depends on it."""

    V1 = "v1"
    V2 = "v2, without controllers"


@dataclass(frozen=True)
class Kind:
    """One kind of engine, from the packages of a Debian suite.

    `config` is its daemon.json, and `environment` what the daemon gets besides. A rootless one is run by a user
    without any privilege. One that `is_built` is as it was before a correction; see `building.sh`. One that `restarts`
    is started again whenever its daemon ends, as a service manager does; see `restarting.sh`. `disk_mib` is how large
    the disk is that it keeps everything on, 0 for that of the machine. `told` is what differs from the default of its
    version, in a few words. `differs` are the checks or images on which its verdicts may be others than those of the
    machine's own engine, each with the reason.
    """

    name: str
    suite: str
    cgroups: Cgroups = Cgroups.V1
    rootless: bool = False
    config: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    is_built: bool = False
    restarts: bool = False
    disk_mib: int = 0
    told: str = ""
    differs: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_podman(self) -> bool:
        """Whether it is Podman's service, which speaks the API of Docker Engine."""
        return self.name.startswith("podman")

    @property
    def files(self) -> dict[str, str]:
        """What it is started with, by name: files of its configuration, and programs."""
        if self.is_podman:
            runtime = "crun" if self.rootless else "modest"
            return {"containers.conf": CONTAINERS_CONF.format(runtime=runtime), "modest": MODEST_RUNTIME}
        restarting = {"restarting.sh": RESTARTING.read_text(encoding="utf-8")} if self.restarts else {}
        return {"daemon.json": json.dumps(dict(self.config)), **restarting}

    @property
    def daemon(self) -> tuple[str, ...]:
        """The command line that serves at /engine/socket, with its data in /data."""
        socket = "unix:///engine/socket"
        if self.is_podman:
            # A rootless one knows by itself where its files are: below the home of its user.
            where = () if self.rootless else ("--root=/data", "--runroot=/run/podman")
            return ("podman", *where, "system", "service", "--time=0", socket)
        own = "/run/user/1000" if self.rootless else "/run"
        of_root = "/engine/dockerd" if self.is_built else "dockerd"
        program = "/usr/share/docker.io/contrib/dockerd-rootless.sh" if self.rootless else of_root
        places = ("--data-root=/data/docker", f"--exec-root={own}/docker", f"--pidfile={own}/docker.pid")
        begun_by = ("/engine/restarting.sh",) if self.restarts else ()
        return (*begun_by, program, "--config-file=/engine/daemon.json", *places, f"--host={socket}")


PACKAGES = (
    *("docker.io", "containerd", "runc", "iptables", "iproute2", "ca-certificates", "procps"),
    *("rootlesskit", "slirp4netns", "passt", "uidmap", "fuse-overlayfs"),
    *("podman", "netavark", "aardvark-dns", "crun", "nftables", "catatonit", "python3"),
)
"""Debian's packages of all kinds, so that one file system does for all of a suite."""

CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=65536:65536"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "{runtime}"
[engine.runtimes]
modest = ["/engine/modest"]
"""

MODEST_RUNTIME = '''\
#!/usr/bin/python3
"""A runtime for a root that lacks CAP_SYS_RESOURCE, as in many containers: it raises no limit, as Podman asks for."""
import json, os, pathlib, shutil, sys

words = sys.argv[1:]
if "create" in words:
    bundle = words[words.index("--bundle") + 1] if "--bundle" in words else "."
    path = pathlib.Path(bundle, "config.json")
    config = json.loads(path.read_text())
    config["process"]["rlimits"] = []
    config["process"].pop("oomScoreAdj", None)
    path.write_text(json.dumps(config))
# The crun of Debian 12 fails where both versions of control groups are mounted.
runtime = "runc" if pathlib.Path("/etc/debian_version").read_text().startswith("12") else "crun"
os.execvp(runtime, [runtime, *words])
'''

NO_DEVICES = "no device node can be made in a user namespace"

REFUSED: Mapping[str, str] = {"(session)": "an engine on which no container has a limit of memory is refused"}
"""Of a user's Podman: only control groups of version 2 can be delegated to a user, and only with controllers."""

KINDS = {
    kind.name: kind
    for kind in (
        Kind("docker-28", "sid"),
        Kind(
            "docker-28-containerd",
            "sid",
            config={"features": {"containerd-snapshotter": True}},
            environment={"DOCKER_MIN_API_VERSION": "1.44"},
            told="containerd image store and the lowest API version of Docker 29",
        ),
        Kind(
            "docker-28-rootless",
            "sid",
            Cgroups.V2,
            rootless=True,
            config={"features": {"containerd-snapshotter": True}},
            environment={
                "DOCKERD_ROOTLESS_ROOTLESSKIT_NET": "slirp4netns",
                "DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER": "builtin",
            },
            told="rootless, containerd image store; limits nothing",
            differs={"flawed/device-among-outputs": NO_DEVICES},
        ),
        Kind("docker-26", "trixie"),
        Kind(
            "docker-26-dns",
            "trixie",
            is_built=True,
            told="hands on no query from an internal network, as 23.0.11, 25.0.5 and 26.0.0 to 26.1.2",
        ),
        Kind(
            "docker-20-userns",
            "bookworm",
            config={"userns-remap": "default"},
            told="user namespace of its own",
            differs={"flawed/device-among-outputs": NO_DEVICES},
        ),
        Kind("podman-58", "sid"),
        Kind("podman-58-rootless", "sid", Cgroups.V2, rootless=True, told="rootless; limits nothing", differs=REFUSED),
        Kind("podman-5", "trixie"),
        Kind(
            "podman-5-rootless",
            "trixie",
            rootless=True,
            told="rootless; limits no memory",
            differs={"flawed/device-among-outputs": NO_DEVICES},
        ),
        Kind("podman-4", "bookworm", differs={"(session)": "it does not tell that a container ran out of memory"}),
    )
}
