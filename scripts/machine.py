"""What this machine is, as far as an engine is concerned. Nothing in here changes anything."""

import os
import platform
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import DockerException

ENVIRONMENT = {
    **os.environ,
    # `su` without `-` leaves root with a user's PATH, where dpkg, dockerd and iptables are not found.
    "PATH": os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin",
    "DEBIAN_FRONTEND": "noninteractive",
}


@dataclass(frozen=True)
class Machine:
    """What a plan depends on."""

    version: str | None = None
    """Of the engine that answers."""
    silence: str = ""
    """Why no engine answers."""
    forbidden: bool = False
    """The socket is there but not for this user."""
    docker_host: str = ""
    system: str = "Linux"
    root: bool = False
    privileged: bool = False
    """May mount file systems, without which no engine starts: root in an ordinary container may not."""
    distributions: frozenset[str] = frozenset()
    """The distribution and those that it is like, as os-release names them."""
    installed: bool = False
    systemd: bool = False
    daemon: int | None = None
    """The process of a dockerd that already runs here."""


def survey() -> Machine:
    """Look at this machine; changes nothing."""
    version, silence = ask()
    if version is not None:
        return Machine(version=version)
    return Machine(
        silence=str(getattr(silence, "strerror", None) or silence),
        forbidden=isinstance(silence, PermissionError),
        docker_host=os.environ.get("DOCKER_HOST", ""),
        system=platform.system(),
        root=os.geteuid() == 0,
        privileged=may_mount(read(Path("/proc/self/status"))),
        distributions=distributions(read(Path("/etc/os-release"))),
        installed=shutil.which("dockerd", path=ENVIRONMENT["PATH"]) is not None,
        systemd=Path("/run/systemd/system").is_dir(),
        daemon=running_daemon(),
    )


def ask() -> tuple[str, None] | tuple[None, Exception]:
    """Ask the engine for its version; without one, return the reason of its silence."""
    try:
        client = docker.from_env(timeout=5)
        try:
            return str(client.version()["Version"]), None
        finally:
            client.close()
    except (DockerException, OSError, ValueError) as error:  # ValueError: a DOCKER_HOST without sense
        return None, root_cause(error)


def root_cause(error: Exception) -> Exception:
    """Find the system's own error below those that libraries have wrapped around it."""
    cause: BaseException | None = error
    found = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            found = cause
        cause = cause.__cause__ or cause.__context__
    return found


def read(path: Path) -> str:
    """Return a file's text, or nothing where there is no such file."""
    try:
        return path.read_text()
    except OSError:
        return ""


def distributions(os_release: str) -> frozenset[str]:
    """Return the names of a distribution and of those that it is like, from the text of os-release."""
    names: list[str] = []
    for line in os_release.splitlines():
        key, _, value = line.partition("=")
        if key.strip() in {"ID", "ID_LIKE"}:
            names += unquoted(value).split()
    return frozenset(name.lower() for name in names)


def unquoted(value: str) -> str:
    """Read a value of os-release, which is quoted as a shell would have it."""
    try:
        return " ".join(shlex.split(value))
    except ValueError:  # no closing quotation
        return value


def may_mount(status: str) -> bool:
    """Tell from the text of /proc/self/status whether this process has CAP_SYS_ADMIN."""
    cap_sys_admin = 21
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> cap_sys_admin & 1)
    return False


def running_daemon(processes: Path = Path("/proc")) -> int | None:
    """Find a dockerd that shares this process's files or network.

    One inside a container has both for itself and is no concern of ours. One that died and was not reaped
    by its parent still has a name, but no namespaces any more.
    """
    for directory in processes.glob("[0-9]*"):
        if read(directory / "comm").strip() != "dockerd":
            continue
        for kind in ("mnt", "net"):
            try:
                shared = (directory / "ns" / kind).readlink() == (processes / "self/ns" / kind).readlink()
            except OSError:
                break
            if shared:
                return int(directory.name)
    return None
