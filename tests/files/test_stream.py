"""What passes as a stream is judged as if it were held as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.files.stream import Fault, Search, Utf8, fault_of

cuts = st.lists(st.integers(0, 40), max_size=5)
nearly_text = st.lists(st.sampled_from(["é", "京", "\U0001f4c8", "a"]), max_size=8).flatmap(
    lambda words: st.builds(
        lambda at, byte: (whole := "".join(words).encode())[:at] + byte + whole[at:], st.integers(0, 30), st.binary()
    )
)


def pieces(content: bytes, places: list[int]) -> Iterator[bytes]:
    """The content, cut at these places."""
    for begin, end in pairwise([0, *sorted(min(place, len(content)) for place in places), len(content)]):
        yield content[begin:end]


@given(st.one_of(st.binary(max_size=40), nearly_text), cuts)
def test_the_first_fault_is_that_of_the_whole(content: bytes, places: list[int]) -> None:
    """Wherever the pieces end, also within a character."""
    expected = None
    try:
        content.decode()
    except UnicodeDecodeError as error:
        expected = Fault(error.start, content[error.start], error.reason)
    reader = Utf8()
    for piece in pieces(content, places):
        reader.feed(piece)

    assert expected == reader.end()
    assert expected == fault_of(content)


@given(st.text("ab", max_size=40), st.lists(st.text("ab", min_size=1, max_size=6), max_size=4), cuts)
def test_the_words_that_are_found_are_those_of_the_whole(text: str, words: list[str], places: list[int]) -> None:
    """Wherever the pieces end, also within a word."""
    search = Search(words)
    for piece in pieces(text.encode(), places):
        search.feed(piece)

    assert {word for word in words if word in text} == search.found


@pytest.mark.parametrize("words", [(), ("",)])
def test_where_nothing_is_looked_for_nothing_is_found(words: tuple[str, ...]) -> None:
    """An empty word stands everywhere, and says nothing."""
    search = Search(words)
    search.feed(b"anything")

    assert frozenset() == search.found
