"""A small file system with a few programs of a Debian one, and the libraries that they load."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

PROGRAMS = (
    *("dockerd", "containerd", "containerd-shim-runc-v2", "runc", "docker-init", "tini-static"),
    *("iptables", "ip6tables", "xtables-nft-multi", "ip", "python3"),
    *("sh", "mount", "umount", "chroot", "readlink", "ps"),
)

FOLDERS = ("proc", "sys", "dev", "run", "tmp", "data", "outer", "reports", "var/lib", "root")
"""What is mounted over, or written into."""

DOCUMENTS = ("passwd", "group", "nsswitch.conf", "protocols", "services", "ld.so.conf", "ld.so.conf.d", "alternatives")

UNUSED = shutil.ignore_patterns("__pycache__", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "tkinter")

LIBRARY = re.compile(r"(/\S+\.so[.\d]*)")


def copy(source: Path, target: Path) -> str:
    """Copy the programs, what they load and Python's library; the version of Python, such as `3.14`.

    Raises:
        LookupError: a program is not there.
    """
    for folder in FOLDERS:
        (target / folder).mkdir(parents=True)
    for link in (entry for entry in source.iterdir() if entry.is_symlink()):
        (target / link.name).symlink_to(link.readlink())
        (target / link.readlink()).mkdir(parents=True, exist_ok=True)
    for name in DOCUMENTS:
        found = source / "etc" / name
        if found.is_dir():
            shutil.copytree(found, target / "etc" / name, symlinks=True)
        elif found.exists():
            (target / "etc").mkdir(exist_ok=True)
            shutil.copy2(found, target / "etc" / name)
    for name in PROGRAMS:
        copy_file(source, target, _found(source, name))
    python = next(path.name for path in (source / "usr/bin").glob("python3.*") if path.name[8:].isdigit())
    for folder in (f"usr/lib/{python}", "usr/lib/x86_64-linux-gnu/xtables"):
        shutil.copytree(source / folder, target / folder, symlinks=True, ignore=UNUSED, dirs_exist_ok=True)
    for library in sorted(_loaded(source, _executables(target))):
        copy_file(source, target, library)
    return python.removeprefix("python")


def _found(source: Path, name: str) -> str:
    for folder in ("/usr/bin", "/usr/sbin"):
        if os.path.lexists(f"{source}{folder}/{name}"):
            return f"{folder}/{name}"
    raise LookupError(f"{source} has no {name}")


def copy_file(source: Path, target: Path, path: str) -> None:
    """Copy a file, and each link on the way to it."""
    while True:
        folder, name = posixpath.split(path)
        path = posixpath.join(_inside(source, folder), name)
        here, there = Path(f"{source}{path}"), Path(f"{target}{path}")
        there.parent.mkdir(parents=True, exist_ok=True)
        if not here.is_symlink():
            if not there.exists():
                shutil.copy2(here, there)
            return
        if not there.is_symlink():
            there.symlink_to(here.readlink())
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), here.readlink()))


def _inside(source: Path, path: str) -> str:
    """Where a folder of that file system really is: `/bin` is a link in Debian."""
    found = "/"
    for part in path.strip("/").split("/"):
        found = posixpath.join(found, part)
        while (here := Path(f"{source}{found}")).is_symlink():
            found = posixpath.normpath(posixpath.join(posixpath.dirname(found), here.readlink()))
    return found


def _executables(target: Path) -> Iterator[str]:
    for folder, _, names in os.walk(target):
        for path in (Path(folder, name) for name in names):
            if not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF":
                yield f"/{path.relative_to(target)}"


def _loaded(source: Path, paths: Iterable[str]) -> set[str]:
    """The libraries that these load, and the loader."""
    return {library for path in paths for library in LIBRARY.findall(_said(source, "ldd", path))}


def _said(source: Path, *command: str) -> str:
    asked = subprocess.run(["chroot", str(source), *command], capture_output=True, text=True, check=False)
    return asked.stdout
