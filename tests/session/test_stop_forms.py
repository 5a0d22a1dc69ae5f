"""The checks conclude from a stop what is true of it: a part of the forms; `make table` prints all of them."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from conformance.checks import stop
from tests.support.stop_forms import FORMS, SCRIPTS
from tests.support.stop_table import Answer, Row, Table, closing, table
from tests.support.stop_truth import Truth

YES, NO = Answer(word=True), Answer(word=False)
DOUBT = Answer(None, "nobody knows")
LEFT_TO_THE_OTHER = Answer(None, "SIGINT did not reach it", see=stop.REACHES)

REACHED = Row(FORMS[0], signal.SIGINT, Truth(reached=True, ended=True, exit_code=7), YES, YES, 7, noted=True)
UNREACHED = Row(
    FORMS[0], signal.SIGINT, Truth(reached=False, ended=False, exit_code=137), NO, LEFT_TO_THE_OTHER, 137, noted=False
)

EXPECTED = {
    "exec form, Python's own handlers": ((130, True, True, "yes"), (137, True, False, "yes")),
    "exec form, both fetched with sigwait": ((7, True, True, "not judged"), (7, True, True, "not judged")),
    "dash": ((137, False, False, "yes"), (137, False, False, "yes")),
    "bash": ((7, True, True, "yes"), (7, True, True, "yes")),
    "script, trap that forwards to Python": ((137, True, False, "yes"), (143, True, True, "yes")),
    "tini -g, shell that waits": ((0, True, True, "yes"), (0, True, True, "yes")),
    "dumb-init --single-child, shell": ((137, False, False, "yes"), (137, False, False, "yes")),
    "xargs": ((137, False, False, "yes"), (137, False, False, "yes")),
    "Python, subprocess.run": ((130, False, True, "yes"), (137, False, False, "yes")),
}
"""By form, for SIGINT and for SIGTERM: exit code, whether it reached the program, whether it ended, and the result."""


@pytest.fixture(name="made", scope="session")
def _made() -> Table:
    """The engine and the image that rows are made with."""
    return table()


def rows(made: Table, name: str) -> tuple[Row, ...]:
    """The two rows of a form."""
    return made.rows(next(form for form in FORMS if form.name == name))


@pytest.mark.engine
@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_concluded_is_true(made: Table, name: str) -> None:
    """The form does with both signals what is known of it, and the checks say so or say why they do not judge."""
    found = rows(made, name)

    assert EXPECTED[name] == tuple(
        (row.truth.exit_code, row.truth.reached, row.truth.ended, row.agrees) for row in found
    )


@pytest.mark.engine
@pytest.mark.parametrize(
    ("name", "codes", "reached"),
    [
        ("tini, Python's own handlers", (130, 143), (True, True)),
        ("script, trap that leaves", (130, 143), (False, False)),
        ("tini, dash, more to do", (137, 143), (False, False)),
    ],
)
def test_an_exit_code_proves_nothing(
    made: Table, name: str, codes: tuple[int, int], reached: tuple[bool, bool]
) -> None:
    """130 and 143 come from programs that got the signal and from shells whose program saw nothing of it."""
    found = rows(made, name)

    assert codes == tuple(row.truth.exit_code for row in found)
    assert reached == tuple(row.truth.reached for row in found)
    assert reached == tuple(row.reached.word for row in found)


def test_there_are_forty_forms() -> None:
    """Each has a name of its own, and each script is started by one of them."""
    words = {word for form in FORMS for word in form.entrypoint}

    assert 40 == len(FORMS) == len({form.name for form in FORMS})
    assert set(SCRIPTS) <= words


@pytest.mark.parametrize(
    ("row", "result"),
    [
        (REACHED, "yes"),
        (UNREACHED, "yes"),
        (replace(REACHED, reached=NO), "WRONG: reached"),
        (replace(REACHED, ended=NO), "WRONG: ended"),
        (replace(REACHED, ended=LEFT_TO_THE_OTHER), "WRONG: ended for want of a signal"),
        (replace(REACHED, exit_code=137), "WRONG: exit code 137"),
        (replace(REACHED, noted=False), "WRONG: noted"),
        (replace(REACHED, noted=None), "yes"),
        (replace(UNREACHED, reached=YES, ended=YES), "WRONG: reached, ended"),
        (replace(REACHED, reached=DOUBT), "not judged"),
        (replace(REACHED, reached=DOUBT, ended=NO), "WRONG: ended"),
    ],
)
def test_a_row_tells_what_is_wrong_with_it(row: Row, result: str) -> None:
    """A conclusion that is not so, and a run that was otherwise because it was watched; a doubt is neither."""
    assert result == row.agrees


def test_the_closing_lines_count_and_say_why() -> None:
    """Every row counts once, and each reason of those that are not judged is there."""
    doubtful = replace(REACHED, reached=DOUBT)
    lines = list(closing([REACHED, doubtful, doubtful, replace(REACHED, reached=NO), UNREACHED]))

    assert ["2 agree, 2 not judged, 1 wrong", "  not judged 2 times: nobody knows"] == lines
