"""A file tree that was read once from an archive: names, modes and links, and hardly any content.

It answers what a path leads to *inside the container*, which the machine that runs the suite cannot: links are
followed within the tree, never on the host.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

LONGEST_LINK_CHAIN = 40
"""As many links as Linux follows before it says ELOOP (`path_resolution(7)`)."""


class Kind(StrEnum):
    """What an entry of the tree is."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symbolic link"
    FIFO = "FIFO"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class File:
    """One entry: `path` is absolute, `size` is in bytes, `head` holds the first bytes where they were wanted.

    Of a path that is not UTF-8, the bytes that are not stand in `path` as escapes, and `is_utf8` is False.
    """

    path: str
    kind: Kind
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    size: int = 0
    target: str = ""
    head: bytes = b""
    is_utf8: bool = True


@dataclass(frozen=True, slots=True)
class Resolution:
    """Where a path leads: to `file`, or to nothing, for which `problem` is the reason in words."""

    file: File | None
    problem: str = ""


ROOT = File("/", Kind.DIRECTORY, mode=0o755)


@dataclass(frozen=True)
class FileTree:
    """All entries by absolute path, in the order of their paths."""

    entries: Mapping[str, File] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Iterable[File]) -> FileTree:
        """Make a tree of these files; a later entry replaces an earlier one of the same path."""
        return cls({file.path: file for file in sorted(files, key=lambda file: file.path)})

    def __iter__(self) -> Iterator[File]:
        """All entries, in the order of their paths."""
        return iter(self.entries.values())

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self.entries)

    @cached_property
    def directories(self) -> frozenset[str]:
        """Every path that has something below it, also where the archive had no entry for it."""
        found = {"/"}
        for path in self.entries:
            parent = posixpath.dirname(path)
            while parent not in found:
                found.add(parent)
                parent = posixpath.dirname(parent)
        return frozenset(found)

    def get(self, path: str) -> File | None:
        """The entry at this very path, links not followed; a directory that is only implied counts."""
        if path == "/":
            return ROOT
        entry = self.entries.get(path)
        if entry is None and path in self.directories:
            return File(path, Kind.DIRECTORY, mode=0o755)
        return entry

    def below(self, directory: str) -> Iterator[File]:
        """Every entry below this directory, the directory itself left out."""
        prefix = directory.rstrip("/") + "/"
        return (file for file in self if file.path.startswith(prefix))

    def leads_to(self, path: str) -> str:
        """The path without links that a path leads to, also where nothing is there; unchanged in a loop of links."""
        here = "/"
        waiting = _parts(path)
        followed = 0
        while waiting:
            part = waiting.pop(0)
            if part in {".", ".."}:
                here = posixpath.dirname(here) if part == ".." else here
                continue
            entry = self.get(posixpath.join(here, part))
            if entry is None or entry.kind is not Kind.SYMLINK:
                here = posixpath.join(here, part)
                continue
            followed += 1
            if followed > LONGEST_LINK_CHAIN:
                return path
            waiting = _parts(entry.target) + waiting
            here = "/" if entry.target.startswith("/") else here
        return here

    def resolve(self, path: str) -> Resolution:
        """Follow a path as the kernel does, links in the middle and at the end included."""
        waiting = _parts(path)
        here = "/"
        followed = 0
        while waiting:
            part = waiting.pop(0)
            if part == ".":
                continue
            if part == "..":
                here = posixpath.dirname(here)
                continue
            step = posixpath.join(here, part)
            entry = self.get(step)
            if entry is None:
                return Resolution(None, f"{step} does not exist")
            if entry.kind is Kind.SYMLINK:
                followed += 1
                if followed > LONGEST_LINK_CHAIN:
                    return Resolution(None, f"{step} is part of a loop of symbolic links")
                waiting = _parts(entry.target) + waiting
                here = "/" if entry.target.startswith("/") else here
                continue
            if waiting and entry.kind is not Kind.DIRECTORY:
                return Resolution(None, f"{step} is a {entry.kind}, not a directory")
            here = step
        return Resolution(self.get(here))


def _parts(path: str) -> list[str]:
    """The components of a path; a slash at its end asks for a directory, as `/.` does."""
    return [part for part in path.split("/") if part] + (["."] if path.endswith("/") else [])


def is_below(path: str, directory: str) -> bool:
    """Say whether a path is a directory or lies in it; both are absolute."""
    path, directory = posixpath.normpath(path), posixpath.normpath(directory)
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def kept_back(path: str, directory: str, volumes: Iterable[str]) -> str:
    """The VOLUME of an image that keeps a path from the directory that it lies in; empty where none does.

    A VOLUME strictly below a directory is another volume than the directory's own: what is written there stays there.
    """
    below = (posixpath.normpath(volume) for volume in volumes)
    lost = (volume for volume in below if volume != directory and is_below(volume, directory))
    return next((volume for volume in lost if is_below(path, volume)), "")
