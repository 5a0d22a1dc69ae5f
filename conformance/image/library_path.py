"""Where the dynamic linker of an image looks for libraries: LD_LIBRARY_PATH, and what /etc/ld.so.conf names.

Source: ld.so(8) and ldconfig(8). The cache that ldconfig wrote at build time is not read: NVIDIA's toolkit rebuilds it
when a container starts.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.image.image import Image

LD_SO_CONF = "/etc/ld.so.conf"
LD_SO_CONF_DIRECTORY = "/etc/ld.so.conf.d/"

_TRIPLETS = ("", "/x86_64-linux-gnu", "/i386-linux-gnu", "/aarch64-linux-gnu")

SYSTEM_DIRECTORIES = frozenset(
    {f"{place}{triplet}" for place in ("/lib", "/usr/lib", "/usr/local/lib") for triplet in _TRIPLETS}
    | {"/lib32", "/lib64", "/usr/lib32", "/usr/lib64"}
)
"""Where the dynamic linker always looks, and where NVIDIA's toolkit puts the driver."""


@dataclass(frozen=True)
class Place:
    """A directory that is searched for libraries, and the variable or file that lists it."""

    directory: str
    named_by: str


def is_configuration(path: str) -> bool:
    """Whether a file is one that `ldconfig` reads."""
    return path == LD_SO_CONF or path.startswith(LD_SO_CONF_DIRECTORY)


def library_path(image: Image) -> tuple[Place, ...]:
    """The directories that are configured explicitly, in search order, without relative ones."""
    variable = re.split("[:;]", image.environment.get("LD_LIBRARY_PATH", ""))
    named = [Place(directory, "LD_LIBRARY_PATH") for directory in variable]
    named += _configured(image, LD_SO_CONF, set())
    return tuple(place for place in named if place.directory.startswith("/"))


def _configured(image: Image, path: str, read: set[str]) -> Iterator[Place]:
    """The directories in a file of `ldconfig` and in the files that it includes; each is read once."""
    if path in read:
        return
    read.add(path)
    for line in image.documents.get(path, b"").decode("utf-8", "replace").splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == ["include"]:
            for pattern in words[1:]:
                for included in _matching(image, posixpath.join(posixpath.dirname(path), pattern)):
                    yield from _configured(image, included, read)
        else:
            # An old form has the kind of library behind it: /usr/lib=libc6.
            yield from (Place(word.partition("=")[0], path) for word in re.split(r"[\s:,]+", " ".join(words)) if word)


def _matching(image: Image, pattern: str) -> list[str]:
    return sorted(path for path in image.documents if is_configuration(path) and fnmatch.fnmatchcase(path, pattern))
