"""What the benchmarks make of what they measured; nothing here measures anything."""

import io
import json
import os
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import results, sessions
from benchmarks.__main__ import BENCHMARKS
from benchmarks.checks import is_of, structure_tests
from benchmarks.table import Row, closing
from conformance.service import labels
from images.builder import folders

COMPARED = Row("compared", (1.0, 9.0, 2.0), (4.0, 4.0, 8.0), most=0.5)
ALONE = Row("alone", (10.5, 11.0), most=10)
COUNTED = Row("counted", (4.0, 4.0, 4.0), unit="")


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (COMPARED, "compared | 2.000 s (1.500-5.500) | 4.000 s (4.000-6.000) | 0.500 | at most 0.5: holds"),
        (
            replace(COMPARED, most=0.49),
            "compared | 2.000 s (1.500-5.500) | 4.000 s (4.000-6.000) | 0.500 | at most 0.49: MISSED",
        ),
        (ALONE, "alone | 10.750 s (10.625-10.875) | at most 10 s: MISSED"),
        (replace(ALONE, ours=(9.0,)), "alone | 9.000 s | at most 10 s: holds"),
        (COUNTED, "counted | 4"),
    ],
)
def test_a_row_says_what_was_measured_and_whether_its_bound_held(row: Row, line: str) -> None:
    """Medians and quartiles of both, the ratio of the medians, and the bound upon it, or upon ours alone."""
    cells = [cell for cell in str(row).split("  ") if cell]

    assert line == " | ".join(cell.strip() for cell in cells)


def test_the_closing_line_counts_the_bounds_and_names_those_that_were_missed() -> None:
    """A row without a bound counts for nothing."""
    assert "1 of 1 bounds held in this run." == closing([COMPARED, COUNTED])
    assert "1 of 2 bounds held in this run; missed: alone." == closing([COMPARED, ALONE, COUNTED])


def test_every_benchmark_has_a_heading() -> None:
    """It names how often was measured, and the two that are compared."""
    lacking = [
        (name, part)
        for name, benchmark in BENCHMARKS.items()
        for part in ("of 7 turns", benchmark.ours, benchmark.theirs, "ratio", "bound")
        if part not in benchmark.header(7)
    ]

    assert [] == lacking


def test_the_images_of_a_fleet_are_there() -> None:
    """Eight of them, under the names of their folders."""
    assert 8 == len(set(sessions.EIGHT))
    assert set(sessions.EIGHT) <= set(folders.all_names())


def test_a_large_image_is_an_archive_of_its_size() -> None:
    """It has a program and files of a gigabyte, here of less."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "FILE_BYTES", 2 << 20)
        whole = b"".join(sessions._archive())
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        assert [("program", 0), ("opt/data/0", 2 << 20)] == [(each.name, each.size) for each in archive][:2]


def test_as_many_tests_are_compared_with_as_are_asked_for() -> None:
    """Each of them is one command of its own."""
    assert 5 == len(json.loads(structure_tests(5))["commandTests"])


def test_what_is_kept_is_what_the_next_time_is_compared_with(tmp_path: Path) -> None:
    """Ratios and counts; seconds alone tell nothing on another day, and noise is not told."""
    results.keep([COMPARED, ALONE, COUNTED], "Docker Engine 20.10", tmp_path)
    path = results.keep([ALONE], "Docker Engine 20.10", tmp_path)
    day, before = results.last(tmp_path)

    assert ({"compared": 0.5, "counted": 4.0}, path.stem) == (before, day)
    assert ["Docker Engine 20.10", 3] == [(kept := json.loads(path.read_text()))["engine"], len(kept["rows"])]
    assert [f"2 of 2 figures are within 10% of those of {day}."] == list(
        results.differences([replace(COMPARED, ours=(2.1,)), ALONE, COUNTED], day, before)
    )
    assert [
        f"better than on {day}: compared: 0.5 -> 0.25",
        f"worse than on {day}: counted: 4 -> 5",
        f"0 of 2 figures are within 10% of those of {day}.",
    ] == list(results.differences([replace(COMPARED, ours=(1.0,)), replace(COUNTED, ours=(5.0,))], day, before))


def test_the_first_time_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    """And nothing is said of it."""
    assert [] == list(results.differences([COMPARED], *results.last(tmp_path)))


def event(owner: str) -> dict[str, Any]:
    """The engine's account of a container that this process made."""
    return {"Action": "create", "Actor": {"Attributes": {labels.OWNER: owner}}}


def test_containers_of_other_sessions_are_not_counted() -> None:
    """Neither those of another process nor those of another machine, and nothing that has no owner."""
    ours = labels.Owner.current()
    others = [replace(ours, pid=ours.pid + 1), replace(ours, machine="other"), replace(ours, namespace="other")]
    events = [event(str(owner)) for owner in (ours, *others)] + [event("")]

    assert [True, False, False, False, False] == [is_of(each, os.getpid()) for each in events]
