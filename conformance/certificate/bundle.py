"""A bundle as files: written as one archive that is the same for the same content, and read from whoever made it."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import stat
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from conformance.certificate.rejected import reject
from conformance.errors import UsageError
from conformance.reports import directory

SUMS = "SHA256SUMS"

MOST_BYTES = 128 << 20
"""How large all files of a bundle may be together."""

MOST_FILES = 10_000

NAME = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,199}/){0,2}[A-Za-z0-9_][A-Za-z0-9._-]{0,199}", re.ASCII)
"""What the files of a bundle are called: below it, and nothing that is hidden or leads elsewhere."""

_LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)", re.ASCII)


def sums(files: Mapping[str, bytes]) -> bytes:
    """What `sha256sum` prints for these files, in the order of their names."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(lines).encode()


def archive(files: Mapping[str, bytes]) -> bytes:
    """The tar archive of these files, which has nothing else in it: no times, no owners, one order."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as opened:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            opened.addfile(member, io.BytesIO(files[name]))
    return packed.getvalue()


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a bundle of these files and their digests; raises OSError where it cannot be written."""
    content = archive({**files, SUMS: sums(files)})
    with directory.whole(path) as beside:
        beside.write_bytes(gzip.compress(content, compresslevel=6, mtime=0))


def read(path: Path) -> dict[str, bytes]:
    """All files of a bundle, by their names.

    Raises:
        UsageError: there is nothing at this path, or it cannot be read.
        Rejected: it is no bundle, has more than a bundle may have (V01), or its digests do not agree (V03).
    """
    files: dict[str, bytes] = {}
    size = 0
    try:
        for name, content in _of_directory(path) if path.is_dir() else _of_archive(path):
            if not NAME.fullmatch(name):
                reject("V01", f"expected the name of a file below the bundle, got {name[:200]!r}")
            if name in files:
                reject("V01", f"{name} is there twice")
            size += len(content)
            if size > MOST_BYTES or len(files) == MOST_FILES:
                reject("V01", f"expected at most {MOST_BYTES >> 20} MiB and {MOST_FILES:,} files")
            files[name] = content
    except OSError as error:
        raise UsageError(f"{path}: expected a bundle, but it cannot be read: {error.strerror}") from error
    return files


def check_sums(files: Mapping[str, bytes]) -> None:
    """Raise `Rejected` where `SHA256SUMS` does not have the digest of each file (V03)."""
    lines = files[SUMS].decode("ascii", "replace").splitlines()
    told: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line)
        if found is None or found[2] in told:
            reject("V03", f"{SUMS}:{number}: expected a digest and a name that is not there yet, got {line[:100]!r}")
        told[found[2]] = found[1]
    for name in sorted(told.keys() | files.keys() - {SUMS}):
        if name not in files or name not in told:
            reject("V03", f"{name} is {'listed but not there' if name in told else 'there but not listed'}")
        if told[name] != hashlib.sha256(files[name]).hexdigest():
            reject("V03", f"{name} is not the file of {SUMS}: its digest differs")
    if files[SUMS] != sums({name: content for name, content in files.items() if name != SUMS}):
        reject("V03", f"{SUMS} is not in the order of the names")


def _of_directory(path: Path) -> Iterator[tuple[str, bytes]]:
    waiting, left, count = [path], MOST_BYTES, 0
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                count += 1
                name = os.fsencode(os.path.relpath(entry.path, path)).decode("utf-8", "backslashreplace")
                if count > 2 * MOST_FILES:
                    reject("V01", f"expected at most {MOST_FILES:,} files")
                if entry.is_dir(follow_symlinks=False) and NAME.fullmatch(name):
                    waiting.append(Path(entry.path))
                else:
                    content = _file(Path(entry.path), name, left)
                    left -= len(content)
                    yield name, content


def _file(path: Path, name: str, left: int) -> bytes:
    if not stat.S_ISREG(path.lstat().st_mode):
        reject("V01", f"{name[:200]} is no regular file")
    # What has become a link or a FIFO meanwhile is neither followed nor waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            reject("V01", f"{name[:200]} is no regular file")
        content = file.read(left + 1)
    return content if len(content) <= left else reject("V01", f"expected at most {MOST_BYTES >> 20} MiB")


def _of_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    if not stat.S_ISREG(path.stat().st_mode):
        reject("V01", f"{path} is neither a directory nor a file")
    try:
        with gzip.open(path) as unpacked:
            # Headers and padding come on top of the files.
            most = MOST_BYTES + MOST_FILES * 2 * tarfile.BLOCKSIZE
            content = unpacked.read(most + 1)
        if len(content) > most:
            reject("V01", f"expected at most {MOST_BYTES >> 20} MiB and {MOST_FILES:,} files")
        files: dict[str, bytes] = {}
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as opened:
            for member in opened:
                found = opened.extractfile(member) if member.isreg() else None
                if found is None:
                    reject("V01", f"{member.name[:200]} is no regular file")
                files[member.name] = found.read()
                yield member.name, files[member.name]
        # What one program takes for the end of an archive, another one reads past.
        if archive(files) != content:
            reject("V01", "there is more in the archive than its files, or they are in another order")
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile, ValueError) as error:
        reject("V01", f"expected a .tar.gz of at most {MOST_BYTES >> 20} MiB: {error}")
