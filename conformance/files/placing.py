"""Writing files below a directory, whatever others have put there: never through a symbolic link, and never out of it.

A name may come from a request, and a link may be put in the way at any moment. So no path is looked at and then used:
each directory is opened in the one before, which does not follow links, and the file is put in place by its name there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def place(root: Path, parts: Sequence[str], content: IO[bytes]) -> None:
    """Write a file at these components below a directory; whoever reads it meanwhile finds the old one or the new one.

    Raises:
        OSError: a component leads elsewhere or cannot be a name, a link or a file is where a directory has to be, or it
            cannot be written.
    """
    *folders, name = _names(parts)
    temporary = f".{uuid.uuid4().hex}"
    with _opened(root, folders, make=True) as (directory, missing):
        if missing:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), missing)
        try:
            new = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=directory)
            with open(new, "wb") as file:  # noqa: PTH123 - a descriptor has no path
                shutil.copyfileobj(content, file, 1 << 20)
            os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=directory)
            raise


def try_place(root: Path, parts: Sequence[str]) -> None:
    """Raise what `place` would raise for what is there now; nothing is made."""
    with _opened(root, _names(parts), make=False) as (directory, missing):
        if not os.access(f"/proc/self/fd/{directory}", os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), missing or parts[-1])


def _names(parts: Sequence[str]) -> list[str]:
    if not parts:
        raise OSError(errno.EINVAL, "has no name")
    for part in parts:
        if part in {"", ".", ".."} or "/" in part or "\0" in part:
            raise OSError(errno.EINVAL, "cannot be the name of a file", part)
    return list(parts)


@contextlib.contextmanager
def _opened(root: Path, folders: Sequence[str], *, make: bool) -> Iterator[tuple[int, str]]:
    """The directory at these components; where they are not made, the last one that is there and the first that is not.

    The root itself may be a link: it is what the user named.
    """
    directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    missing = ""
    try:
        for name in folders:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o777, dir_fd=directory)
            try:
                inner = os.open(name, DIRECTORY, dir_fd=directory)
            except FileNotFoundError:
                missing = name
                break
            except OSError as error:
                # A link is no directory to Linux where it is not followed.
                is_link = error.errno in {errno.ELOOP, errno.ENOTDIR} and _is_link(name, directory)
                reason = "is a symbolic link" if is_link else os.strerror(error.errno or 0)
                raise OSError(error.errno, reason, name) from error
            os.close(directory)
            directory = inner
        yield directory, missing
    finally:
        os.close(directory)


def _is_link(name: str, directory: int) -> bool:
    try:
        os.readlink(name, dir_fd=directory)
    except OSError:
        return False
    return True
