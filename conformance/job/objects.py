"""The objects of S3 that jobs read and write: S3 URIs, and S3 as a directory, a tree `DIR/bucket/key`."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Protocol, Self

from conformance.errors import UploadError, UsageError
from conformance.files import placing
from conformance.files.archive import Source

Stored = Path | Source
"""What an object holds: the content of a file, or of what is opened when it is read."""

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


class Objects(Protocol):
    """What S3 holds."""

    def find(self, uri: S3Uri) -> Iterator[tuple[str, Stored]]:
        """Yield the key and the content of every object whose key starts with the URI's, in key order.

        Raises:
            UsageError: one of them is none that a job can be given.
        """

    def get(self, uri: S3Uri) -> bytes | None:
        """The content of one object, which is to be small; None if there is none at this URI."""

    def put(self, uri: S3Uri, file: Path) -> None:
        """Make an object of the content of a file, or replace the one that is there.

        Raises:
            UploadError: no such object can be made; the reason says why.
        """


@dataclass(frozen=True)
class ObjectTree:
    """A directory whose files are objects: `directory/bucket/key`.

    Some valid S3 keys cannot be represented in a directory: keys with an empty, `.` or `..` component, keys that end
    in a slash, `a` beside `a/b`, and components of more than 255 bytes. An empty directory holds no object.

    `option` is the one that names the directory, for the messages.
    """

    directory: Path
    option: str = "--image-s3"

    @classmethod
    def given(cls, name: str, option: str, *, where: Path = Path()) -> Self:
        """The directory that an option names, relative to `where`; raises `UsageError` where it is none."""
        if not (where / name).is_dir():
            raise UsageError(f"{option}: expected a directory of bucket/key files, but {name!r} is not a directory")
        return cls(where / name, option)

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
        try:
            yield from sorted(self._selected(self.directory / uri.bucket, folder, uri.key))
        except _RefusedError as error:
            raise UsageError(f"{self.option}: {error}") from error

    def get(self, uri: S3Uri) -> bytes | None:
        """The content of one object; None if there is none."""
        file = dict(self.find(uri)).get(uri.key)
        return None if file is None else file.read_bytes()

    def put(self, uri: S3Uri, file: Path) -> None:
        """Write a file's content to `directory/bucket/key`, through no symbolic link; see `Objects.put`."""
        try:
            with file.open("rb") as content:
                placing.place(self.directory, _parts(uri), content)
        except OSError as error:
            raise self._unwritable(uri, error) from error

    def try_put(self, uri: S3Uri) -> None:
        """Raise what `put` would raise for an object below this URI as things are now."""
        try:
            key = uri.key.rstrip("/")
            placing.try_place(self.directory, _parts(S3Uri(uri.bucket, key)) if key else [uri.bucket])
        except OSError as error:
            raise self._unwritable(uri, error) from error

    def _unwritable(self, uri: S3Uri, error: OSError) -> UploadError:
        where = f"{_shown(error.filename)} " if error.filename else ""
        return UploadError(f"{self.option}: {str(uri)!r} cannot be written: {where}{error.strerror}")

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


class _RefusedError(Exception):
    """What lies in the tree cannot be an object; the message says what and why."""


def _parts(uri: S3Uri) -> list[str]:
    """Where an object is below the directory of a tree."""
    return [uri.bucket, *uri.key.split("/")]


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


def _refusal(path: str | Path, reason: str) -> _RefusedError:
    return _RefusedError(f"{_shown(path)} {reason}")


def _shown(path: str | Path) -> str:
    """The end of a path, which tells most.

    What is not UTF-8 becomes escapes, and so does what would begin a new line.
    """
    shown = str(path)
    return repr(shown if len(shown) <= SHOWN_CHARACTERS else f"...{shown[-SHOWN_CHARACTERS:]}")


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
