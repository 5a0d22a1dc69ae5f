"""See to it that a Docker Engine answers: `python -m scripts.engine`.

An engine that answers is used as it is. Where none does, one is installed and started, but only as root on
Debian or Ubuntu; everywhere else a message says what to do, and nothing is changed.

The program looks at the machine (`survey`), decides (`plan`, which is pure), takes that one step, and looks
again, until an engine answers. Looking again matters: installing the package may start the daemon, or not.
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
                start_service()
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
