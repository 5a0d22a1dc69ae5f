"""Lines of chunks."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from conformance.commands.console import Console
from conformance.service.lines import LONGEST_LINE_BYTES, Lines
from conformance.service.live import Stream


@given(st.lists(st.binary(max_size=6).map(lambda content: content.replace(b"\x00", b"\n"))))
def test_lines_do_not_depend_on_the_chunks(chunks: list[bytes]) -> None:
    """Joined again they are what was said."""
    lines = Lines()
    found = [line for chunk in chunks for line in lines.take(chunk)]
    found += lines.end()

    said = b"".join(chunks)
    assert said.split(b"\n") == found + [b""] * (not said or said.endswith(b"\n"))


def test_line_without_an_end_is_given_in_pieces() -> None:
    """Nobody waits for its end, and nothing of it is lost."""
    lines = Lines()
    found = list(lines.take(b"x" * (2 * LONGEST_LINE_BYTES + 1)))

    assert [LONGEST_LINE_BYTES, LONGEST_LINE_BYTES] == [len(line) for line in found]
    assert [b"x"] == list(lines.end())


def test_streams_and_hosts_do_not_mix_within_a_line() -> None:
    """A line of stderr comes between two lines of stdout, not into one of them."""
    out = io.StringIO()
    console = Console(out, names=True)
    for host in ("algo-1", "algo-2"):
        console.started(host)
    console.said("algo-1", Stream.STDOUT, b"begun")
    console.said("algo-1", Stream.STDERR, b"warning\n")
    console.said("algo-2", Stream.STDOUT, b"two\n")
    console.said("algo-1", Stream.STDOUT, b" and ended\nrest")
    console.ended("algo-1")
    console.ended("algo-2")

    expected = "algo-1 | warning\nalgo-2 | two\nalgo-1 | begun and ended\nalgo-1 | rest\n"
    assert expected == out.getvalue()
