"""What AWS leaves open is told in every report, and what is called a setting can be set."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from conformance.service import choices
from conformance.service.settings import Settings

SERVICE = Path(choices.__file__).parent


def test_every_choice_is_described() -> None:
    """With its name, its value in this run and where it comes from, whether it can be set or not."""
    settings = Settings(time_limit_seconds=7.0)
    described = settings.described()
    names = [choice["name"] for choice in described]

    assert [*(each.name for each in fields(settings)), *(choice.name for choice in choices.FIXED)] == names
    assert len(set(names)) == len(names)
    assert {"name": "time_limit_seconds", "value": 7.0} == {key: described[0][key] for key in ("name", "value")}
    assert {
        "name": "file_mode",
        "value": "0644",
        "basis": "S3 keeps no permissions, so no input is executable",
    } in described
    assert all(choice["basis"].strip() for choice in described)


def test_what_a_calibration_has_seen_on_aws_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its date, beside the basis of the choice; what was not seen, or not on AWS, is told of nowhere."""
    rows = [
        {"name": "fifo_name", "agrees": False, "seen": "stream"},
        {"name": "file_mode", "agrees": True, "seen": "0644 of 0:0"},
        {"name": "shards", "agrees": None, "seen": ""},
    ]
    found: dict[str, Mapping[str, str]] = {}
    for where in ("https://api.sagemaker.eu-west-1.amazonaws.com", "http://127.0.0.1:1"):
        file = tmp_path / f"{len(found)}.json"
        file.write_text(json.dumps({"service": "aws", "where": where, "date": "2026-12-01", "comparison": rows}))
        found[where] = choices.seen_on_aws(file)
    on_aws, elsewhere = found.values()
    assert {} == elsewhere == choices.seen_on_aws(tmp_path / "none.json")
    monkeypatch.setattr(choices, "seen_on_aws", lambda: on_aws)
    told = {choice.name: choice.described()["basis"] for choice in choices.FIXED}

    assert {"fifo_name": "seen on AWS 2026-12-01: stream", "file_mode": "seen on AWS 2026-12-01: the same"} == on_aws
    assert told["fifo_name"].endswith("for Pipe inputs; seen on AWS 2026-12-01: stream")
    assert "seen on" not in told["shards"]


def _settings_read(path: Path) -> set[str]:
    """The attributes of what a module calls its settings."""
    found = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute))
    return {node.attr for node in found if ast.unparse(node.value).rpartition(".")[2] in {"settings", "_settings"}}


@pytest.mark.parametrize("name", [each.name for each in fields(Settings)])
def test_every_setting_steers(name: str) -> None:
    """Another module of the service reads it; what nobody reads is a choice that cannot be set."""
    assert any(name in _settings_read(path) for path in SERVICE.rglob("*.py") if path.name != "settings.py")
