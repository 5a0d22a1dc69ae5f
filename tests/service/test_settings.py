"""What AWS leaves open is told in every report, and what is called a setting can be set."""

from __future__ import annotations

import ast
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


def _settings_read(path: Path) -> set[str]:
    """The attributes of what a module calls its settings."""
    found = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute))
    return {node.attr for node in found if ast.unparse(node.value).rpartition(".")[2] in {"settings", "_settings"}}


@pytest.mark.parametrize("name", [each.name for each in fields(Settings)])
def test_every_setting_steers(name: str) -> None:
    """Another module of the service reads it; what nobody reads is a choice that cannot be set."""
    assert any(name in _settings_read(path) for path in SERVICE.rglob("*.py") if path.name != "settings.py")
