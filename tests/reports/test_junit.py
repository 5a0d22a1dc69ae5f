"""JUnit from the document alone is what pytest and the suite write at the end of a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from junitparser import JUnitXml

from conformance.reports import junit, reading
from tests.conftest import ROOT, Ran, reference_job
from tests.reports.page.test_page import failing, spoiled
from tests.support.engine_proxy import failing_engine
from tests.support.reports import report

TIMES = {"time", "timestamp"}
"""What pytest takes of its own clock: the time of a check has that of its set-up in it."""


def told(content: str) -> list[tuple[str, list[tuple[str, str]], str]]:
    """Each element with its attributes but for times, and its text; the checks in the order of their names."""
    root = ET.fromstring(content)  # noqa: S314 - of this very test
    root[0][:] = sorted(root[0], key=lambda element: (element.tag, element.get("classname", ""), element.get("name")))
    return [
        (each.tag, sorted((name, value) for name, value in each.items() if name not in TIMES), each.text or "")
        for each in root.iter()
        if each.tag != "testsuites"
    ]


def valid(content: str) -> None:
    """By the schema of a strict reader."""
    xmlschema.XMLSchema(str(ROOT / "fixtures/junit/strict.xsd")).validate(content)


def test_the_file_is_valid() -> None:
    """As the one that a session writes."""
    valid(junit.render(report()))


def test_an_old_report_says_the_same_of_its_checks() -> None:
    """Without the time, which it does not know."""
    document = reading.read(ROOT / "fixtures/reports/schema-1.json")

    (suite,) = JUnitXml.fromstring(junit.render(document))

    assert (68, 1, 0, 23) == (suite.tests, suite.failures, suite.errors, suite.skipped)
    assert suite.timestamp is None


@pytest.mark.parametrize("word", ["\x00", "\x1b[31m", "\ud800", "\x85", "]]>", "\u202e"])
def test_no_string_of_a_report_makes_it_unreadable(word: str) -> None:
    """Whoever wrote it: an image, a request, or who gave a machine its name."""
    valid(junit.render(spoiled(failing(), word)))


@pytest.mark.engine
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("flawed/swallowed-exit-code", reference_job()),
        ("flawed/model-below-opt-ml", ("--image-strict",)),
        ("flawed/model-below-opt-ml", ()),
    ],
)
def test_it_is_the_file_of_the_session(
    name: str, options: tuple[str, ...], tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """Of violations, advice, and what was not judged."""
    ran = conformance(tag(name), *options)

    rendered = junit.render(reading.read(ran.report_directory / "report.json"))

    assert told((ran.report_directory / "junit.xml").read_text(encoding="utf-8")) == told(rendered)
    valid(rendered)


@pytest.mark.engine
def test_it_is_the_file_of_a_session_with_errors(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Of what the suite could not run."""
    trouble = {"call": r"^POST .*/containers/\w+/start", "status": "500 Internal Server Error", "message": "no space"}
    image = tag("reference")
    with failing_engine(tmp_path / "engine.sock", **trouble) as address:
        ran = conformance(image, *reference_job(), environment={"DOCKER_HOST": address})

    rendered = junit.render(reading.read(ran.report_directory / "report.json"))

    assert ran.report["counts"]["error"]
    assert told((ran.report_directory / "junit.xml").read_text(encoding="utf-8")) == told(rendered)
