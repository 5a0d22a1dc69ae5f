"""Whom an image's USER stands for, as the engine looks it up in the image's own /etc/passwd and /etc/group."""

from __future__ import annotations

import re

from conformance.image.image import Image

PASSWD, GROUP = "/etc/passwd", "/etc/group"
NUMBER = re.compile(r"[0-9]{1,20}")
LARGEST_ID = (1 << 31) - 1
"""The largest number that the engine takes for a user or a group that has no entry."""


def unknown_names(image: Image) -> tuple[tuple[str, str], ...]:
    """The parts of USER that no account has, each with the file that was asked."""
    user, _, group = image.user.partition(":")
    asked = ((user, PASSWD), (group, GROUP))
    return tuple((name, path) for name, path in asked if name and not _is_known(image, name, path))


def unread_files(image: Image) -> tuple[str, ...]:
    """The files among the two that USER asks for and whose content was not read, since they lie elsewhere."""
    user, _, group = image.user.partition(":")
    asked = [path for name, path in ((user, PASSWD), (group, GROUP)) if name and not NUMBER.fullmatch(name)]
    return tuple(path for path in asked if path not in image.documents and image.files.resolve(path).file is not None)


def user_id(image: Image) -> int | None:
    """The number of the user that the image runs as; None where the name is not known."""
    name = image.user.partition(":")[0]
    if not name:
        return 0
    fields = _entries(image, PASSWD).get(name)
    number = fields[2] if fields and len(fields) > 2 else {"root": "0"}.get(name, name)  # noqa: PLR2004 - see passwd(5)
    return int(number) if NUMBER.fullmatch(number) else None


def _is_known(image: Image, name: str, path: str) -> bool:
    if name in _entries(image, path):
        return True
    return NUMBER.fullmatch(name) is not None and int(name) <= LARGEST_ID


def _entries(image: Image, path: str) -> dict[str, list[str]]:
    """The lines of a file of accounts by their first field; the engine passes over comments, and the first one wins."""
    found: dict[str, list[str]] = {}
    for line in image.documents.get(path, b"").decode("utf-8", "backslashreplace").split("\n"):
        fields = line.strip().split(":")
        found.setdefault(fields[0], fields)
    return found
