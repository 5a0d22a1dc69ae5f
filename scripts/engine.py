"""See to it that a Docker Engine answers: `python scripts/engine.py`.

An engine that answers is used as it is. Where none does, one is installed and started, but only as root on
Debian or Ubuntu; everywhere else a message says what to do, and nothing is changed.

The program looks at the machine (`survey`), decides (`plan`, which is pure), takes that one step, and looks
again, until an engine answers. Looking again matters: installing the package may start the daemon, or not.
"""

import fcntl
import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import DockerException

PACKAGES = ("docker.io", "iptables", "ca-certificates")
SOCKET = Path("/var/run/docker.sock")
PROCESS_FILE = Path("/var/run/docker.pid")
LOCK = Path("/run/conformance-engine.lock")
INSTALL_LOG = Path("/var/log/conformance-apt.log")
DAEMON_LOG = Path("/var/log/conformance-dockerd.log")

READY_SECONDS = 60
LOCK_SECONDS = 900
NO_ENGINE = 3  # the exit status

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


@dataclass(frozen=True)
class Use:
    """An engine answers."""

    version: str


@dataclass(frozen=True)
class Wait:
    """A daemon runs but does not answer yet."""

    daemon: int


@dataclass(frozen=True)
class Start:
    """The engine is installed and does not run."""

    systemd: bool


@dataclass(frozen=True)
class Install:
    """There is no engine, and this machine is one on which it may be installed."""


@dataclass(frozen=True)
class Refuse:
    """Nothing can be done here; the message tells the user what they can do."""

    message: str


class NoEngineError(Exception):
    """No engine answers, with what the user needs to know about it."""


def plan(machine: Machine) -> Use | Wait | Start | Install | Refuse:
    """Decide on the next step towards an engine that answers."""
    if machine.version is not None:
        return Use(machine.version)
    for reason in refusals(machine):
        return Refuse(reason)
    if machine.daemon is not None:
        return Wait(machine.daemon)
    return Start(machine.systemd) if machine.installed else Install()


def refusals(machine: Machine) -> Iterator[str]:
    """Say why nothing may be done about an engine that is silent; what matters most comes first."""
    if machine.docker_host:
        yield (
            f"DOCKER_HOST is {machine.docker_host}, but no engine answers there ({machine.silence}): "
            "start that engine, or unset DOCKER_HOST"
        )
    if machine.system != "Linux":
        yield (
            f"no engine answers at {SOCKET}: start Docker Desktop and let it offer the default socket, "
            "or set DOCKER_HOST to the socket that it has"
        )
    if machine.forbidden:
        yield (
            f"the engine's socket {SOCKET} is not open to you: join its group (as root: `usermod -aG docker "
            "<you>`, then log in again), or run as root"
        )
    if not machine.root:
        yield (
            f"no engine answers at {SOCKET}: start it (`sudo systemctl start docker`), set DOCKER_HOST to "
            "another one, or run `make setup` once as root on Debian or Ubuntu to have one installed"
        )
    if machine.daemon is not None:
        return  # it is waited for, which takes no more than patience
    if not machine.distributions & {"debian", "ubuntu"}:
        yield (
            f"no engine answers at {SOCKET}, and one is installed for you on Debian and Ubuntu only: "
            "install and start Docker Engine, or set DOCKER_HOST to another one"
        )
    if not machine.privileged:
        yield (
            "no engine answers, and none can run here, as in a container without privileges: give the "
            f"container the host's {SOCKET}, set DOCKER_HOST, or start the container with --privileged"
        )


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


def prepare() -> str:
    """Take one step after the other until an engine answers, and return its version."""
    for _ in range(6):  # install, wait for what that started, start, wait: with two to spare
        match plan(survey()):
            case Use(version):
                return version
            case Refuse(message):
                raise NoEngineError(message)
            case Wait(daemon):
                wait(daemon)
            case Start(systemd=True):
                run(["systemctl", "start", "docker"], DAEMON_LOG)
                report("started the docker service")
            case Start():
                start()
            case Install():
                install()
    raise NoEngineError("the engine was installed and started, yet does not answer; look at its log")


def wait(daemon: int) -> None:
    """Give a daemon that somebody else started its time to answer, or to end."""
    report(f"waiting for dockerd (process {daemon}), which does not answer yet")
    if not until_answered(lambda: running_daemon() == daemon) and running_daemon() == daemon:
        raise NoEngineError(
            f"dockerd (process {daemon}) runs, but nothing answered at {SOCKET} for {READY_SECONDS} s: "
            "set DOCKER_HOST to the socket that it serves, or stop it"
        )


def start() -> None:
    """Start the daemon where no service manager does, so that it outlives this process."""
    mount_cgroups()
    # A daemon that was killed leaves its number behind, which may be another process's by now; dockerd
    # would take that for a living daemon. None runs here: otherwise the plan had been to wait.
    PROCESS_FILE.unlink(missing_ok=True)
    with DAEMON_LOG.open("wb") as log:
        daemon = subprocess.Popen(
            ["dockerd"],
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    if not until_answered(lambda: daemon.poll() is None):
        how = f"does not answer after {READY_SECONDS} s" if daemon.poll() is None else "ended"
        raise NoEngineError(f"dockerd {how}; the whole log is {DAEMON_LOG}\n{end_of(DAEMON_LOG)}")
    report(f"started dockerd (process {daemon.pid}, log {DAEMON_LOG})")


def until_answered(alive: Callable[[], bool]) -> bool:
    """Wait until an engine answers; give up when it is no longer alive, or after READY_SECONDS."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and alive():
        if ask()[0] is not None:
            return True
        time.sleep(0.1)
    return False


def mount_cgroups() -> None:
    """Mount control groups where nothing has: without them dockerd tries for long and then ends."""
    mounted = {line.split()[2] for line in read(Path("/proc/mounts")).splitlines()}
    if not mounted & {"cgroup", "cgroup2"}:
        run(["mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"], DAEMON_LOG)
        report("mounted /sys/fs/cgroup")


def install() -> None:
    """Install the distribution's engine."""
    INSTALL_LOG.unlink(missing_ok=True)
    # The lists of a fresh machine are missing or old. A failed update is no verdict: they may do yet.
    run(["apt-get", "update"], INSTALL_LOG, may_fail=True)
    # A machine that has just booted may be busy with its own upgrades, hence the time-out.
    apt = ["apt-get", "install", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    run([*apt, *PACKAGES], INSTALL_LOG)
    # The command line is for people, who repeat a run with it; it is a package of its own since Debian 13.
    if shutil.which("docker", path=ENVIRONMENT["PATH"]) is None:
        run([*apt, "docker-cli"], INSTALL_LOG, may_fail=True)
    report(f"installed {', '.join(PACKAGES)}")


def run(command: list[str], log: Path, *, may_fail: bool = False) -> None:
    """Run a command, add what it says to a log, and show the log's end if the command fails."""
    with log.open("ab") as output:
        process = subprocess.run(
            command,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if process.returncode != 0 and not may_fail:
        line = f"`{shlex.join(command)}` failed with exit code {process.returncode}; the whole log is {log}"
        raise NoEngineError(f"{line}\n{end_of(log)}")


def end_of(log: Path) -> str:
    """Return the last lines of a log."""
    return "\n".join(read(log).splitlines()[-15:])


@contextmanager
def alone() -> Iterator[None]:
    """Keep two set-ups from installing and starting at the same time."""
    deadline = time.monotonic() + LOCK_SECONDS
    with LOCK.open("w") as lock:  # the daemon does not inherit it: Python closes files on exec
        waiting = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise NoEngineError(f"another set-up has held {LOCK} for {LOCK_SECONDS} s") from None
            if not waiting:
                report("waiting for another set-up on this machine")
                waiting = True
            time.sleep(0.2)
        yield


def report(line: str) -> None:
    """Say what is done; at once, for the next step may take a while."""
    print(f"engine: {line}", flush=True)


def main() -> int:
    """Return 0 when an engine answers, otherwise say why not and return NO_ENGINE."""
    try:
        if isinstance(plan(survey()), Start | Install):
            with alone():
                version = prepare()
        else:
            version = prepare()
    except NoEngineError as error:
        print(f"engine: {error}", file=sys.stderr)
        return NO_ENGINE
    report(f"Docker Engine {version} answers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
