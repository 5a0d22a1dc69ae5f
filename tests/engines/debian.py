"""Debian's file systems in which engines of other versions run: made once for each suite, below `.cache/`."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

from images.builder.bases import CACHE
from tests.engines.kinds import PACKAGES

FOLDER = CACHE / "engines"

NAMESPACES = ("--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup", "--fork")

NEEDED = ("apt-get", "dpkg", "perl", "unshare", "setpriv", "pivot_root", "mount")

MAKE_SECONDS = 600
BUILD_SECONDS = 3600

BUILDING = Path(__file__).parent / "building.sh"

CONTROLLERS = ("memory", "pids", "cpu", "cpuset", "devices", "freezer")


class UnavailableError(Exception):
    """An engine cannot be brought up on this machine; the text is one line that says why."""


def missing() -> str:
    """What keeps any engine from being brought up here; empty where nothing does."""
    if os.getuid():
        return "only root can bring up another engine"
    if _distribution() != "debian":
        return "another engine is made of Debian's packages, and this is no Debian"
    if lacking := [name for name in NEEDED if shutil.which(name) is None]:
        return f"no {', no '.join(lacking)} is here"
    if lacking := [name for name in CONTROLLERS if not Path("/sys/fs/cgroup", name, "cgroup.procs").exists()]:
        return f"no control groups of version 1 are mounted here for {', '.join(lacking)}"
    tried = subprocess.run(["unshare", *NAMESPACES, "mount", "--make-rprivate", "/"], capture_output=True, check=False)
    if tried.returncode:
        return f"no namespaces of its own can be had here: {tried.stderr.decode(errors='replace').strip()}"
    return ""


def root(suite: str) -> Path:
    """The file system of a suite with the packages of all engines, made if it is not there.

    Raises:
        UnavailableError: this machine cannot make it.
    """
    if reason := missing():
        raise UnavailableError(reason)
    place = FOLDER / "debian" / suite
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{place}.lock"):
        if not place.exists():
            _make(suite, place)
    return place


def _make(suite: str, place: Path) -> None:
    """Make it beside its place, where an attempt that was broken off is never taken for a whole one."""
    unfinished = place.with_suffix(".unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    command = [
        # What it mounts there is never to be seen from outside: whoever removes an unfinished one would remove that.
        *("unshare", "--mount", "--propagation=private"),
        *(str(_mmdebstrap()), "--variant=minbase", "--mode=root", f"--include={','.join(PACKAGES)}"),
        '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=Acquire::Languages "none"',
        # A mirror may be behind for longer than the lists of a moving suite are valid.
        '--aptopt=Acquire::Check-Valid-Until "false"',
        *(suite, str(unfinished), _mirror()),
    ]
    _run(command, f"Debian {suite} cannot be made")
    unfinished.rename(place)


def built_dockerd(suite: str) -> Path:
    """The dockerd of a suite as it was before it handed on queries from internal networks; see `building.sh`.

    It is built once, from Debian's source, on two processors in some ten minutes.

    Raises:
        UnavailableError: this machine cannot build it.
    """
    debian = root(suite)
    place = FOLDER / "built" / f"dockerd-{suite}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{place}.lock"):
        if not place.exists():
            unfinished = place.with_suffix(".unfinished")
            if unfinished.exists():
                shutil.rmtree(unfinished)
            command = ["unshare", "--mount", "--propagation=private", str(BUILDING), "begin"]
            _run(
                [*command, str(debian), str(unfinished), _mirror(), suite],
                f"no dockerd of {suite}",
                seconds=BUILD_SECONDS,
            )
            (unfinished / "dockerd").rename(place)
            shutil.rmtree(unfinished)
    return place


def _mmdebstrap() -> Path:
    """A Perl script that needs nothing but apt, so that its package need not be installed."""
    if installed := shutil.which("mmdebstrap"):
        return Path(installed)
    tools = FOLDER / "tools"
    program = tools / "usr/bin/mmdebstrap"
    with FileLock(f"{tools}.lock"):
        if not program.exists():
            shutil.rmtree(tools, ignore_errors=True)
            tools.mkdir()
            # apt fetches as a user of its own, for whom the folder of another one may be closed.
            _run(["apt-get", "-o", "APT::Sandbox::User=root", "download", "mmdebstrap"], "no mmdebstrap", tools)
            for package in tools.glob("*.deb"):
                _run(["dpkg", "--extract", str(package), str(tools)], "no mmdebstrap")
                package.unlink()
    return program


def _mirror() -> str:
    """The mirror that apt uses here."""
    asked = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)"], capture_output=True, text=True, check=False
    )
    sites = [site for site in asked.stdout.split() if "security" not in site]
    if not sites:
        raise UnavailableError("apt knows no mirror of Debian here")
    return sites[0]


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("ID", "")
    except OSError:
        return ""


def _run(command: list[str], what: str, where: Path | None = None, *, seconds: float = MAKE_SECONDS) -> None:
    try:
        subprocess.run(
            command,
            cwd=where,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"{what}: not done after {seconds:g} s") from error
    except subprocess.CalledProcessError as error:
        said = [line for line in str(error.stderr).splitlines() if line.startswith("E:")] or [str(error)]
        raise UnavailableError(f"{what}: {said[0]}") from error
