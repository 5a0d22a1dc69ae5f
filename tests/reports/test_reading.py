"""Reading `report.json`: of this version, of an earlier one, and what is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.errors import UsageError
from conformance.reports import reading
from conformance.reports.document import SCHEMA_VERSION
from tests.conftest import ROOT
from tests.support.reports import report

OLD = ROOT / "fixtures/reports/schema-1.json"


def written(directory: Path, document: Any) -> Path:  # noqa: ANN401 - any JSON
    """A file with this content."""
    file = directory / "report.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_what_is_written_is_read_as_it_is(tmp_path: Path) -> None:
    """A report of this version comes back unchanged."""
    document = report()

    assert document == reading.read(written(tmp_path, document))


def test_a_report_of_version_1_is_read() -> None:
    """It has all that one of this version has, and what nobody recorded then is empty; its verdicts are unchanged."""
    old, new = json.loads(OLD.read_text(encoding="utf-8")), report()

    found = reading.read(OLD)

    assert new.keys() == found.keys()
    assert (1, SCHEMA_VERSION) == (old["schema_version"], found["schema_version"])
    assert [each | {"logs": [], "waived": None} for each in old["verdicts"]] == found["verdicts"]
    for run in found["runs"]:
        assert new["runs"][0].keys() == run.keys()
        assert all(new["runs"][0]["hosts"][0].keys() == host.keys() for host in run["hosts"])
    assert found["runs"]


def test_every_schema_is_one() -> None:
    """Valid by the metaschema, and for the version that it is found under."""
    for version, path in reading.SCHEMAS.items():
        schema = json.loads(path.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        assert {"const": version} == schema["properties"]["schema_version"]
    assert SCHEMA_VERSION == max(reading.SCHEMAS)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is not JSON: Expecting value"),
        ("[" * 100_000, "it is not JSON: "),
        ("\udcff", "it is not JSON: "),
        ("[NaN]", "it is not JSON: NaN is no JSON"),
        ("[1e999]", "it is not JSON: 1e999 is no JSON"),
        ("[-9223372036854775809]", "it is not JSON: -9223372036854775809 is no JSON"),
        ("[]", "expected a report.json of schema_version 1 or 2, got None"),
        ('{"schema_version": 3}', "expected a report.json of schema_version 1 or 2, got 3"),
        ('{"schema_version": true}', "expected a report.json of schema_version 1 or 2, got True"),
        ('{"schema_version": 2}', "expected a report.json of schema_version 2, but at $: "),
    ],
)
def test_what_is_no_report_is_a_usage_error(content: str, said: str, tmp_path: Path) -> None:
    """Of one line, which says what was expected."""
    file = tmp_path / "report.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(UsageError) as caught:
        reading.read(file)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_report_with_a_member_changed_is_refused(tmp_path: Path) -> None:
    """The error says where."""
    document = report()
    document["verdicts"][0]["verdict"] = "splendid"

    with pytest.raises(UsageError, match=r"but at \$\.verdicts\[0\]\.verdict: 'splendid' is not one of"):
        reading.read(written(tmp_path, document))


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    """As one that cannot be read."""
    with pytest.raises(UsageError, match=r"it cannot be read: No such file or directory$"):
        reading.read(tmp_path / "report.json")
