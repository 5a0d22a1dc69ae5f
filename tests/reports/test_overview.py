"""The overview of many sessions says what their reports say, and is never better than the worst of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from conformance.errors import UsageError
from conformance.reports import overview, overview_files
from conformance.reports.overview import WORST_FIRST, Entry
from conformance.verdict.verdict import Word
from tests.conftest import ROOT
from tests.support.outcomes import image as target
from tests.support.reports import report

COUNTS = {str(word): 0 for word in Word} | {"conforms": 3}
PROFILE = {"name": "image", "version": "1.0", "sha256": "2" * 64}
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
PASSED = Entry("team/train:1", 0, profile=PROFILE, counts=COUNTS, checked="2026-11-28T10:01:00Z", suite="0.1.0")
SCHEMA = json.loads(overview_files.SCHEMAS[1].read_text(encoding="utf-8"))


def written(place: Path, document: dict[str, Any]) -> Path:
    """A directory with this report."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "report.json").write_text(json.dumps(document), encoding="utf-8")
    return place


def shared(state: str) -> Mapping[str, Any]:
    """What a report tells of the waiver."""
    return WAIVER | {"state": state, "said": ""}


def test_a_report_is_read(tmp_path: Path) -> None:
    """What the table has of it."""
    entry = overview.of_report(written(tmp_path, failed()))

    assert ("example:1", 1, "fails") == (entry.image, entry.exit_status, entry.word)
    assert "environment.no-fixed-region" in entry.failing
    assert ("2026-11-28T10:01:00Z", "Docker Engine 28.5.2") == (entry.checked, entry.engine)


def test_a_report_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """It does not say when it was made."""
    file = written(tmp_path, {}) / "report.json"
    file.write_bytes((ROOT / "fixtures/reports/schema-1.json").read_bytes())

    assert "" == overview.of_report(tmp_path).checked
    Draft202012Validator(SCHEMA).validate(overview_files.document(tmp_path, [overview.of_report(tmp_path)]))


def passed() -> dict[str, Any]:
    """The report of a session that ended with 0."""
    return report() | {"exit_status": 0, "missing": []}


def failed() -> dict[str, Any]:
    """The report of a session in which one SHOULD was strict, and broken."""
    return report(of=target(environment={"AWS_REGION": "eu-west-1"}), strict=True, status=1)


CONTRADICTIONS: dict[str, tuple[Callable[[], dict[str, Any]], dict[str, Any], str]] = {
    "a violation": (failed, {"exit_status": 0}, "that is 0, and outputs.declared-outputs-written fails"),
    "a violation beside 6": (failed, {"exit_status": 6}, "that is 6, and outputs.declared-outputs-written fails"),
    "a verdict that was removed": (passed, {"verdicts": []}, "its counts are not those of its verdicts"),
    "no verdict": (
        passed,
        {"verdicts": [], "counts": {str(word): 0 for word in Word}},
        "that is 0, and nothing was judged",
    ),
    "what is missing": (passed, {"missing": ["exit.zero-on-success"]}, "errors, warnings or checks without a result"),
    "a warning": (passed, {"warnings": ["a volume is left"]}, "errors, warnings or checks without a result"),
    "a stale waiver": (passed, {"waivers": [WAIVER | {"state": "expired", "said": ""}]}, "and a waiver is stale"),
}


@pytest.mark.parametrize(("document", "members", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_report_that_contradicts_itself_is_none(
    document: Callable[[], dict[str, Any]], members: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """Whoever edits the status alone, or the verdicts alone, is found out."""
    with pytest.raises(UsageError, match="expected a report that agrees with its exit_status, but ") as caught:
        overview.of_report(written(tmp_path, document() | members))

    assert said in str(caught.value)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"image": 1}', "[" * 100_000, '{"schema_version": 2}'])
def test_what_is_no_report_is_told(content: str, tmp_path: Path) -> None:
    """Whatever it holds."""
    (tmp_path / "report.json").write_text(content, encoding="utf-8")

    with pytest.raises(UsageError, match=r"report\.json: expected a report\.json"):
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


ENTRIES = (
    PASSED,
    replace(PASSED, image="b", exit_status=1, counts=COUNTS | {"violates": 1}, failing=("exit.zero-on-success",)),
    replace(PASSED, image="c", waivers=(shared("another image"),)),
    Entry("d", 4, said="ERROR: no such image"),
)


def test_files_of_an_overview(tmp_path: Path) -> None:
    """Each is valid; an error stands in JUnit for what has no report, and the page shows all of them."""
    file, junit, html = overview_files.write(tmp_path / "all", ENTRIES)

    xmlschema.XMLSchema(str(ROOT / "fixtures/junit/strict.xsd")).validate(str(junit))
    document = json.loads(file.read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA).validate(document)
    assert (1, [each.image for each in ENTRIES]) == (
        document["exit_status"],
        [each["image"] for each in document["sessions"]],
    )
    content = html.read_text(encoding="utf-8")
    for word in ("1 fail, 1 not run, 2 pass", "exit.zero-on-success", "no such image", "no image matches"):
        assert word in content


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """Also from another place, where both were moved."""
    entries = [replace(PASSED, report=str(written(tmp_path / "a/one", passed()))), *ENTRIES]
    overview_files.write(tmp_path / "a", entries)
    (tmp_path / "a").rename(tmp_path / "b")

    found = overview_files.read(tmp_path / "b/overview.json")
    assert [replace(entries[0], report=str(tmp_path / "b/one")), *ENTRIES] == found


@given(st.lists(st.sampled_from(ENTRIES)))
def test_every_overview_is_valid(entries: list[Entry]) -> None:
    """By its schema, whatever there is."""
    document = overview_files.document(Path("here"), entries)

    Draft202012Validator(SCHEMA).validate(document)


SESSION = overview_files.document(Path("here"), ENTRIES)["sessions"][0]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"exit_status": 0}, "expected the exit_status of its sessions, got 0"),
        ({"sessions": []}, "expected the exit_status of its sessions, got 1"),
        ({"sessions": [{}]}, "schema_version 1, but at $.sessions[0]: "),
        ({"schema_version": 2}, "expected an overview.json of schema_version 1, got 2"),
        ({"more": 1}, "schema_version 1, but at $: "),
        ({"sessions": [SESSION | {"report": "\0"}]}, "schema_version 1, but at $.sessions[0].report: "),
        ({"sessions": [SESSION | {"report": "\ud800"}]}, "expected directories of reports, got '\\ud800'"),
    ],
)
def test_what_is_no_overview_is_told(members: dict[str, Any], said: str, tmp_path: Path) -> None:
    """By its schema, and by what it comes to."""
    file = tmp_path / "overview.json"
    file.write_text(json.dumps(overview_files.document(tmp_path, ENTRIES) | members), encoding="utf-8")

    with pytest.raises(UsageError) as caught:
        overview_files.read(file)
    assert said in str(caught.value)


def test_the_schema_is_one() -> None:
    """Valid by the metaschema, and for the version that it is found under."""
    Draft202012Validator.check_schema(SCHEMA)
    assert {"const": max(overview_files.SCHEMAS)} == SCHEMA["properties"]["schema_version"]


def test_the_process_has_the_last_word(tmp_path: Path) -> None:
    """Of a session that ended otherwise than its report says, JUnit has an error, and merging keeps its status."""
    good = overview.of_report(written(tmp_path / "one", passed()))
    entry = overview.ended(good, 3, "by signal 9")
    _, junit, _ = overview_files.write(tmp_path, [entry])

    assert "ended by signal 9, though its report has status 0" in junit.read_text(encoding="utf-8")
    (told,) = overview_files.read(tmp_path / "overview.json")
    assert entry == replace(overview.reconciled(good, told), report=entry.report)
    later = replace(good, checked="2026-11-29T10:01:00Z")
    assert later == overview.reconciled(later, told)
    earlier = replace(good, checked="2026-11-27T10:01:00Z")
    assert 3 == overview.reconciled(earlier, told).exit_status
    assert 6 == overview.ended(failed_entry(tmp_path), 0).exit_status


def failed_entry(place: Path) -> Entry:
    """A session whose report has status 1."""
    return overview.of_report(written(place / "two", failed()))


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
