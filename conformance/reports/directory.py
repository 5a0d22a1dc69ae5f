"""The directory of a session's reports: without those of an earlier one, and each file whole or not there at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from conformance.reports import logs, names


def clear(directory: Path, junit: Path | None) -> None:
    """Remove the reports of an earlier session, so that one that ends early leaves none which speaks of another image.

    `junit` is where pytest is to write its JUnit file, if elsewhere; it may be a link such as /dev/stdout, which stays.
    Raises OSError where something cannot be removed.
    """
    for name in names.ALL:
        (directory / name).unlink(missing_ok=True)
    if junit is not None and junit.is_file() and not junit.is_symlink():
        junit.unlink()
    logs.remove(directory)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name to write a file under, which then takes the place of `path`: no reader finds half of it.

    A link at `path` is replaced and not followed.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write(path: Path, content: str) -> None:
    """Write a text file whole; see `whole`."""
    with whole(path) as beside:
        beside.write_text(content, encoding="utf-8")
