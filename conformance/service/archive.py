"""Tar archives as the engine takes and gives them: written to a spooled file, read as a stream, never extracted."""

from __future__ import annotations

import io
import posixpath
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import IO

from conformance.errors import JobError
from conformance.filetree import File, Kind

BLOCK = 1 << 20
SPOOLED_BYTES = 64 << 20
"""An archive up to this size stays in memory."""

Peek = Callable[[File, IO[bytes]], File]
"""Looks into a file's content while it passes, and returns the entry with what it wants to keep."""


class ArchiveWriter:
    """Builds the archive of what the platform puts below a directory: root:root, files 0644, directories 0755."""

    def __init__(self, root: str) -> None:
        """Begin an archive that will be unpacked at `root`, an absolute path."""
        self._root = root
        self._directories: set[str] = {"."}
        self._files: set[str] = set()
        self._spool = tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES)  # noqa: SIM115 - closed by `close`
        self._tar = tarfile.open(fileobj=self._spool, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - as above

    def directory(self, path: str) -> None:
        """Add a directory, with those above it."""
        self._add_directory(posixpath.relpath(path, self._root))

    def file(self, path: str, content: bytes) -> None:
        """Add a file, with the directories above it.

        Raises:
            JobError: the path leaves the root, or is a directory and a file at once.
        """
        name = posixpath.relpath(path, self._root)
        if _is_outside(name) or name in self._directories:
            raise JobError(f"{path} cannot be put below {self._root}: it is a directory, or outside of it")
        self._add_directory(posixpath.dirname(name) or ".")
        self._files.add(name)
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        entry.mode = 0o644
        self._tar.addfile(entry, io.BytesIO(content))

    def finish(self) -> IO[bytes]:
        """The archive, ready to be sent."""
        self._tar.close()
        self._spool.seek(0)
        return self._spool

    def close(self) -> None:
        """Give its memory or its temporary file back."""
        self._spool.close()

    def _add_directory(self, name: str) -> None:
        if name in self._directories:
            return
        if _is_outside(name) or name in self._files:
            raise JobError(f"{name} cannot be put below {self._root}: it is a file, or outside of it")
        self._add_directory(posixpath.dirname(name) or ".")
        self._directories.add(name)
        entry = tarfile.TarInfo(name)
        entry.type = tarfile.DIRTYPE
        entry.mode = 0o755
        self._tar.addfile(entry)


class ChunkStream(io.RawIOBase):
    """Chunks from the engine as a file that `tarfile` can read; stops with an error past a bound."""

    def __init__(self, chunks: Iterable[bytes], *, limit_bytes: int) -> None:
        """Read these chunks, at most `limit_bytes` of them."""
        self._chunks = iter(chunks)
        self._rest = b""
        self._left = limit_bytes

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # typeshed's WriteableBuffer has no slices
        """Fill the buffer with the next bytes; 0 at the end."""
        while not self._rest:
            try:
                self._rest = next(self._chunks)
            except StopIteration:
                return 0
            self._left -= len(self._rest)
            if self._left < 0:
                raise JobError("the archive is larger than the suite reads")
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def read(chunks: Iterable[bytes], *, root: str, limit_bytes: int, peek: Peek | None = None) -> Iterator[File]:
    """Yield the entries of an archive as a stream, with paths made absolute below `root`.

    `root` takes the place of the first component of the archive's names, as `docker cp` gives it; with an empty root
    names are taken as they are. `peek` sees the content of each regular file as it passes.

    Raises:
        JobError: the archive is larger than `limit_bytes`, or it is none, or it breaks off.
    """
    try:
        yield from _entries(chunks, root=root, limit_bytes=limit_bytes, peek=peek)
    except tarfile.TarError as error:
        raise JobError(f"the engine's archive cannot be read: {error}") from error


def _entries(chunks: Iterable[bytes], *, root: str, limit_bytes: int, peek: Peek | None) -> Iterator[File]:
    stream = io.BufferedReader(ChunkStream(chunks, limit_bytes=limit_bytes), BLOCK)
    seen: dict[str, File] = {}
    with tarfile.open(fileobj=stream, mode="r|", bufsize=BLOCK) as archive:
        for member in archive:
            file = _entry(member, root)
            if member.islnk():
                original = seen.get(_path(member.linkname, root))
                file = replace(original, path=file.path) if original else file
            elif peek is not None and member.isreg():
                content = archive.extractfile(member)
                if content is not None:
                    file = peek(file, content)
            # A link may lead to anything but a directory, to a symbolic link too.
            if not member.isdir():
                seen[file.path] = file
            yield file


def _is_outside(name: str) -> bool:
    return name == ".." or name.startswith("../")


def _entry(member: tarfile.TarInfo, root: str) -> File:
    if member.isdir():
        kind = Kind.DIRECTORY
    elif member.issym():
        kind = Kind.SYMLINK
    elif member.isfifo():
        kind = Kind.FIFO
    elif member.ischr() or member.isblk():
        kind = Kind.DEVICE
    else:
        kind = Kind.FILE
    return File(
        path=_path(member.name, root),
        kind=kind,
        mode=member.mode & 0o7777,
        uid=member.uid,
        gid=member.gid,
        size=member.size if kind is Kind.FILE else 0,
        target=printable(member.linkname) if kind is Kind.SYMLINK else "",
    )


def _path(name: str, root: str) -> str:
    below = name.partition("/")[2] if root else name
    return posixpath.normpath(posixpath.join(root or "/", printable(below.lstrip("/"))))


def printable(name: str) -> str:
    """A file name as text that every report can hold: bytes that are not UTF-8 become escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
