"""The README says what is true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest

from conformance.certificate import product
from conformance.certificate.rejected import RULES
from conformance.certificate.verification import VALID_DAYS
from conformance.session.project import DEFAULTS
from conformance.verdict.profiles import ExitStatus
from conformance.verdict.verdict import Word
from pytest_sagemaker_processing import OPTIONS, START_OPTIONS
from scripts import readme
from tests.conftest import ROOT

TEXT = readme.README.read_text(encoding="utf-8")


def test_table_of_checks_is_up_to_date() -> None:
    """The README's table is what the declarations say."""
    assert readme.with_table(TEXT) == TEXT


def test_table_of_rules_is_up_to_date() -> None:
    """That of the page on certificates too; the README says how many there are."""
    page = readme.CERTIFICATES.read_text(encoding="utf-8")

    assert readme.with_rules(page) == page
    assert f"for the first of {len(RULES)} rules" in TEXT


def test_product_of_the_page_on_certificates_is_one() -> None:
    """As the suite reads it."""
    (shown,) = re.findall(r"```toml\n(.*?)```", readme.CERTIFICATES.read_text(encoding="utf-8"), re.DOTALL)

    assert ("words",) == product.parse(shown.encode(), "product.toml").jobs
    assert f"It is valid for {VALID_DAYS} days" in readme.CERTIFICATES.read_text(encoding="utf-8")


def test_every_option_is_explained() -> None:
    """The options in the README are those that the plugin declares."""
    assert {*OPTIONS, *START_OPTIONS} == set(re.findall(r"^\| `(--image[a-z0-9-]*)", TEXT, re.MULTILINE))


def test_every_option_that_a_project_may_set_is_one() -> None:
    """All but those that the README names."""
    of_one_session = {"--image", "--images-from", "--image-service", "--image-yes", "--image-certify"}

    assert set(OPTIONS) - of_one_session == set(DEFAULTS)


def test_every_verdict_and_exit_status_is_explained() -> None:
    """The tables of verdicts and of exit statuses are whole."""
    assert {str(word) for word in Word} <= set(re.findall(r"^\| ([a-z ]+?) \|", TEXT, re.MULTILINE))
    assert {str(int(status)) for status in ExitStatus} == set(re.findall(r"^\| (\d) \|", TEXT, re.MULTILINE))


def test_failure_that_is_shown_is_a_real_one() -> None:
    """The failing report in the README is the golden file's, but for the end of its long last line."""
    (shown,) = re.findall(r"<!-- from tests/golden/violation.txt -->\n\n```\n(.*?)\n```", TEXT, re.DOTALL)
    golden = (ROOT / "tests/golden/violation.txt").read_text(encoding="utf-8")

    assert shown.removesuffix(" ...") in golden


def test_overview_that_is_shown_is_a_real_one() -> None:
    """The table in the README is that of the golden file."""
    (shown,) = re.findall(r"<!-- from tests/golden/overview.txt -->\n\n```\n(.*?)```", TEXT, re.DOTALL)

    assert (ROOT / "tests/golden/overview.txt").read_text(encoding="utf-8").startswith(shown)


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


def test_what_the_sdk_would_send_is_captured_without_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the lines of the README as they stand, for clients without credentials."""
    (snippet,) = re.findall(r"<!-- capture -->\n\n```python\n(.*?)```", TEXT, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "process.py").write_text("print(1)\n")
    names: dict[str, Any] = {}
    exec(snippet, names)  # noqa: S102 - the README's own lines are the point
    request = json.loads((ROOT / "fixtures/reference/job.json").read_text(encoding="utf-8"))
    with names["captured"]():
        boto3.client("s3", region_name="eu-west-1").upload_file("process.py", "bucket", "code/process.py")
        boto3.client("s3", region_name="eu-west-1").put_object(Bucket="bucket", Key="text", Body=b"abc")
        boto3.client("sagemaker", region_name="eu-west-1").create_processing_job(**request)

    assert request == json.loads((tmp_path / "job.json").read_text())
    assert ["print(1)\n", "abc"] == [(tmp_path / "s3/bucket" / key).read_text() for key in ("code/process.py", "text")]
