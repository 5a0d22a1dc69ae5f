"""The overview of many sessions says what their reports say, and is never better than the worst of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import UsageError
from conformance.reports import overview
from conformance.reports.overview import WORST_FIRST, Entry
from conformance.verdict.verdict import Word
from tests.conftest import ROOT

COUNTS = {str(word): 0 for word in Word} | {"conforms": 3}
DOCUMENT: dict[str, Any] = {
    "image": {"reference": "team/train:1", "digest": "sha256:" + "1" * 64},
    "exit_status": 0,
    "strict": False,
    "profile": {"name": "image", "version": "1.0", "sha256": "2" * 64},
    "counts": COUNTS,
    "not_selected": [],
    "verdicts": [{"check": "image.platform", "verdict": "conforms"}],
    "waivers": [],
}
WAIVER = {
    "check": "image.platform",
    "image": "other:*",
    "reason": "TICKET-7",
    "owner": "me",
    "expires": "2027-01-31",
    "contains": "",
    "file": "/here/conformance-waivers.toml",
    "line": 3,
}
PASSED = Entry("team/train:1", 0, profile=DOCUMENT["profile"], counts=COUNTS)


def report(place: Path, **members: Any) -> Path:  # noqa: ANN401 - members of a report
    """A directory with a report of these members."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "report.json").write_text(json.dumps(DOCUMENT | members), encoding="utf-8")
    return place


def shared(state: str) -> Mapping[str, Any]:
    """What a report tells of the waiver."""
    return WAIVER | {"state": state, "said": ""}


def test_a_report_is_read(tmp_path: Path) -> None:
    """What the table has of it."""
    failing = {
        "exit_status": 1,
        "counts": COUNTS | {"violates": 1},
        "verdicts": [{"check": "a.b", "verdict": "violates"}],
    }
    entry = overview.of_report(report(tmp_path, **failing))

    assert ("team/train:1", 1, ("a.b",), "fails") == (entry.image, entry.exit_status, entry.failing, entry.word)


@pytest.mark.parametrize(
    "members",
    [
        {"counts": COUNTS | {"violates": 1}},
        {"counts": COUNTS | {"error": 1}},
        {"counts": COUNTS | {"conforms": 0}},
        {"verdicts": [{"check": "a.b", "verdict": "violates"}]},
        {"strict": True, "verdicts": [{"check": "a.b", "verdict": "advised"}]},
    ],
)
def test_a_report_that_contradicts_itself_is_none(members: dict[str, Any], tmp_path: Path) -> None:
    """Status 0 beside a violation, an error, or without any judgement."""
    with pytest.raises(UsageError, match="expected verdicts that agree with exit_status 0, but they do not"):
        overview.of_report(report(tmp_path, **members))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"image": 1}', "[" * 100_000, '{"exit_status": "no"}'])
def test_what_is_no_report_is_told(content: str, tmp_path: Path) -> None:
    """Whatever it holds."""
    (tmp_path / "report.json").write_text(content, encoding="utf-8")

    with pytest.raises(UsageError, match=r"report\.json: expected a report of this version of the suite, but "):
        overview.of_report(tmp_path)


@given(st.lists(st.integers(-9, 255), min_size=1, max_size=5))
def test_the_status_of_all_is_that_of_the_worst(statuses: list[int]) -> None:
    """0 only if all are; what no session ends with is an internal error."""
    status = overview.exit_status([replace(PASSED, exit_status=each) for each in statuses])
    known = [each if each in WORST_FIRST else 3 for each in statuses]

    assert (status == 0) == (set(statuses) == {0})
    assert status == {5: 6}.get(min(known, key=WORST_FIRST.index), min(known, key=WORST_FIRST.index))


def test_without_a_session_it_is_never_0() -> None:
    """Nothing was checked."""
    assert 6 == overview.exit_status([])


@pytest.mark.parametrize(
    ("states", "status"),
    [(["another image", "another image"], 1), (["another image", "used"], 0), (["undecided", "another image"], 0)],
)
def test_a_shared_waiver_has_to_be_for_one_of_the_images(states: list[str], status: int) -> None:
    """Only the overview knows all of them."""
    entries = [replace(PASSED, waivers=(shared(state),)) for state in states]

    assert status == overview.exit_status(entries)
    told = "stale: /here/conformance-waivers.toml:3: waiver of image.platform: no image matches 'other:*'"
    assert bool(status) == (told in overview.lines(entries))


def test_the_table() -> None:
    """A line for each, and what fails or was said below it."""
    entries = [
        PASSED,
        replace(PASSED, image="b", exit_status=1, counts=COUNTS | {"violates": 1}, failing=("exit.zero-on-success",)),
        replace(PASSED, image="c", counts=COUNTS | {"waived": 2}),
        Entry("d\x1b[2J", 4, said="ERROR: no such image\x07"),
    ]

    expected = (ROOT / "tests/golden/overview.txt").read_text(encoding="utf-8")
    assert expected == "".join(f"{line}\n" for line in overview.lines(entries))


def test_files_of_an_overview(tmp_path: Path) -> None:
    """An error stands in JUnit for what has no report, and its file is valid."""
    entries = [PASSED, Entry("d", 4, said="ERROR: no such image")]
    file, junit = overview.write(tmp_path / "all", entries)

    xmlschema.XMLSchema(str(ROOT / "fixtures/junit/strict.xsd")).validate(str(junit))
    document = json.loads(file.read_text(encoding="utf-8"))
    assert (1, 4, ["team/train:1", "d"]) == (
        document["schema_version"],
        document["exit_status"],
        [each["image"] for each in document["sessions"]],
    )


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (["team/train:1", "team/train_1", "team-train-1"], ["team-train-1", "team-train_1", "team-train-1-2"]),
        (["..", "/"], ["image", "image-2"]),
        (["host:5000/a@sha256:1"], ["host-5000-a-sha256-1"]),
    ],
)
def test_each_image_has_a_directory_of_its_own(images: list[str], expected: list[str]) -> None:
    """Below that of the overview, whatever its name."""
    taken: list[str] = []
    for image in images:
        taken.append(overview.folder(image, taken))

    assert expected == taken


def test_a_file_of_images(tmp_path: Path) -> None:
    """One a line, with comments."""
    file = tmp_path / "images.txt"
    file.write_text("# ours\na:1\n\n  b:2\n", encoding="utf-8")

    assert ("a:1", "b:2") == overview.images_in(file)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"# none\n", ": expected an image on each line, but there is none"),
        (b"a\n--image-keep\n", ":2: expected an image reference or id, got '--image-keep'"),
        (b"a b\n", ":1: expected an image reference or id, got 'a b'"),
        (b"\xff", ": not UTF-8 text"),
    ],
)
def test_what_is_no_file_of_images(content: bytes, expected: str, tmp_path: Path) -> None:
    """In one line."""
    file = tmp_path / "images.txt"
    file.write_bytes(content)

    with pytest.raises(UsageError) as caught:
        overview.images_in(file)

    assert f"--images-from: {file}{expected}" in str(caught.value)
