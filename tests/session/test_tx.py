"""What `--tx` may say where there are several images: which engine, and never where a session runs."""

from __future__ import annotations

import pytest

from conformance.errors import UsageError
from conformance.session import tx


@pytest.mark.parametrize(
    ("specification", "variables"),
    [
        ("popen", {}),
        ("popen//id=a", {}),
        ("popen//env:DOCKER_HOST=unix:///run/b.sock//env:A=b=c", {"DOCKER_HOST": "unix:///run/b.sock", "A": "b=c"}),
        ("popen//env:DOCKER_HOST=ssh://me@box:22//id=b", {"DOCKER_HOST": "ssh://me@box:22"}),
        ("ssh=me@box", {"DOCKER_HOST": "ssh://me@box:22"}),
        ("ssh=me@box:2222//id=b", {"DOCKER_HOST": "ssh://me@box:2222"}),
        ("ssh=-p 2222 me@box", {"DOCKER_HOST": "ssh://me@box:2222"}),
        ("ssh=-p2222 box//env:A=", {"DOCKER_HOST": "ssh://box:2222", "A": ""}),
    ],
)
def test_an_engine_is_named_by_variables(specification: str, variables: dict[str, str]) -> None:
    """An address has slashes of its own, and a machine stands for its engine."""
    assert variables == tx.environment(specification)


@pytest.mark.parametrize(
    "specification",
    ["", "socket=box:8888", "ssh=box//python=python3", "popen//chdir=/", "ssh=-oX=y box", "ssh=", "popen//env:A"],
)
def test_what_names_no_engine_is_refused(specification: str) -> None:
    """With what was expected."""
    with pytest.raises(UsageError, match="expected popen//env:NAME=VALUE or ssh=USER@HOST, got "):
        tx.environment(specification)


def test_a_number_repeats_what_follows() -> None:
    """Such as several sessions at a time on one engine."""
    assert ["popen", "popen", "ssh=a", "x*y"] == list(tx.expanded(["2*popen", "ssh=a", "x*y"]))
