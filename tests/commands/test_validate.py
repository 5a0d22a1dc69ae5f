"""`processing-conformance validate`: what is wrong with files, each named, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.commands.main import main
from tests.conftest import ROOT

REFERENCE = ROOT / "fixtures/reference"

PROFILE = 'name = "house"\nversion = "1.0"\nsession = "image"\n[required]\n"image.platform" = "1.0"\n'

WAIVER = """\
[[waiver]]
check = "exit.zero-on-success"
image = "team/train:*"
reason = "known"
owner = "team@example.com"
expires = 2001-01-01
"""


def test_valid_files_are_passed_over_in_silence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A request whose inputs are there, a profile, and a waiver, which only a session can find expired."""
    (tmp_path / "house.toml").write_text(PROFILE, encoding="utf-8")
    (tmp_path / "waivers.toml").write_text(WAIVER, encoding="utf-8")
    files = [REFERENCE / "job.json", tmp_path / "house.toml", tmp_path / "waivers.toml"]

    assert 0 == main(["validate", *map(str, files), "--s3", str(REFERENCE / "s3")])
    assert ("", "") == capsys.readouterr()


def test_every_file_with_a_fault_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what was expected; those after the first one too."""
    request = json.loads((REFERENCE / "job.json").read_text(encoding="utf-8"))
    request["RoleArn"] = "nobody"
    (tmp_path / "job.json").write_text(json.dumps(request), encoding="utf-8")
    (tmp_path / "house.toml").write_text(PROFILE.replace("image.platform", "image.plattform"), encoding="utf-8")
    (tmp_path / "waivers.toml").write_text(WAIVER.replace("owner", "woner"), encoding="utf-8")
    (tmp_path / "broken.toml").write_text("[[", encoding="utf-8")
    names = ["job.json", "house.toml", "waivers.toml", "broken.toml", "none.json"]

    assert 4 == main(["validate", *(str(tmp_path / name) for name in names)])
    said = capsys.readouterr().err
    assert all(name in said for name in names)
    assert "RoleArn: expected" in said
    assert "no check 'image.plattform'" in said
    assert "woner" in said


def test_inputs_that_are_not_in_s3_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the files that were expected."""
    assert 4 == main(["validate", str(REFERENCE / "job.json"), "--s3", str(tmp_path)])
    said = capsys.readouterr().err
    assert (
        "ProcessingInputs[0].S3Input.S3Uri: no object matches s3://conformance-fixtures/reference/measurements" in said
    )


def test_directory_of_s3_has_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Else no input could be found."""
    assert 4 == main(["validate", str(REFERENCE / "job.json"), "--s3", "nowhere"])
    assert "--s3: expected a directory of bucket/key files, but 'nowhere'" in capsys.readouterr().err
