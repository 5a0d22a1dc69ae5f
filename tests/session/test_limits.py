"""`--image-limit` and `--image-runtime`: what they accept, what they set, and that the README says so."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import UsageError
from conformance.service.engine import Engine
from conformance.service.settings import Settings
from conformance.session.limits import LIMITS, UNITS, read, settled
from tests.conftest import ROOT

ENGINE = Engine("20.10", "1.41", 8 << 30, "x86_64", runtimes=("runc", "runsc"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("memory=512m", {"memory_bytes": 512 << 20}),
        ("memory=4GB", {"memory_bytes": 4 << 30}),
        ("memory=16777216", {"memory_bytes": 16 << 20}),
        ("processes=200", {"processes": 200}),
        ("processors=0.5", {"processors": 0.5}),
        ("disk=1t", {"disk_bytes": 1 << 40}),
        ("files=100", {"files": 100}),
        ("log=64k", {"log_bytes": 64 << 10}),
        ("session=90", {"session_seconds": 90.0}),
    ],
)
def test_a_limit_sets_a_setting(said: str, expected: dict[str, Any]) -> None:
    """In the units that `docker run` has, and in the setting's own."""
    assert expected == read([said], None)
    assert replace(Settings(), **expected) == Settings(**read([said], None))


def test_several_limits_are_taken_together() -> None:
    """As they come from the command line, or from the lines of a configuration file; the runtime beside them."""
    assert {"processes": 50, "files": 500, "runtime": "runsc"} == read([" processes=50", "files=500 "], "runsc")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["swap=1g"], r"--image-limit: expected NAME=VALUE, where NAME is one of memory, processes, .*, got 'swap=1g'"),
        (["memory"], r"--image-limit=memory: expected a size such as 512m or 4g, of 16m at least, got ''"),
        (["memory=1m"], r"--image-limit=memory: expected a size .*, of 16m at least, got '1m'"),
        (["memory=4 g"], r"--image-limit=memory: expected a size .* got '4 g'"),
        (["processes=-1"], r"--image-limit=processes: expected a number from 10, got '-1'"),
        (["processors=0"], r"--image-limit=processors: expected a number such as 2 or 0.5, got '0'"),
        (["session=inf"], r"--image-limit=session: expected a number of seconds above 0, got 'inf'"),
        (["files=1e9"], r"--image-limit=files: expected a number from 100, got '1e9'"),
        (["disk=1g", "disk=2g"], r"--image-limit=disk: expected once, got it several times"),
    ],
)
def test_anything_else_is_refused(given: list[str], message: str) -> None:
    """In one line, which says what was expected."""
    with pytest.raises(UsageError, match=message):
        read(given, None)


@given(st.text(), st.sampled_from(sorted(LIMITS)))
def test_no_text_breaks_it(said: str, name: str) -> None:
    """It is a setting that is at least the least one, or an error."""
    try:
        found = read([f"{name}={said}"], None)
    except UsageError:
        return
    assert found[LIMITS[name].setting] >= LIMITS[name].least


def test_a_runtime_has_to_be_one_of_the_engine() -> None:
    """Of which the error names those that there are."""
    assert {"runtime": "runsc"} == settled({"runtime": "runsc"}, ENGINE)
    assert {} == settled({}, ENGINE)
    with pytest.raises(UsageError, match="expected a runtime of the engine, runc or runsc, got 'kata'"):
        settled({"runtime": "kata"}, ENGINE)
    with pytest.raises(UsageError, match="--image-runtime: expected the name of a runtime, got an empty string"):
        read([], " ")


def test_the_readme_has_every_limit_with_its_default() -> None:
    """A row for each, which names what stands in the settings."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `--image-limit=([a-z]+)=[A-Z]+` \| ([^|]+) \|", text, re.MULTILINE))
    defaults = Settings()
    told = {
        "memory": f"{defaults.memory_fraction:.0%}".replace("%", " %"),
        "processes": f"{defaults.processes:,}",
        "processors": "all",
        "disk": f"{defaults.disk_bytes // UNITS['g']} GiB",
        "files": f"{defaults.files:,}",
        "log": f"{defaults.log_bytes // UNITS['m']} MiB",
        "session": "none",
    }

    assert list(LIMITS) == list(told)
    assert [*LIMITS] == list(rows)
    assert all(rows[name].startswith(default) for name, default in told.items())
