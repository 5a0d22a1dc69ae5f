"""What is printed below pytest's own output."""

from __future__ import annotations

import io

import pytest

from conformance.reports import terminal
from conformance.reports.document import Report
from conformance.rule.declaration import DoesNotApply, NotJudged, Registry
from conformance.verdict.profiles import Scope
from conformance.verdict.verdict import Verdict, Word, not_judged
from tests.support.declared import declare, finding
from tests.support.profiles import own

HOSTS = DoesNotApply("the request has one host")


def printed(verbose: int, config: pytest.Config, *more: Verdict) -> list[str]:
    """The lines on what was not judged."""
    registry = Registry()
    checks = [declare(finding(), registry, check_id=f"exit.{name}") for name in ("one", "two", "three")]
    verdicts = (
        not_judged(checks[0], HOSTS, request="a"),
        not_judged(checks[1], NotJudged("the job ended early")),
        not_judged(checks[2], HOSTS, request="a"),
        *more,
    )
    document = {
        "strict": False,
        "waivers": [],
        "warnings": [],
        "not_selected": [],
        "exit_status": 0,
        "verdicts": [],
        "profile": {"name": "image"},
        "image": {"reference": "example:1", "facts": []},
        "runs": [],
        "counts": dict.fromkeys(terminal.SHOWN, 0),
        "gpu": {"asked": "auto"},
    }
    stream = io.StringIO()
    report = Report(document, verdicts, own(Scope.IMAGE), 0, {})
    # Of this very session, which goes on with its own.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config.option, "verbose", verbose)
        patch.setattr(config.option, "xmlpath", "report/junit.xml")
        terminal.write(terminal.Screen(pytest.TerminalReporter(config, stream)), report, kept=[])
    lines = stream.getvalue().splitlines()
    return lines[1 : lines.index("")]


def test_what_was_not_judged_is_summed_up_by_reason(pytestconfig: pytest.Config) -> None:
    """With the number of checks; only with -v their names."""
    short, long = (printed(verbose, pytestconfig) for verbose in (0, 1))

    assert [
        "not applicable: the request has one host (2 checks)",
        "not judged: the job ended early (1 check)",
    ] == short
    assert [short[0], "  exit.one[a], exit.three[a]", short[1], "  exit.two"] == long


def test_violations_come_first(pytestconfig: pytest.Config) -> None:
    """By their titles and jobs; then advice in full, and what was not judged."""
    registry = Registry()
    flaw, hint = (declare(finding(), registry, check_id=f"exit.{name}") for name in ("flaw", "hint"))
    advised = Verdict(hint, Word.ADVISED, violations=("Expected this, but that.",))
    violates = Verdict(flaw, Word.VIOLATES, violations=("Expected it, but not.",), request="a")

    lines = printed(0, pytestconfig, advised, violates)

    assert f"violates: {violates.headline} (job a)" == lines[0]
    assert f"advised: {advised.headline}" == lines[1]
    assert "not judged: the job ended early (1 check)" == lines[-1]
