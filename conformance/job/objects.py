"""S3 as a directory: the tree `DIR/bucket/key` given by `--image-s3`, and S3 URIs."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from conformance.errors import UsageError

SHOWN_CHARACTERS = 80
"""How much of the end of a path is shown, so that it fits on a line."""

LONGEST_KEY_BYTES = 1024
"""The maximum length of a key in bytes of UTF-8, prefix included (Amazon S3 user guide, "Naming Amazon S3 objects")."""


@dataclass(frozen=True, slots=True)
class S3Uri:
    """A bucket, and a key or key prefix."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> S3Uri:
        """Read `s3://bucket/key`; raises `ValueError` for anything else."""
        match = re.fullmatch(r"s3://([^/]+)/?(.*)", text, re.DOTALL)
        if match is None:
            raise ValueError(f"expected s3://bucket/prefix, got {text!r}")
        return cls(match[1], match[2])

    def __str__(self) -> str:
        """The URI as AWS writes it."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def key_bytes(self) -> int:
        """The length of the key as S3 counts it."""
        return len(self.key.encode("utf-8"))


@dataclass(frozen=True)
class ObjectTree:
    """A directory whose files are objects: `directory/bucket/key`.

    Some valid S3 keys cannot be represented in a directory: keys with an empty, `.` or `..` component, keys that end
    in a slash, `a` beside `a/b`, and components of more than 255 bytes. An empty directory holds no object.
    """

    directory: Path

    def find(self, uri: S3Uri) -> Iterator[tuple[str, Path]]:
        """Yield the key and file of every object whose key starts with the URI's, in key order.

        A key prefix is not a folder: as in S3, `train` matches both `train/a` and `train-01/a`.

        Raises:
            UsageError: the URI matches a file that cannot be an S3 object or cannot be read; none is skipped silently.
        """
        folder = uri.key.rpartition("/")[0]
        # No file has a key with such components, but a path with them would lead out of the bucket.
        components = [uri.bucket, *(folder.split("/") if "/" in uri.key else ())]
        if not {".", "..", ""}.isdisjoint(components):
            return
        yield from sorted(self._selected(self.directory / uri.bucket, folder, uri.key))

    def _selected(self, bucket: Path, folder: str, prefix: str) -> Iterator[tuple[str, Path]]:
        top = os.path.join(bucket, folder)  # noqa: PTH118 - as os.walk gives it
        if not os.path.isdir(top):  # noqa: PTH112 - as above
            return
        # Links are followed, so for each directory it is known which ones it was reached through.
        ways = {top: frozenset({_identity(top)})}
        for place, folders, files in os.walk(top, onerror=_refuse_unreadable, followlinks=True):
            path = Path(place)
            above = "" if path == bucket else f"{path.relative_to(bucket).as_posix()}/"
            folders[:] = [name for name in folders if f"{above}{name}/".startswith(prefix)]
            for name in folders:
                _refuse_too_long(f"{above}{name}/", path / name)
                below = os.path.join(place, name)  # noqa: PTH118 - as above
                directory = _identity(below)
                if directory in ways[place]:
                    raise _refusal(below, "is a symbolic link to a directory that contains it")
                ways[below] = ways[place] | {directory}
            yield from (_object(above + name, path / name) for name in files if f"{above}{name}".startswith(prefix))


def _identity(directory: str) -> tuple[int, int]:
    """The identity of a directory, whichever path led to it."""
    try:
        facts = os.stat(directory)  # noqa: PTH116 - as os.walk gives it
    except OSError as error:
        _refuse_unreadable(error)
    return facts.st_dev, facts.st_ino


def _object(key: str, path: Path) -> tuple[str, Path]:
    try:
        key.encode()
    except UnicodeEncodeError as error:
        raise _refusal(path, "has a name that is not UTF-8, but S3 keys are") from error
    _refuse_too_long(key, path)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        _refuse_unreadable(error)
    # A FIFO would never end.
    if not stat.S_ISREG(mode):
        raise _refusal(path, "is not a regular file")
    return key, path


def _refuse_too_long(key: str, path: Path) -> None:
    size = len(key.encode("utf-8", "surrogateescape"))
    if size > LONGEST_KEY_BYTES:
        raise _refusal(path, f"has a key of {size} bytes; S3 allows at most {LONGEST_KEY_BYTES}")


def _refuse_unreadable(error: OSError) -> NoReturn:
    raise _refusal(error.filename, f"cannot be read: {error.strerror}") from error


def _refusal(path: str | Path, reason: str) -> UsageError:
    # The end of a path tells most. What is not UTF-8 becomes escapes, and so does what would begin a new line.
    shown = str(path)
    shown = repr(shown if len(shown) <= SHOWN_CHARACTERS else f"...{shown[-SHOWN_CHARACTERS:]}")
    return UsageError(f"--image-s3: {shown} {reason}")


def uploaded_to(prefix: S3Uri, below: str) -> S3Uri:
    """The URI to which a file of an output is uploaded: prefix and path below LocalPath, joined by one slash."""
    folder = prefix.key.rstrip("/")
    return S3Uri(prefix.bucket, f"{folder}/{below}" if folder else below)


def relative_path(prefix: str, key: str) -> str:
    """The path below LocalPath at which an object of an `S3Prefix` input is placed.

    The part after the prefix is kept: `p` and `p/` both place `p/sub/a` at `sub/a`. A prefix that ends within a name is
    cut back to its last slash, so that the file keeps its name, and so is one that is the object's whole key. AWS
    documents neither case.
    """
    if key.startswith(prefix) and (prefix.endswith("/") or not prefix):
        return key[len(prefix) :]
    if key.startswith(prefix + "/"):
        return key[len(prefix) + 1 :]
    return key[prefix.rfind("/") + 1 :]
