"""Nothing that others wrote steers a terminal or a CI service, or hides, where the suite shows it."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import conformance
from conformance import text
from conformance.errors import JobError, RequestError

PACKAGE = Path(conformance.__path__[0])

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""The categories of characters that are no letters, marks, numbers, signs or spaces."""

hostile = st.text(st.characters() | st.sampled_from("\x1b\x9b\u202e\u200f\u200b:# [a\n\r\t\udcff\ud800"))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("output of été 京 🎉", "output of été 京 🎉"),
        ("\x1b]0;owned\x07\x1b[2J", "\\x1b]0;owned\\x07\\x1b[2J"),
        ("\x9b31m \x85", "\\x9b31m \\x85"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202etxt.exe\u2066\u200f", "\\u202etxt.exe\\u2066\\u200f"),
        ("a\u200bb\ufeff\u2060\u00ad", "a\\u200bb\\ufeff\\u2060\\xad"),
        ("\u3164\u2800\U000e0041\ufe0f", "\\u3164\\u2800\\U000e0041\\ufe0f"),
        ("latin-1: \udce9", "latin-1: \\xe9"),
        ("half: \ud800", "half: \\ud800"),
        ("::error::x", "\\x3a:error::x"),
        ("   ::add-mask::x", "   \\x3a:add-mask::x"),
        ("C++ std::string, ::1 in the middle", "C++ std::string, ::1 in the middle"),
        ("log: ##vso[task.complete]", "log: #\\x23vso[task.complete]"),
        ("##[error] ##teamcity[x] ## title", "#\\x23[error] #\\x23teamcity[x] ## title"),
    ],
)
def test_a_line_is_text_and_nothing_else(written: str, shown: str) -> None:
    """Letters of every language stay; what controls or hides is an escape."""
    assert shown == text.line(written)


@given(hostile)
@example("\n::error::")
@example("a\n  ::error::")
def test_no_line_holds_a_control_or_a_command(written: str) -> None:
    """Whatever is written; and what was escaped stays as it is when it is escaped again."""
    shown = text.lines(written)

    assert set() == {letter for letter in shown if unicodedata.category(letter) in HIDDEN and letter != "\n"}
    assert [] == [each for each in shown.split("\n") if each.strip().startswith("::") or "##[" in each]
    assert shown == text.lines(shown)
    assert "\n" not in text.line(written)


@given(hostile, st.integers(10, 100))
def test_a_shortened_text_keeps_its_beginning_and_its_end(written: str, most: int) -> None:
    """What fits stays; of what does not, the place and the length of the gap are told."""
    short = text.shortened(written, most)

    assert (written == short) if len(written) <= most else len(short) <= most + len(" [... 1,000,000 characters ...] ")
    assert written[: most // 2] == short[: most // 2]


@pytest.mark.parametrize(
    "error", [JobError("\x1b[2J", hint="\u202e"), RequestError("job.json", ("\x1b[2J", "::error::"))]
)
def test_an_error_can_be_printed(error: Exception) -> None:
    """Its text may quote an engine or a request."""
    assert str(error) == text.lines(str(error))


def test_an_error_is_of_bounded_length() -> None:
    """However much the engine said."""
    assert len(str(JobError("x" * 1_000_000))) < 3_000


def test_nothing_is_printed_past_the_sink() -> None:
    """Only `Screen` writes to the terminal: no other module calls what would."""
    writing = {"print", "write_line", "write_sep", "write_raw", "warn", "secho", "section"}
    calls = {
        (path.relative_to(PACKAGE).as_posix(), ast.unparse(node.func))
        for path in PACKAGE.rglob("*.py")
        # What a container of a job runs.
        if not path.is_relative_to(PACKAGE / "job/objects")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) in writing
    }

    assert {
        ("reports/terminal.py", "self._reporter.write_line"),
        ("reports/terminal.py", "self._reporter.write_sep"),
        # A `Screen`, as its annotation says.
        ("reports/terminal.py", "reporter.write_line"),
        ("reports/terminal.py", "reporter.write_sep"),
        ("session/interruption.py", "Screen(terminalreporter).write_line"),
        ("session/progress.py", "screen.write_line"),
    } == calls
