"""The lists of files of images that were read before, so that one of 10 GB is exported once and not in every session.

An image's id is the digest of its content, so that its list never grows old. What else decides on a list is part of the
name it is kept by: the engine, whose containers have files of its own, and the code that says what is kept of a file.
A list that cannot be read, or kept, is as if there were none.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import io
import json
import os
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from conformance.files import archive, placing, tree
from conformance.files.tree import File, FileTree, Kind
from conformance.image import executable, library_path, packages
from conformance.image.gpu import nvidia
from conformance.image.image import Image
from conformance.service import inspection

APPLICATION = "processing-conformance"

MOST_BYTES = 256 << 20
"""How much all lists together may take; that of an image with 300,000 files takes some 10 MB."""

ENDING = ".json.gz"

DECIDING = (archive, tree, executable, library_path, packages, nvidia, inspection)
"""The modules that decide what is kept of a file."""


class Listings:
    """A directory with lists of files, each in a file of its own; several sessions may use it at a time."""

    def __init__(self, directory: Path, most_bytes: int = MOST_BYTES) -> None:
        """Keep lists in this directory, which is made with the first, and no more bytes of them than this."""
        self._directory = directory
        self._most_bytes = most_bytes

    @classmethod
    def of_user(cls) -> Listings | None:
        """Those of whoever runs this, below `$XDG_CACHE_HOME` or what the system has instead; None without a home."""
        directory = platformdirs.user_cache_path(APPLICATION, appauthor=False)
        return cls(directory / "files") if directory.is_absolute() else None

    def read(self, image: Image, engine: str, export: Callable[[], Image]) -> Image:
        """The image with its files, as they were listed before on this engine, or else as `export` returns it."""
        if not self._is_private():
            return export()
        path = self._directory / f"{_key(image, engine)}{ENDING}"
        with contextlib.suppress(OSError, EOFError, ValueError, TypeError, KeyError, AttributeError, zlib.error):
            found = _decoded(json.loads(gzip.decompress(path.read_bytes())))
            # The lists that were used last are those that stay.
            os.utime(path)
            return replace(image, **found)
        listed = export()
        with contextlib.suppress(OSError):
            self._keep(path, listed)
        return listed

    def _is_private(self) -> bool:
        """Whether nobody else may have written what is there: verdicts rest on it."""
        try:
            found = self._directory.stat()
        except OSError:
            return True
        return found.st_uid == os.getuid() and not found.st_mode & 0o022

    def _keep(self, path: Path, image: Image) -> None:
        content = gzip.compress(json.dumps(_encoded(image), separators=(",", ":")).encode(), compresslevel=1)
        if len(content) > self._most_bytes:
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        placing.place(self._directory, (path.name,), io.BytesIO(content))
        self._remove_oldest()

    def _remove_oldest(self) -> None:
        """Remove what was not used for longest, as much as is too much."""
        sizes = {}
        for path in self._directory.iterdir():
            # Another session may just have removed it.
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                sizes[path] = (found.st_mtime_ns, found.st_size)
        room = self._most_bytes
        for path, (_, size) in sorted(sizes.items(), key=lambda item: item[1], reverse=True):
            room -= size
            if room < 0:
                path.unlink(missing_ok=True)


def _key(image: Image, engine: str) -> str:
    said = json.dumps([image.id, image.platform, image.variant, engine, _code()])
    return hashlib.sha256(said.encode()).hexdigest()


@cache
def _code() -> str:
    found = hashlib.sha256()
    for module in DECIDING:
        found.update(Path(str(module.__file__)).read_bytes())
    return found.hexdigest()


def _encoded(image: Image) -> dict[str, Any]:
    return {
        "files": [
            (
                each.path,
                each.kind,
                each.mode,
                each.uid,
                each.gid,
                each.size,
                each.target,
                _text(each.head),
                each.is_utf8,
            )
            for each in image.files
        ],
        "documents": {path: _text(content) for path, content in image.documents.items()},
        "forward_compatible": sorted(image.forward_compatible),
    }


def _decoded(data: Mapping[str, Any]) -> dict[str, Any]:
    """The three fields of an image; raises `ValueError`, `TypeError` or `KeyError` where it is no such list."""
    return {
        "files": FileTree({file.path: file for file in _files(data["files"])}),
        "documents": {path: _bytes(content) for path, content in data["documents"].items()},
        "forward_compatible": frozenset(data["forward_compatible"]),
    }


def _files(rows: Iterable[Any]) -> Iterable[File]:
    for path, kind, mode, uid, gid, size, target, head, is_utf8 in rows:
        yield File(path, Kind(kind), mode, uid, gid, size, target, _bytes(head), is_utf8)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
