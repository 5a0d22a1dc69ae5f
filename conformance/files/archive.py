"""Tar archives as the engine takes and gives them: written and read as streams, never extracted to disk."""

from __future__ import annotations

import contextlib
import io
import posixpath
import sys
import tarfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from conformance.errors import JobError
from conformance.files.tree import File, Kind

BLOCK = 1 << 17
"""How much is read at a time: to hash a file takes a third longer with a megabyte, whose memory is new each time."""

PIECE = 1 << 20
"""How much is written at a time: each piece is a chunk of the request."""

LARGER = "the archive is larger than the suite reads"


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes that are made while they are read: how many there will be, and what opens them."""

    size: int
    open: Callable[[], IO[bytes]]


Content = bytes | Path | Source | Literal[Kind.FIFO] | None
"""What a path gets: a file with these bytes, or with those of this file or source; a FIFO; None is a directory."""

Peek = Callable[[File, IO[bytes]], File]
"""Looks into a file's content while it passes, and returns the entry with what it wants to keep."""


Linked = Callable[[File, File], None]
"""Is told of a further name of a file, and of the entry that had its content."""


@dataclass(frozen=True, slots=True)
class Rights:
    """Whom an archive's entries belong to, and what others may do with them."""

    directory_mode: int = 0o755
    file_mode: int = 0o644
    uid: int = 0
    gid: int = 0


OF_ROOT = Rights()
"""root:root, directories 0755, files 0644."""


def write(
    root: str,
    entries: Iterable[tuple[str, Content]],
    *,
    after: bytes = b"",
    rights: Rights = OF_ROOT,
    of_root: Rights | None = None,
) -> Iterator[bytes]:
    """Yield, in pieces, the archive of what the platform puts below `root`.

    `after` is an archive without its end, which this one goes on from: what it has is unpacked at `/`, and so is the
    rest then. Each call for the engine to unpack something takes it some 50 ms, whatever it is.

    `of_root` is whom the root itself is given to; None leaves it as it is.

    An entry is an absolute path with its content; directories above it are added. All get the time of the call. The
    engine unpacks the first pieces while the last entries are still being read, and of a large file only a piece is
    held at a time.

    Raises:
        JobError: a path leaves the root, or is a directory and a file at once, or a file changes while it is read.
    """
    kinds = {".": tarfile.DIRTYPE}
    # Not of 1970, the default of an archive: a program that makes a ZIP archive of its inputs may not be given that.
    now = int(time.time())
    pieces = bytearray(after)
    if of_root is not None:
        pieces += _stamped(tarfile.TarInfo("."), tarfile.DIRTYPE, now, of_root).tobuf(tarfile.PAX_FORMAT)
    for path, content in entries:
        for member in _members(posixpath.relpath(path, root), content, kinds):
            _stamped(member, member.type, now, rights)
            member.name = posixpath.join(root.lstrip("/"), member.name) if after else member.name
            pieces += member.tobuf(tarfile.PAX_FORMAT)
            for piece in _pieces(content, member.size):
                pieces += piece
                if len(pieces) >= PIECE:
                    yield bytes(pieces)
                    pieces.clear()
            pieces += bytes(-member.size % tarfile.BLOCKSIZE)
    # Two empty blocks end an archive, which fills a whole record.
    pieces += bytes(2 * tarfile.BLOCKSIZE)
    yield bytes(pieces)


def _stamped(member: tarfile.TarInfo, kind: bytes, now: int, rights: Rights) -> tarfile.TarInfo:
    member.type, member.mtime = kind, now
    member.uid, member.gid = rights.uid, rights.gid
    member.mode = rights.directory_mode if member.isdir() else rights.file_mode
    return member


def _pieces(content: Content, size: int) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content[:size]
    elif isinstance(content, Path | Source):
        with content.open("rb") if isinstance(content, Path) else content.open() as file:
            while size and (piece := file.read(min(PIECE, size))):
                size -= len(piece)
                yield piece
        if size:
            raise JobError(f"{content} became shorter while it was read")


def _type(content: Content) -> bytes:
    if content is None:
        return tarfile.DIRTYPE
    return tarfile.FIFOTYPE if content is Kind.FIFO else tarfile.REGTYPE


def _size(content: Content) -> int:
    if isinstance(content, bytes):
        return len(content)
    if isinstance(content, Path):
        return content.stat().st_size
    return content.size if isinstance(content, Source) else 0


def _members(name: str, content: Content, kinds: dict[str, bytes]) -> Iterator[tarfile.TarInfo]:
    """The entries that a path needs and that are not there yet; `kinds` remembers those that are."""
    wanted = _type(content)
    if name == ".." or name.startswith("../") or kinds.get(name, wanted) != wanted:
        raise JobError(f"{name!r} cannot be put below /opt/ml: it is a directory and a file at once, or outside of it")
    if name in kinds and wanted == tarfile.DIRTYPE:
        return
    yield from _members(posixpath.dirname(name) or ".", None, kinds)
    kinds[name] = wanted
    member = tarfile.TarInfo(name)
    member.type = wanted
    member.size = _size(content)
    yield member


class TooLargeError(JobError):
    """An archive has more bytes than it may have, or more entries."""


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

    def close(self) -> None:
        """Give up the chunks: an engine keeps a container that it is just reading."""
        if isinstance(self._chunks, Generator):
            self._chunks.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # typeshed's WriteableBuffer has no slices
        """Fill the buffer with the next bytes; 0 at the end."""
        while not self._rest:
            try:
                self._rest = next(self._chunks)
            except StopIteration:
                return 0
            self._left -= len(self._rest)
            if self._left < 0:
                raise TooLargeError(LARGER)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def read(
    chunks: Iterable[bytes],
    *,
    root: str,
    limit_bytes: int,
    limit_files: int = sys.maxsize,
    peek: Peek | None = None,
    linked: Callable[[File, File], None] | None = None,
) -> Iterator[File]:
    """Yield the entries of an archive as a stream, with paths made absolute below `root`.

    `root` takes the place of the first component of the archive's names, as `docker cp` gives it; with an empty root
    names are taken as they are. `peek` sees the content of each regular file as it passes; of a file with several names
    it passes once, and `linked` is told of each further name, with the entry that had the content.

    Raises:
        TooLargeError: the archive is larger than `limit_bytes`, which the size of one file is enough to tell, or has
            more than `limit_files` entries.
        JobError: it is none, or it breaks off.
    """
    try:
        found = _entries(chunks, root=root, limit_bytes=limit_bytes, peek=peek, linked=linked)
        with contextlib.closing(found):
            for count, file in enumerate(found):
                if count >= limit_files:
                    raise TooLargeError(f"the archive has more than {limit_files:,} entries")
                yield file
    except tarfile.TarError as error:
        raise JobError(f"the engine's archive cannot be read: {error}") from error


def _entries(
    chunks: Iterable[bytes],
    *,
    root: str,
    limit_bytes: int,
    peek: Peek | None,
    linked: Callable[[File, File], None] | None,
) -> Generator[File, None, None]:
    seen: dict[str, File] = {}
    with (
        io.BufferedReader(ChunkStream(chunks, limit_bytes=limit_bytes), BLOCK) as stream,
        tarfile.open(fileobj=stream, mode="r|", bufsize=BLOCK) as archive,
    ):
        while (member := archive.next()) is not None:
            # It keeps what it has read, which is most of what many files would take, and has no option not to.
            archive.members.clear()  # type: ignore[attr-defined] # no typeshed has it, every Python does
            # Of a file of holes, the engine would send every one of its zeros.
            if member.offset_data + member.size > limit_bytes:
                raise TooLargeError(LARGER)
            file = _entry(member, root)
            if member.islnk():
                original = seen.get(_path(member.linkname, root))
                file = replace(original, path=file.path, is_utf8=file.is_utf8) if original else file
                if linked is not None and original is not None and original.kind is Kind.FILE:
                    linked(file, original)
            elif peek is not None and member.isreg():
                content = archive.extractfile(member)
                if content is not None:
                    file = peek(file, content)
            # A link may lead to anything but a directory, to a symbolic link too.
            if not member.isdir():
                seen[file.path] = file
            yield file


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
        is_utf8=printable(member.name) == member.name,
    )


def _path(name: str, root: str) -> str:
    below = name.partition("/")[2] if root else name
    return posixpath.normpath(posixpath.join(root or "/", printable(below.lstrip("/"))))


def printable(name: str) -> str:
    """A file name as text that every report can hold: bytes that are not UTF-8 become escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
