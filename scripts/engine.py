"""Make sure that a Docker Engine is running: `python -m scripts.engine`.

An engine that responds is used as it is. If none does, one is installed and started, but only as root on
Debian or Ubuntu; everywhere else a message says what to do, and nothing is changed.

The program inspects the machine (`survey`), decides (`plan`, which is pure), takes that one step, and inspects
it again, until an engine responds: installing the package may or may not start the daemon.
"""

import fcntl
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.machine import ENVIRONMENT, Machine, ask, read, running_daemon, survey

PACKAGES = ("docker.io", "iptables", "ca-certificates")
SOCKET = Path("/var/run/docker.sock")
PROCESS_FILE = Path("/var/run/docker.pid")
LOCK = Path("/run/conformance-engine.lock")
INSTALL_LOG = Path("/var/log/conformance-apt.log")
DAEMON_LOG = Path("/var/log/conformance-dockerd.log")

READY_SECONDS = 60
LOCK_SECONDS = 900
NO_ENGINE = 3  # the exit status


@dataclass(frozen=True)
class Use:
    """An engine responds."""

    version: str


@dataclass(frozen=True)
class Wait:
    """A daemon is running but does not respond yet."""

    daemon: int


@dataclass(frozen=True)
class Start:
    """The engine is installed but not running."""

    systemd: bool


@dataclass(frozen=True)
class Install:
    """There is no engine, and one may be installed on this machine."""


@dataclass(frozen=True)
class Refuse:
    """Nothing can be done here; the message tells the user what they can do."""

    message: str


class NoEngineError(Exception):
    """No engine responds; the message says what the user can do."""


def plan(machine: Machine) -> Use | Wait | Start | Install | Refuse:
    """Decide on the next step towards a running engine."""
    if machine.version is not None:
        return Use(machine.version)
    for reason in refusals(machine):
        return Refuse(reason)
    if machine.daemon is not None:
        return Wait(machine.daemon)
    return Start(machine.systemd) if machine.installed else Install()


def refusals(machine: Machine) -> Iterator[str]:
    """Yield the reasons why nothing can be done about an unresponsive engine, the most important first."""
    if machine.docker_host:
        yield (
            f"DOCKER_HOST is {machine.docker_host}, but no engine responds there ({machine.silence}): "
            "start that engine, or unset DOCKER_HOST"
        )
    if machine.system != "Linux":
        yield (
            f"no engine responds at {SOCKET}: start Docker Desktop and enable its default socket, "
            "or set DOCKER_HOST to the socket that it uses"
        )
    if machine.forbidden:
        yield (
            f"permission denied for the engine's socket {SOCKET}: join its group (as root: `usermod -aG docker "
            "<you>`, then log in again), or run as root"
        )
    if not machine.root:
        yield (
            f"no engine responds at {SOCKET}: start it (`sudo systemctl start docker`), set DOCKER_HOST to "
            "another one, or run `make setup` once as root on Debian or Ubuntu to install one"
        )
    if machine.daemon is not None:
        return  # it is waited for, which takes no more than patience
    if not machine.distributions & {"debian", "ubuntu"}:
        yield (
            f"no engine responds at {SOCKET}, and only on Debian and Ubuntu is one installed automatically: "
            "install and start Docker Engine, or set DOCKER_HOST to another one"
        )
    if not machine.privileged:
        yield (
            "no engine responds, and none can run here, since this is an unprivileged container: mount the "
            f"host's {SOCKET}, set DOCKER_HOST, or start the container with --privileged"
        )


def prepare() -> str:
    """Take one step at a time until an engine responds, and return its version."""
    for _ in range(6):  # install, wait for what that started, start, wait: with two to spare
        match plan(survey()):
            case Use(version):
                return version
            case Refuse(message):
                raise NoEngineError(message)
            case Wait(daemon):
                wait(daemon)
            case Start(systemd=True):
                start_service()
            case Start():
                start()
            case Install():
                install()
    raise NoEngineError(f"the engine was installed and started, but does not respond; see {DAEMON_LOG}")


def wait(daemon: int) -> None:
    """Wait for a daemon that was started by somebody else to respond, or to exit."""
    report(f"waiting for dockerd (process {daemon}), which does not respond yet")
    if not until_answered(lambda: running_daemon() == daemon) and running_daemon() == daemon:
        raise NoEngineError(
            f"dockerd (process {daemon}) is running, but nothing responded at {SOCKET} for {READY_SECONDS} s: "
            "set DOCKER_HOST to the socket that it listens on, or stop it"
        )


def start_service() -> None:
    """Have systemd start the daemon."""
    DAEMON_LOG.unlink(missing_ok=True)
    run(["systemctl", "start", "docker"], DAEMON_LOG)
    report("started the docker service")


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
        how = f"does not respond after {READY_SECONDS} s" if daemon.poll() is None else "exited"
        raise NoEngineError(f"dockerd {how}; full log: {DAEMON_LOG}\n{end_of(DAEMON_LOG)}")
    report(f"started dockerd (process {daemon.pid}, log {DAEMON_LOG})")


def until_answered(alive: Callable[[], bool]) -> bool:
    """Wait until an engine responds; give up when it has exited, or after READY_SECONDS."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and alive():
        if ask()[0] is not None:
            return True
        time.sleep(0.1)
    return False


def mount_cgroups() -> None:
    """Mount control groups if they are not: without them dockerd retries for a while and then exits."""
    mounted = {line.split()[2] for line in read(Path("/proc/mounts")).splitlines()}
    if not mounted & {"cgroup", "cgroup2"}:
        run(["mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"], DAEMON_LOG)
        report("mounted /sys/fs/cgroup")


def install() -> None:
    """Install the distribution's engine."""
    INSTALL_LOG.unlink(missing_ok=True)
    # The lists of a fresh machine are missing or old. A failed update does not matter if they suffice.
    run(["apt-get", "update"], INSTALL_LOG, may_fail=True)
    # A machine that has just booted may be busy with its own upgrades, hence the time-out.
    apt = ["apt-get", "install", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    run([*apt, *PACKAGES], INSTALL_LOG)
    # The command line is for people, who repeat a run with it; it is a package of its own since Debian 13.
    if shutil.which("docker", path=ENVIRONMENT["PATH"]) is None:
        run([*apt, "docker-cli"], INSTALL_LOG, may_fail=True)
    report(f"installed {', '.join(PACKAGES)}")


def run(command: list[str], log: Path, *, may_fail: bool = False) -> None:
    """Run a command, append its output to a log, and show the end of the log if the command fails."""
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
        line = f"`{shlex.join(command)}` failed with exit code {process.returncode}; full log: {log}"
        raise NoEngineError(f"{line}\n{end_of(log)}")


def end_of(log: Path) -> str:
    """Return the last lines of a log."""
    return "\n".join(read(log).splitlines()[-15:])


@contextmanager
def alone() -> Iterator[None]:
    """Keep two set-ups from installing and starting an engine at the same time."""
    deadline = time.monotonic() + LOCK_SECONDS
    with LOCK.open("w") as lock:  # the daemon does not inherit it: Python closes files on exec
        waiting = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise NoEngineError(f"another set-up has held the lock {LOCK} for {LOCK_SECONDS} s") from None
            if not waiting:
                report("waiting for another set-up on this machine")
                waiting = True
            time.sleep(0.2)
        yield


def report(line: str) -> None:
    """Print what was done, at once, since the next step may take a while."""
    print(f"engine: {line}", flush=True)


def main() -> int:
    """Return 0 if an engine responds; otherwise print the reason and return NO_ENGINE."""
    try:
        if isinstance(plan(survey()), Start | Install):
            with alone():
                version = prepare()
        else:
            version = prepare()
    except NoEngineError as error:
        print(f"engine: {error}", file=sys.stderr)
        return NO_ENGINE
    report(f"Docker Engine {version} is running")
    return 0


if __name__ == "__main__":
    sys.exit(main())
