"""Whether a container that is refused by the engine is refused because of its image.

The image's own files decide: where what a container needs of them is missing, or is something else, no engine could
start it. In whose words an engine or its runtime says so changes with every version, so these count only for what the
files do not show, such as what USER may execute. Anything else is trouble of the engine's own, and says nothing of the
image.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace

from conformance.files.tree import FileTree, Kind, is_below
from conformance.image.account import unknown_names, unread_files, user_id
from conformance.image.executable import chain
from conformance.image.image import Image
from conformance.job.request import RESERVED

ACCOUNT = re.compile(
    r"unable to find (user|group)|no matching entries in (passwd|group) file|uids and gids must be in range",
    re.IGNORECASE,
)
"""USER, as Docker and Podman say it."""

DIRECTORY = re.compile(r"\bchdir to\b|Cannot mkdir: \S+ is not a directory", re.IGNORECASE)
"""WORKDIR, as runc and crun say it, and Docker when it creates a container."""

DENIED = re.compile(r"permission denied|operation not permitted", re.IGNORECASE)

REASON = (
    r"not found|no such file|permission denied|is a directory|not a directory|not a regular file|not executable"
    r"|too many levels|exec format error"
)


@dataclass(frozen=True)
class Needs:
    """What a container needs of its image: a command, unless the probe is what is started, and places for volumes."""

    argv: tuple[str, ...]
    mounts: tuple[str, ...]


def because_of(image: Image, needs: Needs, said: str) -> bool:
    """Whether it is the image, read with its files, that keeps a container from being made, filled or started.

    The environment of the image is to be the container's, in which the engine looks up the command. `said` is what the
    engine said.
    """
    return _lacks(image, needs) or _is_said(image, needs, said)


def without_links(files: FileTree, mounts: tuple[str, ...]) -> tuple[str, ...]:
    """Where the places of volumes lead to in an image, which mounted there are found by both paths."""
    return tuple(files.leads_to(mount) for mount in mounts)


def _lacks(image: Image, needs: Needs) -> bool:
    """Whether the files show that it cannot be started."""
    places = {RESERVED, *needs.mounts}
    if not _is_shadowed(image.working_directory, needs.mounts):
        places.add(posixpath.join("/", image.working_directory))
    if not all(_can_be_directory(image.files, place) for place in places):
        return True
    if unknown_names(image) and not unread_files(image):
        return True
    return _lacks_program(image, needs)


def _can_be_directory(files: FileTree, place: str) -> bool:
    """Whether a directory is there, or can be made: what the path leads to as far as it goes is one."""
    here = files.leads_to(place)
    while (entry := files.get(here)) is None:
        here = posixpath.dirname(here)
    # A loop of links leads nowhere.
    return entry.kind in {Kind.DIRECTORY, Kind.SYMLINK}


def _lacks_program(image: Image, needs: Needs) -> bool:
    """Whether the command names no program that could be executed, or a script that cannot be.

    Nothing is known of what a volume brings, or a directory of PATH that is relative.
    """
    if not needs.argv:
        return False
    word = needs.argv[0]
    places = [image.absolute(word)] if "/" in word else [posixpath.join(place, word) for place in image.search_path]
    if any(not place.startswith("/") or _is_shadowed(image.files.leads_to(place), needs.mounts) for place in places):
        return False
    fault = chain(replace(image, entrypoint=needs.argv, cmd=())).fault
    return image.executable(word).file is None or (bool(fault) and not any(mount in fault for mount in needs.mounts))


def _is_shadowed(path: str, mounts: tuple[str, ...]) -> bool:
    """Whether what an image has at a path is hidden by a volume."""
    return any(is_below(path, mount) for mount in mounts)


def _is_said(image: Image, needs: Needs, said: str) -> bool:
    if image.user and ACCOUNT.search(said):
        return True
    if DIRECTORY.search(said):
        return True
    name = posixpath.basename(needs.argv[0].rstrip("/")) if needs.argv else ""
    if name and DENIED.search(said) and user_id(image) == 0 and image.executable(needs.argv[0]).file is not None:
        # By its mode root may execute it, so that something else forbids it.
        return False
    return bool(name) and _of_program(name).search(said.replace("\\/", "/")) is not None


def _of_program(name: str) -> re.Pattern[str]:
    """What runtimes say of a program that they cannot execute: runc in double quotes or in none, crun in backticks.

    Only of this very one: an engine has programs of its own, such as hooks, and says of them in the same words that
    they are missing.
    """
    path = rf"(?:[^`\":]*/)?{re.escape(name)}"
    by_runc = rf'\bexec:? (?:"{path}"|{path}):'
    by_crun = rf"(?:executable file|the path|open|exec container process(?: \([^)]*\))?) `{path}`"
    return re.compile(rf"(?:{by_runc}|{by_crun}).*(?:{REASON})", re.IGNORECASE | re.DOTALL)
