"""The image under test: its configuration, and the names of all its files. Read once, never changed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from conformance.files.tree import File, FileTree, Kind

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The PATH that Docker gives a container whose image sets none."""


@dataclass(frozen=True)
class Executable:
    """What a command's first word resolves to: `file`, or the reason why nothing could be started."""

    word: str
    file: File | None
    missing: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Layer:
    """One layer that holds something: its size in bytes, and the instruction that made it, as the builder tells it."""

    size: int
    created_by: str


@dataclass(frozen=True)
class Image:
    """An image as the engine describes it.

    `variant` tells processors of one architecture apart, such as `v3`. `digest` is what the reports are bound to: the
    manifest's digest where the image came from a registry, else the image id. `pinned` are the references with a digest
    under which registries have it. `documents` holds the few text files that rules need, by path; `forward_compatible`
    names libraries that carry NVIDIA's forward-compatibility note. `layers` are those that hold anything, the lowest
    first.
    """

    reference: str
    id: str
    digest: str
    pinned: tuple[str, ...] = ()
    os: str = "linux"
    architecture: str = "amd64"
    variant: str = ""
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    working_directory: str = "/"
    volumes: tuple[str, ...] = ()
    shell: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    size: int = 0
    files: FileTree = field(default_factory=FileTree)
    documents: Mapping[str, bytes] = field(default_factory=dict)
    forward_compatible: frozenset[str] = frozenset()
    layers: tuple[Layer, ...] = ()

    @property
    def platform(self) -> str:
        """Operating system and architecture as Docker writes them: `linux/amd64`."""
        return f"{self.os}/{self.architecture}"

    @property
    def argv(self) -> tuple[str, ...]:
        """What runs when a request overrides nothing: ENTRYPOINT followed by CMD."""
        return self.entrypoint + self.cmd

    @property
    def search_path(self) -> tuple[str, ...]:
        """The directories of PATH, in order."""
        return tuple(part for part in self.environment.get("PATH", DEFAULT_PATH).split(":") if part)

    def absolute(self, path: str) -> str:
        """A path as resolved by a process in WORKDIR."""
        # Not shortened: where `..` follows a link, only the tree knows what it leads to.
        return posixpath.join("/", self.working_directory, path)

    def executable(self, word: str) -> Executable:
        """Find the program that `execve` would get for the first word of a command.

        A word with a slash is a path, relative to WORKDIR; any other is looked for in PATH, where a candidate that
        may not be executed is passed over, as the engine does.
        """
        if "/" in word:
            candidates = [self.absolute(word)]
        else:
            candidates = [posixpath.join(place, word) for place in self.search_path if place.startswith("/")]
        refused = ""
        missed = ""
        for candidate in candidates:
            found = self.files.resolve(candidate)
            if found.file is None:
                is_link = self.files.get(candidate) is not None
                linked = f"{candidate} is a symbolic link, and " if is_link else ""
                missed = missed or (f"{linked}{found.problem}" if is_link or "/" in word else "")
            elif found.file.kind is not Kind.FILE:
                refused = refused or f"{candidate} is a {found.file.kind}"
            elif not found.file.mode & 0o111:
                refused = refused or f"{candidate} has mode {found.file.mode & 0o7777:04o}"
            else:
                return Executable(word, found.file)
        if refused:
            return Executable(word, None, problem=refused)
        where = f"no directory of PATH has it ({':'.join(self.search_path)})"
        return Executable(word, None, missing=True, problem=missed or where)

    def path_words(self) -> Iterator[str]:
        """The words of the command that may name a file, and the command that a shell form would run."""
        for word in self.argv:
            yield from (part.strip("'\"();&|") for part in word.split())
