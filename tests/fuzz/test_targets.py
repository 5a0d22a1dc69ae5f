"""A few seconds of what `make fuzz` does for minutes, and all that it has ever found."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, mutated

FOUND = sorted((Path(__file__).parent / "found").glob("*/*"))

pieces = st.binary(max_size=8) | st.sampled_from(
    [b"\xff", b"\0" * 9, b"[" * 2000, b"9" * 5000, b"\\ud800", b'"', b"{}", b"[]"]
)
changes = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 40), pieces), max_size=4)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60)
@given(st.data())
def test_no_bytes_are_too_much(name: str, data: st.DataObject) -> None:
    """Those of a seed, changed in places: they are read, or refused with an error of the suite's own."""
    seed = data.draw(st.sampled_from(TARGETS[name].seeds))
    TARGETS[name](mutated(seed, data.draw(changes)))


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_is_read(name: str) -> None:
    """Else nothing would be changed in what is deep within."""
    for seed in TARGETS[name].seeds[:1]:
        TARGETS[name].read(seed)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_is_mended(path: Path) -> None:
    """Each file made its target raise something else, before."""
    TARGETS[path.parent.name](path.read_bytes())
