"""The README says what is true."""

from __future__ import annotations

import re

import pytest

from conformance.verdict.profiles import ExitStatus
from conformance.verdict.verdict import Word
from pytest_sagemaker_processing import OPTIONS
from scripts import readme
from tests.conftest import ROOT

TEXT = readme.README.read_text(encoding="utf-8")


def test_table_of_checks_is_up_to_date() -> None:
    """The README's table is what the declarations say."""
    assert readme.with_table(TEXT) == TEXT


def test_every_option_is_explained() -> None:
    """The options in the README are those that the plugin declares."""
    assert set(OPTIONS) == set(re.findall(r"^\| `(--image[a-z0-9-]*)", TEXT, re.MULTILINE))


def test_every_verdict_and_exit_status_is_explained() -> None:
    """The tables of verdicts and of exit statuses are whole."""
    assert {str(word) for word in Word} <= set(re.findall(r"^\| ([a-z ]+?) \|", TEXT, re.MULTILINE))
    assert {str(int(status)) for status in ExitStatus} == set(re.findall(r"^\| (\d) \|", TEXT, re.MULTILINE))


def test_failure_that_is_shown_is_a_real_one() -> None:
    """The failing report in the README is the golden file's, but for the end of its long last line."""
    (shown,) = re.findall(r"<!-- from tests/golden/violation.txt -->\n\n```\n(.*?)\n```", TEXT, re.DOTALL)
    golden = (ROOT / "tests/golden/violation.txt").read_text(encoding="utf-8")

    assert shown.removesuffix(" ...") in golden


def test_architecture_is_short() -> None:
    """The architecture fits on a page: at most 60 lines."""
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 60


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_path_that_is_named_is_there(document: str) -> None:
    """From the root of the repository, or as the end of a path in the package."""
    named = set(re.findall(r"`([\w./-]+(?:\.py|/))`", (ROOT / document).read_text(encoding="utf-8")))

    assert named
    assert set() == {
        path for path in named if not (ROOT / path).exists() and not any((ROOT / "conformance").rglob(path.rstrip("/")))
    }
