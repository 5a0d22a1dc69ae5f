"""The files of a report are whole or not there, and those of an earlier session are gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.reports import directory


def test_a_file_takes_the_place_of_another_one_at_once(tmp_path: Path) -> None:
    """Until it is whole, the old one is there, and nothing else is left beside it."""
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")

    with directory.whole(path) as beside:
        beside.write_text("new", encoding="utf-8")
        assert "old" == path.read_text(encoding="utf-8")

    assert [("report.json", "new")] == [(file.name, file.read_text(encoding="utf-8")) for file in tmp_path.iterdir()]


def test_a_file_that_was_not_finished_leaves_nothing(tmp_path: Path) -> None:
    """Neither itself nor a part of it."""

    def write() -> None:
        with directory.whole(tmp_path / "report.json") as beside:
            beside.write_text("ne", encoding="utf-8")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write()

    assert [] == list(tmp_path.iterdir())


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """What it led to stays as it is."""
    elsewhere, path = tmp_path / "elsewhere", tmp_path / "report.json"
    elsewhere.write_text("mine", encoding="utf-8")
    path.symlink_to(elsewhere)

    with directory.whole(path) as beside:
        beside.write_text("new", encoding="utf-8")

    assert ("mine", "new") == (elsewhere.read_text(encoding="utf-8"), path.read_text(encoding="utf-8"))
    assert not path.is_symlink()


def test_clearing_leaves_a_link_for_junit_alone(tmp_path: Path) -> None:
    """Such as /dev/stdout; a file of an earlier session is removed."""
    target, link, file = tmp_path / "target", tmp_path / "link.xml", tmp_path / "own.xml"
    for path in (target, file, tmp_path / "junit.xml"):
        path.write_text("old", encoding="utf-8")
    link.symlink_to(target)

    directory.clear(tmp_path, link)
    directory.clear(tmp_path, file)

    assert {target, link} == set(tmp_path.iterdir())
