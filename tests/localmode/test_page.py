"""The page about local mode says what the tests of this folder saw."""

from __future__ import annotations

from conformance.checks import load_checks
from tests.localmode import page
from tests.localmode.clauses import AGREED, CLAUSES


def test_page_is_up_to_date() -> None:
    """Its table is made of the clauses."""
    text = page.PAGE.read_text(encoding="utf-8")

    assert page.up_to_date(text) == text


def test_each_clause_differs_and_has_a_name_of_its_own() -> None:
    """Otherwise it would not belong there."""
    assert len({clause.name for clause in CLAUSES}) == len(CLAUSES)
    assert [] == [clause.name for clause in CLAUSES if clause.here == clause.local_mode]
    assert [] == [clause.name for clause in AGREED if clause.here != clause.local_mode]


def test_checks_exist() -> None:
    """Each check that is named is one."""
    assert {check for clause in CLAUSES for check in clause.checks} <= {check.id for check in load_checks()}
