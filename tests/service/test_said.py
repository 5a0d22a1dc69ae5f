"""The frames of a log: whole ones are put together, and what breaks off or is no log is not taken for its end."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import JobError
from conformance.service.said import STDERR, STDOUT, TROUBLE, frames


def frame(which: int, data: bytes) -> bytes:
    """As the engine writes it."""
    return bytes([which, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


said_frames = st.lists(st.tuples(st.sampled_from([STDOUT, STDERR]), st.binary(max_size=20)), max_size=6)


@given(said_frames, st.lists(st.integers(0, 150), max_size=6))
def test_pieces_that_end_anywhere_are_put_together(written: list[tuple[int, bytes]], cuts: list[int]) -> None:
    """Also within the head of a frame."""
    whole = b"".join(frame(*each) for each in written)
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    found = list(frames(whole[begin:end] for begin, end in pairwise(places)))

    for which in (STDOUT, STDERR):
        assert b"".join(data for to, data in written if to == which) == b"".join(
            data for to, data in found if to == which
        )


@given(said_frames.filter(bool), st.data())
def test_a_log_that_breaks_off_is_none(written: list[tuple[int, bytes]], data: st.DataObject) -> None:
    """Wherever it does, but between two frames, where nothing shows it."""
    whole = b"".join(frame(*each) for each in written)
    last = frame(*written[-1])
    cut = data.draw(st.integers(1, len(last) - 1))

    with pytest.raises(JobError, match="the engine's log broke off"):
        list(frames([whole[:-cut]]))


@pytest.mark.parametrize("content", [b"<html>502 Bad Gateway", b"\1\0\1\0\0\0\0\1a", b"\4\0\0\0\0\0\0\1a"])
def test_something_else_is_no_log(content: bytes) -> None:
    """docker-py would show it as what the container said."""
    with pytest.raises(JobError, match="the engine's log is none"):
        list(frames([content]))


def test_the_engines_own_trouble_is_told() -> None:
    """It comes in a stream of its own, which docker-py takes for the container's."""
    with pytest.raises(JobError, match="the engine cannot read the log: unexpected EOF"):
        list(frames([frame(STDOUT, b"a"), frame(TROUBLE, b"unexpected EOF")]))
