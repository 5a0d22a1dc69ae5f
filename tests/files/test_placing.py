"""Files that are written below a directory, whatever lies there."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.files.placing import place, try_place


def names(directory: Path) -> set[str]:
    """What lies in a directory."""
    return {path.name for path in directory.iterdir()}


def test_file_is_written_with_its_directories(tmp_path: Path) -> None:
    """With the modes that the user's umask leaves, and nothing else beside it."""
    before = os.umask(0o027)
    try:
        place(tmp_path, ["a", "b", "c"], io.BytesIO(b"content"))
    finally:
        os.umask(before)

    assert b"content" == (tmp_path / "a/b/c").read_bytes()
    assert {"c"} == names(tmp_path / "a/b")
    assert (0o640, 0o750) == ((tmp_path / "a/b/c").stat().st_mode & 0o777, (tmp_path / "a").stat().st_mode & 0o777)


def test_file_that_is_there_is_replaced_and_not_written_into(tmp_path: Path) -> None:
    """Whoever has it open keeps the old content."""
    (tmp_path / "a").write_bytes(b"old")
    with (tmp_path / "a").open("rb") as opened:
        place(tmp_path, ["a"], io.BytesIO(b"new"))

        assert (b"old", b"new") == (opened.read(), (tmp_path / "a").read_bytes())


def test_link_in_the_place_of_the_file_is_replaced(tmp_path: Path) -> None:
    """What it leads to stays as it is."""
    (tmp_path / "elsewhere").write_bytes(b"old")
    (tmp_path / "a").symlink_to(tmp_path / "elsewhere")

    place(tmp_path, ["a"], io.BytesIO(b"new"))

    assert (b"old", b"new") == ((tmp_path / "elsewhere").read_bytes(), (tmp_path / "a").read_bytes())
    assert not (tmp_path / "a").is_symlink()


@pytest.mark.parametrize("write", [place, lambda root, parts, _: try_place(root, parts)], ids=["place", "try_place"])
@pytest.mark.parametrize(
    "parts",
    [["link", "a"], ["link"] * 2, ["..", "a"], [".", "a"], ["", "a"], ["a", ""], ["a/b"], ["a\0b"], [], ["file", "a"]],
    ids=repr,
)
def test_nothing_is_written_elsewhere(
    parts: list[str], write: Callable[[Path, list[str], io.BytesIO], None], tmp_path: Path
) -> None:
    """Whatever the name is and wherever a link leads."""
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / "link").symlink_to(elsewhere)
    (root / "file").touch()

    with pytest.raises(OSError, match=r"."):
        write(root, parts, io.BytesIO(b"x"))

    assert ({"link", "file"}, set()) == (names(root), names(elsewhere))


def test_content_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """The old file stays."""

    class Broken(io.BytesIO):
        """Ends with an error."""

        def read(self, size: int | None = -1) -> bytes:
            """Break off."""
            del size
            raise OSError("gone")

    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(OSError, match="gone"):
        place(tmp_path, ["a"], Broken())

    assert ({"a"}, b"old") == (names(tmp_path), (tmp_path / "a").read_bytes())
