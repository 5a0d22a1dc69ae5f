"""The C of the probe that reads what others wrote, some thousand times under sanitizers; `make fuzz` goes on longer."""

from __future__ import annotations

import shutil

import pytest

from tests.fuzz.__main__ import BESIDE, PROBE, fuzzed

RUNS = 2000


@pytest.mark.skipif(shutil.which("clang") is None, reason="clang, which brings libFuzzer, is not installed")
@pytest.mark.parametrize("name", BESIDE)
def test_no_bytes_are_too_much_for_the_probe(name: str) -> None:
    """No access past an end, no undefined behaviour, and no input that takes for ever."""
    run = fuzzed(f"{PROBE}{name}", seconds=60, runs=RUNS)

    assert () == run.found, run.said
    assert run.runs >= RUNS
