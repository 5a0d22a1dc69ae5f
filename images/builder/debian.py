"""Debian packages, found and downloaded through apt, for any architecture and without root.

Every call uses package lists of our own below the cache, so that neither the machine's lists nor its
dpkg configuration is read or changed; only its sources and keys are.
"""

import io
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from images.builder.layers import File, unpack

PROGRAMS = ("apt-get", "apt-cache", "dpkg-deb")

LEFT_OUT = frozenset(
    {
        "base-files",  # an operating system's identity; brings awk
        "debconf",
        "debianutils",  # maintainer scripts only
        "dpkg",
        "libgdbm-compat4",
        "libnsl2",  # NIS, which brings Kerberos
        "libtirpc3",
        "libtirpc3t64",
        "media-types",
        "mime-support",  # brings perl
        "perl-base",
        "readline-common",
        "tar",
        "tzdata",
    }
)
"""What a package depends on in a machine, and a container base need not have."""

_DOCUMENTATION = re.compile(
    r"usr/share/(doc|man|info|locale|lintian|bug|bash-completion|menu|applications|pixmaps|binfmts|python3)(/|$)"
    r"|usr/lib/[^/]+/(gconv|ossl-modules|engines-3)(/|$)"
    r"|usr/lib/python3[.]\d+/(idlelib|lib2to3|pydoc_data|tkinter|test|unittest/test|turtledemo)(/|$)"
    r"|etc/(init[.]d|default|apparmor[.]d|skel)(/|$)"
)
"""Files that no program in a container reads."""

_SECONDS = 120
"""The limit of one call to apt: a few seconds are usual."""


class PackagesUnavailableError(RuntimeError):
    """Packages could not be found or downloaded; the text says why."""


@dataclass(frozen=True)
class Apt:
    """Packages of one architecture; lists and .debs are kept below `cache`."""

    architecture: str
    cache: Path

    def default_python(self) -> str:
        """The distribution's own Python: `3.11` on Debian 12."""
        for line in self._query("depends", "python3-minimal").splitlines():
            if found := re.fullmatch(r"\s*PreDepends: python(3\.\d+)-minimal(:any)?", line):
                return found[1]
        raise PackagesUnavailableError("the package lists name no python3")

    def closure(self, roots: Sequence[str]) -> tuple[str, ...]:
        """The roots and the packages that they need, without what a container base need not have."""
        depends = parse_depends(self._query("depends", "--recurse", *roots))
        found: set[str] = set()
        waiting = list(roots)
        while waiting:
            package = waiting.pop()
            if package not in found and package not in LEFT_OUT:
                found.add(package)
                waiting += depends.get(package, ())
        return tuple(sorted(found))

    def files(self, packages: Sequence[str]) -> dict[str, File]:
        """The files that the packages install, less documentation; their scripts are not run."""
        contents = (
            io.BytesIO(self._call("dpkg-deb", "--fsys-tarfile", str(archive))) for archive in self._download(packages)
        )
        return {path: file for path, file in unpack(contents).items() if not _DOCUMENTATION.match(path)}

    def _download(self, packages: Sequence[str]) -> list[Path]:
        """The .deb of each package, from the cache where it is there in the version of the lists."""
        folder = self.cache / "debs"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return self._download_listed(packages, folder)
        except PackagesUnavailableError:
            # A mirror forgets superseded versions: lists that were fetched long ago name files that are gone.
            self._update()
            return self._download_listed(packages, folder)

    def _download_listed(self, packages: Sequence[str], folder: Path) -> list[Path]:
        announced = self._get("download", "--print-uris", *packages)
        names = sorted(re.findall(r"^'\S+' (\S+\.deb) ", announced, re.MULTILINE))
        if not all((folder / name).is_file() for name in names):
            self._get("download", *packages, folder=folder)
        return [folder / name for name in names]

    def _query(self, *arguments: str) -> str:
        only_needed = ("--important", "--option=APT::Cache::ShowOnlyFirstOr=true")
        self._update_if_empty()
        return self._call("apt-cache", *self._options(), *arguments, *only_needed).decode()

    def _get(self, *arguments: str, folder: Path | None = None) -> str:
        self._update_if_empty()
        return self._call("apt-get", *self._options(), "-q", *arguments, folder=folder).decode()

    def _update_if_empty(self) -> None:
        if not any(self._state.glob("lists/*Packages*")):
            self._update()

    def _update(self) -> None:
        self._call("apt-get", *self._options(), "-q", "update")

    @property
    def _state(self) -> Path:
        return self.cache / "apt" / self.architecture

    def _options(self) -> tuple[str, ...]:
        for folder in ("lists/partial", "archives/partial"):
            (self._state / folder).mkdir(parents=True, exist_ok=True)
        (self._state / "status").touch()  # nothing is installed
        return (
            f"--option=APT::Architecture={self.architecture}",
            f"--option=APT::Architectures={self.architecture}",
            f"--option=Dir::State={self._state}",
            f"--option=Dir::State::status={self._state / 'status'}",
            f"--option=Dir::Cache={self._state}",
            "--option=Acquire::Languages=none",
            "--option=Acquire::http::Timeout=10",
            "--option=Acquire::https::Timeout=10",
            "--option=Acquire::Retries=1",
        )

    def _call(self, *command: str, folder: Path | None = None) -> bytes:
        if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
            raise PackagesUnavailableError(f"not installed here: {', '.join(missing)}")
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise PackagesUnavailableError(f"{command[0]} took more than {_SECONDS} seconds") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise PackagesUnavailableError(f"{command[0]} failed: {said[-1] if said else 'it said nothing'}")
        return done.stdout


def parse_depends(text: str) -> dict[str, tuple[str, ...]]:
    """Read `apt-cache depends`: package to packages, a virtual one replaced by its first provider."""
    depends: dict[str, list[str]] = {}
    package = ""
    virtual = False
    for line in text.splitlines():
        name = line.rpartition(": ")[2].strip().removesuffix(":any")
        if not line.startswith(" "):
            package, virtual = name, False
            depends.setdefault(package, [])
        elif line.startswith("    "):
            if virtual:
                depends[package].append(name)
            virtual = False
        elif name.startswith("<"):
            virtual = True
        else:
            virtual = False
            depends[package].append(name)
    return {name: tuple(needed) for name, needed in depends.items()}
