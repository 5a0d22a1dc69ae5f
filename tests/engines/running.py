"""One engine beside the machine's own: brought up in namespaces of its own, and taken down with all that it made."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import docker
from filelock import FileLock, Timeout

from tests.engines import debian
from tests.engines.kinds import Cgroups, Kind

START_SECONDS = 60
END_SECONDS = 20

SCRIPT = Path(__file__).parent / "namespaces.sh"

PREFIX = "conformance-engine-"

LOCK = "lock"
"""What whoever brought an engine up holds as long as it lives, in the engine's folder."""

HIERARCHIES = Path("/sys/fs/cgroup")


class NotUpError(Exception):
    """An engine did not come up although nothing is known to be missing here; the text is one line that says how."""


@dataclass(frozen=True)
class Running:
    """An engine that answers; `address` is for DOCKER_HOST, and `init` the first process of its namespaces."""

    kind: Kind
    address: str
    version: str
    folder: Path
    init: int

    @property
    def root(self) -> Path:
        """Its file system, as seen from here."""
        return Path(f"/proc/{self.init}/root")

    def end_daemon(self, number: signal.Signals, *, down_seconds: float = 0.0) -> None:
        """End the daemon of one that restarts by a signal, and have it started again after some time."""
        (self.folder / "engine" / "pause").write_text(f"{down_seconds:g}", encoding="ascii")
        for child in children(self.init):
            if Path(f"/proc/{child}/comm").read_text(encoding="utf-8").strip() == "dockerd":
                os.kill(child, number)

    def client(self) -> docker.APIClient:
        """A connection to it, which its user closes."""
        return docker.APIClient(self.address, version="auto", timeout=120)


@contextmanager
def running(kind: Kind) -> Iterator[Running]:
    """Bring one up, and take it down with its images, containers, files and control groups.

    Raises:
        UnavailableError: this machine cannot run any.
        NotUpError: this one does not come up.
    """
    root = debian.root(kind.suite)
    program = debian.built_dockerd(kind.suite) if kind.is_built else None
    _remove_left_behind()
    # A socket's path is short.
    here = Path(tempfile.mkdtemp(prefix=PREFIX))
    with FileLock(here / LOCK):
        yield from _in_folder(kind, root, program, here)


def _in_folder(kind: Kind, root: Path, program: Path | None, here: Path) -> Iterator[Running]:
    for name in ("upper", "work", "root", "engine", "data"):
        (here / name).mkdir()
    # What a user without privilege runs reaches its own folders.
    here.chmod(0o755)
    for name, content in kind.files.items():
        (here / "engine" / name).write_text(content, encoding="utf-8")
        (here / "engine" / name).chmod(0o755)
    if program is not None:
        shutil.copy2(program, here / "engine" / "dockerd")
    groups = _control_groups(here.name)
    try:
        process = _begin(kind, root, here, groups)
        try:
            version = _wait_until_it_answers(kind, process, here)
            yield Running(kind, f"unix://{here}/engine/socket", version, here, next(iter(children(process.pid))))
        finally:
            _end(process)
    finally:
        _remove(groups)
        shutil.rmtree(here)


def _remove_left_behind() -> None:
    """Remove what is there of engines whose starter was killed: they ended with it, and nobody holds their lock."""
    for here in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(Timeout, FileNotFoundError):
            # One that is just being made may not have its lock yet.
            if time.time() - here.stat().st_mtime > START_SECONDS:
                _remove_unless_held(here)


def _remove_unless_held(here: Path) -> None:
    with FileLock(here / LOCK, blocking=False):
        _remove([group for hierarchy in HIERARCHIES.iterdir() if (group := hierarchy / here.name).exists()])
        shutil.rmtree(here)


def leave_on_signals() -> None:
    """Have SIGTERM and SIGHUP end this process as Ctrl-C does: what it brought up is taken down."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)


def _leave(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _begin(kind: Kind, root: Path, here: Path, groups: list[Path]) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        **kind.environment,
        "NAME": kind.name,
        "DEBIAN": str(root),
        "HERE": str(here),
        "DISK": str(kind.disk_mib),
        "CGROUPS": "v1" if kind.cgroups is Cgroups.V1 else "v2",
        "ROOTLESS": "yes" if kind.rootless else "",
        "GROUPS": " ".join(map(str, groups)),
    }
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "TMPDIR"):
        environment.pop(name, None)
    with (here / "log").open("wb") as log:
        return subprocess.Popen(
            [str(SCRIPT), "begin", *kind.daemon],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C is for whoever brought it up, and takes it down in order.
            start_new_session=True,
        )


def _wait_until_it_answers(kind: Kind, process: subprocess.Popen[bytes], here: Path) -> str:
    """The version that it says it has."""
    until = time.monotonic() + START_SECONDS
    place = str(here / "engine" / "socket")
    while process.poll() is None and time.monotonic() < until:
        if answers(place):
            with closing(docker.APIClient(f"unix://{place}", version="auto", timeout=START_SECONDS)) as client:
                return str(client.version()["Version"])
        time.sleep(0.1)
    how = f"ended with {process.returncode}" if process.poll() is not None else f"does not answer in {START_SECONDS} s"
    said = (here / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    raise NotUpError(f"{kind.name} {how}: {''.join(said)}")


def answers(place: str) -> bool:
    """Whether the engine at a socket is up: it takes connections before, and ends badly when it is ended before."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(START_SECONDS)
        try:
            connection.connect(place)
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(64)
        except OSError:
            return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Have the daemon end by itself, which is the first process of its namespace; what is left ends with it."""
    for child in children(process.pid):
        os.kill(child, signal.SIGTERM)
    try:
        process.wait(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def children(pid: int) -> list[int]:
    """The processes that a process has begun and that have not ended; none where it has ended itself."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def _control_groups(name: str) -> list[Path]:
    """A group of its own in every hierarchy, which its namespace takes for the root."""
    made = []
    for hierarchy in sorted(HIERARCHIES.iterdir()):
        # Several names may stand for one hierarchy.
        if hierarchy.is_symlink() or not (hierarchy / "cgroup.procs").exists():
            continue
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        for inherited in ("cpuset.cpus", "cpuset.mems"):
            if (hierarchy / inherited).exists():
                (group / inherited).write_text((hierarchy / inherited).read_text(encoding="ascii"), encoding="ascii")
        made.append(group)
    return made


def _remove(groups: list[Path]) -> None:
    """Remove its control groups with those of its containers; what has just been killed is in them for a moment."""
    until = time.monotonic() + END_SECONDS
    for group in groups:
        below = [path.parent for path in group.rglob("cgroup.procs")]
        for each in sorted({*below, group}, key=lambda path: len(path.parts), reverse=True):
            while each.exists():
                try:
                    each.rmdir()
                except OSError:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.05)
