"""Which account an image's USER means, looked up in the image's own /etc/passwd and /etc/group as the engine does."""

from __future__ import annotations

import re

from conformance.image.image import Image

PASSWD, GROUP = "/etc/passwd", "/etc/group"
NUMBER = re.compile(r"[0-9]{1,20}")
LARGEST_ID = (1 << 31) - 1
"""The largest number that the engine accepts for a user or group without an entry."""


def unknown_names(image: Image) -> tuple[tuple[str, str], ...]:
    """The parts of USER that match no account, each with the file that was searched."""
    user, _, group = image.user.partition(":")
    asked = ((user, PASSWD), (group, GROUP))
    return tuple((name, path) for name, path in asked if name and not _is_known(image, name, path))


def unread_files(image: Image) -> tuple[str, ...]:
    """Which of the two files USER needs although its content is unknown, since it is a link to another place."""
    user, _, group = image.user.partition(":")
    asked = [path for name, path in ((user, PASSWD), (group, GROUP)) if name and not NUMBER.fullmatch(name)]
    return tuple(path for path in asked if path not in image.documents and image.files.resolve(path).file is not None)


def user_id(image: Image) -> int | None:
    """The id of the user that the image runs as; None if the name is unknown."""
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
    """The entries of an account file by name; as in the engine, comments are ignored and the first entry wins."""
    found: dict[str, list[str]] = {}
    for line in image.documents.get(path, b"").decode("utf-8", "backslashreplace").split("\n"):
        fields = line.strip().split(":")
        found.setdefault(fields[0], fields)
    return found
