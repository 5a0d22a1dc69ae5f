"""`processing-conformance render`: other reports from a report.json, and what it says of one that is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.commands import rendered
from conformance.commands.main import main
from conformance.commands.render import MAKERS
from tests.conftest import ROOT
from tests.support.reports import report

OLD = ROOT / "fixtures/reports/schema-1.json"

EVERY = [f"--{each.option}" for each in rendered.ALL]


def written(directory: Path) -> Path:
    """The file of a report."""
    file = directory / "report.json"
    file.write_text(json.dumps(report()), encoding="utf-8")
    return file


def test_what_is_asked_for_is_written_beside_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of it, each named on a line of its own."""
    status = main(["render", str(written(tmp_path)), *EVERY])

    files = [str(tmp_path / each.file) for each in rendered.ALL]
    assert 0 == status
    assert files == capsys.readouterr().out.splitlines()
    assert sorted([*files, str(tmp_path / "report.json")]) == sorted(map(str, tmp_path.iterdir()))
    assert all(Path(file).read_text(encoding="utf-8") for file in files)


def test_every_form_has_a_maker() -> None:
    """And nothing else has."""
    assert set(rendered.ALL) == set(MAKERS)


def test_a_report_of_version_1_is_rendered_elsewhere(tmp_path: Path) -> None:
    """Into a directory that is made for it."""
    assert 0 == main(["render", str(OLD), *EVERY, "--output", str(tmp_path / "a/b")])

    assert sorted(each.file for each in rendered.ALL) == sorted(file.name for file in (tmp_path / "a/b").iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["nowhere.json", "--html"],
            "nowhere.json: expected a report.json, but it cannot be read: No such",
        ),
        ([str(OLD)], f"expected one of {', '.join(EVERY)}, got none"),
        ([str(OLD), "--pdf"], "unrecognized arguments: --pdf"),
        ([str(OLD), "--html", "--output", "/dev/null/x"], "/dev/null/x/report.html cannot be written: "),
    ],
)
def test_what_is_wrong_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit status 4, and nothing written."""
    assert 4 == main(["render", *arguments])

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"processing-conformance: {said}")
