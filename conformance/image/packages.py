"""The package databases of an image: which packages are installed, and to which a file belongs. Pure, never raises.

The databases of dpkg and apk are text, as in distroless images, which have one file for each Debian package. That of
rpm is Berkeley DB or SQLite and is not read: packages that rpm installed are recognised by their files only.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping

DPKG_STATUS = "/var/lib/dpkg/status"
DPKG_LISTS = "/var/lib/dpkg/info/"
"""Where dpkg lists the files of each package, in `<package>.list` or `<package>:<architecture>.list`."""

DISTROLESS_STATUS = "/var/lib/dpkg/status.d/"
"""Where a distroless image has a file for each package, and next to it the checksums of the package's files."""

APK_INSTALLED = frozenset({"/lib/apk/db/installed", "/usr/lib/apk/db/installed"})
"""Where apk has packages and files in one database, before and after Alpine merged /usr."""

DRIVER_PACKAGES = (
    # Ubuntu's, and those of NVIDIA's own repositories
    *("nvidia-driver*", "nvidia-headless-*", "nvidia-utils-*", "nvidia-compute-utils-*", "nvidia-kernel-*"),
    *("nvidia-dkms-*", "nvidia-open*", "nvidia-firmware-*", "nvidia-settings*", "nvidia-modprobe", "cuda-drivers*"),
    *("libnvidia-compute-*", "libnvidia-gl-*", "libnvidia-decode-*", "libnvidia-encode-*", "libnvidia-extra-*"),
    *("libnvidia-cfg1*", "libnvidia-fbc1*", "libnvidia-common-*", "linux-modules-nvidia-*", "kmod-nvidia*"),
    *("xserver-xorg-video-nvidia*", "nvidia-persistenced", "nvidia-fabricmanager*"),
    # Debian's, of which those of older branches are called libnvidia-tesla-470-cuda1 and the like
    *("libcuda1", "libnvidia-ml1", "libnvcuvid1", "nvidia-smi", "nvidia-alternative", "nvidia-tesla-*"),
    *("libnvidia-tesla-*", "nvidia-legacy-*", "libnvidia-legacy-*", "firmware-nvidia-gsp*"),
)
"""Names of packages that contain a driver; `libnvidia-container1` and `libnvidia-egl-wayland1` do not."""

NO_DRIVER_PACKAGES = frozenset({"nvidia-driver-assistant"})
"""A package with a similar name that only recommends which driver to install."""

RELEVANT = re.compile(rb"nvidia|libcuda|cuda-compat")
"""What a list of files must mention to be relevant here."""


def is_database(path: str) -> bool:
    """Whether a file is part of a package database that is read here."""
    if path.startswith(DPKG_LISTS):
        return path.endswith(".list")
    return path == DPKG_STATUS or path.startswith(DISTROLESS_STATUS) or path in APK_INSTALLED


def is_relevant(path: str, content: bytes) -> bool:
    """Whether a part of a database is kept: of lists of files, only those that may mention a part of a driver."""
    if path.startswith(DPKG_LISTS) or path.endswith(".md5sums"):
        return RELEVANT.search(path.encode() + b"\n" + content) is not None
    return True


def is_driver_package(name: str) -> bool:
    """Whether a package is named like those that contain NVIDIA's driver."""
    return name not in NO_DRIVER_PACKAGES and any(fnmatch.fnmatchcase(name, pattern) for pattern in DRIVER_PACKAGES)


def driver_packages(documents: Mapping[str, bytes]) -> tuple[str, ...]:
    """The installed packages that contain NVIDIA's driver, each once, sorted by name."""
    return tuple(sorted({name for name in _installed(documents) if is_driver_package(name)}))


def _installed(documents: Mapping[str, bytes]) -> Iterator[str]:
    for path, content in documents.items():
        if path in APK_INSTALLED:
            yield from (line[2:] for line in _lines(content) if line.startswith("P:"))
        elif path == DPKG_STATUS or path.startswith(DISTROLESS_STATUS):
            yield from _of_dpkg(content)


def _of_dpkg(content: bytes) -> Iterator[str]:
    """Packages whose files are installed; one that is removed but not purged has only its configuration left."""
    for stanza in content.decode("utf-8", "replace").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line)
        if "Package" in fields and fields.get("Status", "install ok installed").endswith(" installed"):
            yield fields["Package"]


def owners(documents: Mapping[str, bytes]) -> dict[str, str]:
    """The package of each file that a database names; paths are those of a merged /usr, as `whole` makes them."""
    found: dict[str, str] = {}
    for document, content in documents.items():
        name = posixpath.basename(document)
        if document in APK_INSTALLED:
            found |= {whole(path): package for path, package in _of_apk(content)}
        elif document.startswith(DPKG_LISTS) and name.endswith(".list"):
            package = name.removesuffix(".list").partition(":")[0]
            found |= {whole(path): package for path in _lines(content)}
        elif document.startswith(DISTROLESS_STATUS) and name.endswith(".md5sums"):
            sums = (line.split("  ", 1) for line in _lines(content))
            found |= {whole(f"/{parts[1]}"): name.removesuffix(".md5sums") for parts in sums if len(parts) > 1}
    return found


def whole(path: str) -> str:
    """A path in a file system where /lib and /bin are links into /usr, since packages may use either."""
    top = path.split("/", 2)[1:2]
    return f"/usr{path}" if top and top[0] in {"bin", "lib", "lib32", "lib64", "sbin"} else path


def _of_apk(content: bytes) -> Iterator[tuple[str, str]]:
    """Each file and its package: `P:` names a package, `F:` a directory without its first slash, `R:` a file in it."""
    package = directory = ""
    for line in _lines(content):
        key, rest = line[:2], line[2:]
        if key == "P:":
            package = rest
        elif key == "F:":
            directory = rest
        elif key == "R:":
            yield posixpath.join("/", directory, rest), package


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "surrogateescape").split("\n")
