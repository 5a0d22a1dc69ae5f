"""Waivers on the command line: what they waive is told as such everywhere, and one that nobody needs fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
import xmlschema
from junitparser import JUnitXml

from conformance.verdict.waiverfile import NAME
from tests.conftest import ROOT, WORKERS, Ran

pytestmark = pytest.mark.engine

SCHEMA = json.loads((ROOT / "conformance/reports/report.schema.json").read_text(encoding="utf-8"))
CHECK = "reserved.nothing-required"
FLAWED = "flawed/program-below-opt-ml"
TODAY = datetime.now(UTC).date()
SOON = TODAY + timedelta(days=30)


def waiver(check: str = CHECK, *, image: str = "*", expires: object = SOON, contains: str = "") -> str:
    """A table of the file, of six lines and a blank one, or seven."""
    further = f'contains = "{contains}"\n' if contains else ""
    return (
        f'[[waiver]]\ncheck = "{check}"\nimage = "{image}"\nreason = "TICKET-7"\nowner = "me@example.com"\n'
        f"expires = {expires}\n{further}\n"
    )


def written(here: Path, *waivers: str) -> Path:
    """The file beside pytest's configuration file."""
    (here / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (here / NAME).write_text("".join(waivers), encoding="utf-8")
    return here / NAME


def validated(ran: Ran) -> JUnitXml:
    """The JUnit file, after it and report.json were found valid by their schemas."""
    jsonschema.validate(ran.report, SCHEMA, jsonschema.Draft202012Validator)
    xmlschema.XMLSchema(str(ROOT / "fixtures/junit/strict.xsd")).validate(str(ran.report_directory / "junit.xml"))
    return JUnitXml.fromfile(str(ran.report_directory / "junit.xml"))


@pytest.mark.parametrize("options", [(), WORKERS, ("--image-strict", "-k", CHECK)], ids=["plain", "xdist", "strict"])
def test_a_waived_violation_is_told_as_waived(
    options: tuple[str, ...], tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """On the terminal, in report.json and in junit.xml, with reason, owner and expiry; the status is 0."""
    file = written(tmp_path, waiver(contains="/opt/ml"))
    ran = conformance(tag(FLAWED), *options)

    assert 0 == ran.status, ran.output
    verdict = ran.verdict(CHECK)
    told = {"reason": "TICKET-7", "owner": "me@example.com", "expires": str(SOON), "line": 1, "file": str(file)}
    assert ("waived", "violates") == (verdict["verdict"], verdict["waived"]["found"])
    assert told.items() <= verdict["waived"]["by"][0].items()
    assert ["used"] == [each["state"] for each in ran.report["waivers"]]
    assert f"conformance: 1 in {file} may waive violations\n" in ran.output
    assert f"waived: {CHECK} (MUST): " in ran.output
    assert f"until {SOON} by me@example.com: TICKET-7" in ran.output
    assert "conforms:" not in ran.output
    assert " passes, 1 waived" in ran.output or " in the checks that were selected" in ran.output
    (suite,) = validated(ran)
    (skipped,) = next(case.result for case in suite if case.name == "nothing-required")
    assert "waived" == skipped.type
    assert skipped.message.startswith(f"waived: until {SOON} by me@example.com: TICKET-7: Expected ")


def test_each_that_is_stale_fails_with_its_line(
    tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """Expired, of a check that conforms, of another text or image: none hides a violation, all are failures."""
    file = written(
        tmp_path,
        waiver("image.platform"),
        waiver(image="other:*"),
        waiver(contains="no such text"),
        waiver("image.has-command", expires=TODAY - timedelta(days=1)),
    )
    for options, violates in (((), 1), (("-k", "image.platform or image.has-command"), 0), (WORKERS, 1)):
        ran = conformance(tag("flawed/program-below-opt-ml"), *options)

        assert 1 == ran.status, ran.output
        assert violates == ran.report["counts"]["violates"]
        states = [each["state"] for each in ran.report["waivers"]]
        assert ["conforms", "unmatched", "unmatched" if violates else "undecided", "expired"] == states
        assert f"stale: {file}:1: waiver of image.platform: the check conforms by now\n" in ran.output
        assert (
            f"stale: {file}:8: waiver of {CHECK}: it is for 'other:*', which does not match {tag(FLAWED)}\n"
            in ran.output
        )
        assert f"stale: {file}:23: waiver of image.has-command: it expired on " in ran.output
        assert f"{file}:15: waiver of {CHECK}: " in ran.output
        (suite,) = validated(ran)
        failing = [case.name for case in suite if case.classname == "processing.waivers"]
        assert failing == [f"line-{line}" for line in ((1, 8, 15, 23) if violates else (1, 8, 23))]
        assert len(failing) + violates == suite.failures
        assert violates or "3 waivers expired or without a violation (exit status 1); containers removed" in ran.output


def test_a_file_that_is_shared_has_waivers_of_other_images(
    tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """They are no failure where that is said, and a note."""
    file = written(tmp_path, waiver(image="other:*"))
    ran = conformance(tag("reference"), "--image-waivers-shared", "-k", "image.platform")

    assert 0 == ran.status, ran.output
    assert ["another image"] == [each["state"] for each in ran.report["waivers"]]
    assert f"note: {file}:1: waiver of {CHECK}: it is for 'other:*'" in ran.output


def test_an_error_is_not_waived(tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """Nor what was not judged: a run that was cut short by its time limit leaves a status of its own."""
    written(tmp_path, waiver("hosts.single"), waiver("image.has-command", image="other"))
    ran = conformance(tag("reference"), "-k", "hosts.single", "--image-waivers-shared")

    assert "not judged" == ran.verdict("hosts.single")["verdict"]
    assert 6 == ran.status, ran.output


@pytest.mark.parametrize(
    ("options", "content", "expected"),
    [
        (("--image-waivers=none.toml",), "", "none.toml: cannot be read: No such file or directory"),
        (("--image-waivers=",), "", "--image-waivers: expected a file, got an empty string; is a variable unset?"),
        (
            (),
            waiver("exit.zero-on-succes"),
            f"{NAME}:2: no check 'exit.zero-on-succes'; did you mean exit.zero-on-success?",
        ),
        ((), waiver(expires=TODAY + timedelta(days=400)), f"{NAME}:6: expires: expected a day within a year"),
        ((), "[[waiver]\n", f"{NAME}:1: not valid TOML: "),
    ],
    ids=["no file", "empty", "unknown id", "more than a year", "no TOML"],
)
def test_what_is_wrong_with_the_file_is_a_usage_error(
    options: tuple[str, ...],
    content: str,
    expected: str,
    tmp_path: Path,
    tag: Callable[[str], str],
    conformance: Callable[..., Ran],
) -> None:
    """In one line, before anything is run."""
    written(tmp_path, content)
    ran = conformance(tag("reference"), *options)

    assert 4 == ran.status
    assert expected in ran.output
    assert 1 == len(ran.output.strip().splitlines())
