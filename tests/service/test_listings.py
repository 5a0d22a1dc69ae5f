"""Lists of files that are kept: the same image as read anew, never another one's, and in bounded room."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.files.tree import File, FileTree, Kind
from conformance.image.image import Image
from conformance.service import engine, inspection, listings
from conformance.service.labels import RUN
from conformance.service.listings import Listings

ENGINE = "Docker Engine 20.10.24"
BARE = Image("example", "sha256:1", "sha256:1")
TEXT = st.text(max_size=20)
FILES = st.builds(
    File,
    path=TEXT.map("/{}".format),
    kind=st.sampled_from(Kind),
    mode=st.integers(0, 0o7777),
    uid=st.integers(0, 1 << 31),
    gid=st.integers(0, 1 << 31),
    size=st.integers(0, 1 << 62),
    target=TEXT,
    head=st.binary(max_size=40),
    is_utf8=st.booleans(),
)
IMAGES = st.builds(
    replace,
    st.just(BARE),
    files=st.lists(FILES).map(FileTree.of),
    documents=st.dictionaries(TEXT, st.binary(max_size=40)),
    forward_compatible=st.frozensets(TEXT),
)
LISTED = replace(
    BARE,
    files=FileTree.of([File("/bin/sh", Kind.FILE, 0o755, size=9, head=b"#!/bin/x")]),
    documents={"/etc/passwd": b"root:\xff"},
)


class Export:
    """Lists an image's files, and knows how often it did."""

    def __init__(self, listed: Image = LISTED) -> None:
        """Return this image."""
        self._listed = listed
        self.count = 0

    def __call__(self) -> Image:
        """As if it were read from the engine."""
        self.count += 1
        return self._listed


@given(listed=IMAGES)
def test_a_list_is_kept_without_loss(listed: Image, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever the names, kinds, owners and first bytes of the files are, and in the order of their paths."""
    directory = tmp_path_factory.mktemp("lists")
    Listings(directory).read(BARE, ENGINE, Export(listed))
    again = Listings(directory).read(BARE, ENGINE, _never)

    assert again == listed
    assert list(again.files) == list(listed.files)


@pytest.mark.engine
def test_the_files_of_an_image_are_exported_once(reached: engine.Engine, image: Image, tmp_path: Path) -> None:
    """What is found the second time is what the engine gave at first, documents and heads of programs included."""
    kept = Listings(tmp_path / "files")
    at_first = kept.read(image, str(reached), lambda: inspection.read_files(reached, image, {RUN: "listings"}))

    assert kept.read(image, str(reached), _never) == at_first
    assert at_first.executable("python3").file
    assert (tmp_path / "files").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("other", "at"),
    [
        (replace(BARE, id="sha256:2"), ENGINE),
        (replace(BARE, variant="v3"), ENGINE),
        (replace(BARE, architecture="arm64"), ENGINE),
        (BARE, "Podman 5.8.6"),
    ],
)
def test_a_list_is_that_of_one_image_on_one_engine(other: Image, at: str, tmp_path: Path) -> None:
    """Engines put files of their own into a container, and an id may name several variants."""
    Listings(tmp_path).read(BARE, ENGINE, Export())
    export = Export()
    Listings(tmp_path).read(other, at, export)

    assert export.count == 1


def test_a_list_is_not_used_by_a_suite_that_keeps_other_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as more of each program, or further documents: a rule would miss what the old list lacks."""
    Listings(tmp_path).read(BARE, ENGINE, Export())
    monkeypatch.setattr(listings, "_code", lambda: "other")
    export = Export()
    Listings(tmp_path).read(BARE, ENGINE, export)

    assert export.count == 1


WHOLE = gzip.compress(b'{"files": [], "documents": {}, "forward_compatible": []}')


@pytest.mark.parametrize(
    "content",
    [
        b"",
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:-12] + bytes(12),
        b"{}",
        gzip.compress(b"{}"),
        gzip.compress(b"[]"),
        gzip.compress(b'{"files": [["/"]], "documents": {}, "forward_compatible": []}'),
        gzip.compress(b'{"files": [], "documents": [], "forward_compatible": []}'),
    ],
    ids=["empty", "half", "damaged", "not compressed", "nothing in it", "a list", "half a file", "no documents"],
)
def test_a_damaged_list_is_as_if_there_were_none(content: bytes, tmp_path: Path) -> None:
    """The files are listed anew, and the list is whole from then on."""
    Listings(tmp_path).read(BARE, ENGINE, Export())
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    export = Export()

    assert Listings(tmp_path).read(BARE, ENGINE, export) == LISTED
    assert export.count == 1
    assert Listings(tmp_path).read(BARE, ENGINE, _never) == LISTED


def test_what_was_not_used_for_longest_makes_room(tmp_path: Path) -> None:
    """A list that was used in between stays, however old it is."""
    images = [replace(BARE, id=f"sha256:{number}") for number in range(3)]
    size = _size_of_one(tmp_path / "one")
    kept = Listings(tmp_path / "all", most_bytes=2 * size + size // 2)
    for age, image in zip((30, 20), images, strict=False):
        before = set(_paths(tmp_path / "all"))
        kept.read(image, ENGINE, Export())
        (path,) = set(_paths(tmp_path / "all")) - before
        os.utime(path, (age, age))
    kept.read(images[1], ENGINE, _never)
    kept.read(images[2], ENGINE, Export())

    assert len(_paths(tmp_path / "all")) == 2
    assert kept.read(images[1], ENGINE, _never).files == LISTED.files
    assert kept.read(images[2], ENGINE, _never).files == LISTED.files


def test_a_list_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    """Nor does it drive out the others."""
    kept = Listings(tmp_path, most_bytes=10)

    assert kept.read(BARE, ENGINE, Export()) == LISTED
    assert not _paths(tmp_path)


def test_a_directory_that_others_can_write_is_not_used(tmp_path: Path) -> None:
    """What stands there may be anybody's, and verdicts would rest on it."""
    Listings(tmp_path).read(BARE, ENGINE, Export())
    tmp_path.chmod(0o777)
    export = Export()

    assert Listings(tmp_path).read(BARE, ENGINE, export) == LISTED
    assert export.count == 1


def test_where_nothing_can_be_kept_the_files_are_read_all_the_same(tmp_path: Path) -> None:
    """Such as in a home that is none, or on a full disk."""
    (tmp_path / "file").touch()

    assert Listings(tmp_path / "file" / "lists").read(BARE, ENGINE, Export()) == LISTED


def test_without_a_home_there_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` stays as it is then, and would be a directory in the current one."""
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: Path("~/.cache/processing-conformance"))

    assert Listings.of_user() is None


def _never() -> Image:
    raise AssertionError("the files were listed before")


def _paths(directory: Path) -> list[Path]:
    return sorted(directory.iterdir()) if directory.exists() else []


def _size_of_one(directory: Path) -> int:
    Listings(directory).read(BARE, ENGINE, Export())
    (path,) = directory.iterdir()
    return path.stat().st_size
