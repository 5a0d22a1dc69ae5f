"""A command line that is printed can be pasted, and steers no terminal before it is."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance import text
from conformance.reports.quoting import join, quote


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("--title=x", "--title=x"),
        ("two words", "'two words'"),
        ("", "''"),
        ("é", "'é'"),
        ("\x1b[2JPASSED", "$'\\033[2JPASSED'"),
        ("it's\n", "$'it\\047s\\012'"),
        ("##vso[x]", "$'\\043\\043vso[x]'"),
    ],
)
def test_a_word_is_quoted_as_it_has_to_be(word: str, quoted: str) -> None:
    """For any shell where that is enough, with escapes where a terminal would be steered."""
    assert quoted == quote(word)


anything = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]) | st.sampled_from("\x1b'\\#:\udcff")
)


@settings(max_examples=50)
@given(st.lists(anything))
@example(["##", "vso[x]", "::error::", "#", "#vso[x"])
def test_a_shell_reads_the_words_back(words: list[str]) -> None:
    """The words that bash gets are those that were quoted, and nothing in the line is changed when it is shown."""
    line = join(words)
    ended = subprocess.run(["bash", "-c", f"printf '%s\\0' x {line}"], capture_output=True, check=True)

    assert ["x", *words] == [word.decode("utf-8", "surrogateescape") for word in ended.stdout.split(b"\0")[:-1]]
    assert f"reproduce: {line}" == text.lines(f"reproduce: {line}")
