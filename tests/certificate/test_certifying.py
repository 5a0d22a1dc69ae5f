"""A session that certifies: the bundle that it leaves, and each reason for which there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.certificate import bundle
from conformance.reports import names
from tests.conftest import Ran, reference_job
from tests.support.certifying import PRODUCT, Certified

pytestmark = pytest.mark.engine

NOWHERE = f"127.0.0.1:1/team/image@sha256:{'0' * 64}"


def test_a_session_that_shows_everything_leaves_a_bundle(made: Certified) -> None:
    """Named beside the reports, with all that the verdicts rest on."""
    status, output = made.ended("certifying")

    assert 0 == status, output
    assert f"conformance-report/{names.CERTIFICATE}\n" in output
    files = made.files
    assert PRODUCT.format(image=made.image).encode() == files["product.toml"]
    always = {bundle.SUMS, "attestation.json", "junit.xml", "outcomes.json.gz", "product.toml", "report.html"}
    assert {*always, "report.json", "requests/reference.json"} == {name for name in files if "logs/" not in name}
    assert "logs/reference.as-requested/algo-1.stdout" in files


def test_a_bundle_is_the_same_for_the_same_files(made: Certified, tmp_path: Path) -> None:
    """Byte for byte, so that it can be told from another one by its digest; the clock has no part in it."""
    files = made.files
    del files[bundle.SUMS]
    again = tmp_path / names.CERTIFICATE

    bundle.write(again, dict(reversed(files.items())))

    assert made.bundle.read_bytes() == again.read_bytes()


def test_the_image_is_checked_again_on_request(made: Certified) -> None:
    """Which comes to the same verdicts, and says what is certified."""
    status, output = made.ended("again")

    assert 0 == status, output
    assert "verified: Word count 1.2 of Example (conformance@example.com)\n" in output
    assert f"image {made.image}\n" in output


def test_a_check_that_something_leaves_out_is_a_reason(made: Certified) -> None:
    """Each has a line, there is no bundle, and the status is not 0."""
    status, output = made.ended("short")

    assert 6 == status, output
    assert "warning: no certificate: exit.zero-on-success was not selected\n" in output
    assert not (made.place / "short.d/conformance-report" / names.CERTIFICATE).exists()


def test_what_can_be_told_beforehand_is_told_beforehand(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """All at once, a line for each, with status 4; nothing is run, and an earlier bundle is gone."""
    (tmp_path / "product.toml").write_text(PRODUCT.format(image=NOWHERE).replace("reference", "other"))
    (tmp_path / "conformance-waivers.toml").write_text("")
    earlier = tmp_path / "conformance-report" / names.CERTIFICATE
    earlier.parent.mkdir()
    earlier.write_bytes(b"")
    changed = ("--image-timeout=30", "--image-grace=5", "--image-keep", "--image-hosts=1", "--image-waivers-shared")

    options = ("--image-certify=product.toml", *changed, "-k", "image", "-n1", "--image-gpu=auto")
    ran = conformance(tag("reference"), *reference_job(), *options)

    assert 4 == ran.status, ran.output
    (reasons,) = (part for part in ran.output.split("ERROR: ") if part.startswith("--image-certify: no certificate"))
    said = [line.removeprefix("  - ") for line in reasons.strip().splitlines()[1:]]
    assert [
        "--image-timeout: expected the default, 300.0, got 30.0",
        "--image-grace: expected the default, 10.0, got 5.0",
        "--image-keep: expected the default, False, got True",
        "--image-hosts: expected the default, None, got 1",
        f"--image-waivers: expected the default, '', got '{tmp_path}/conformance-waivers.toml'",
        "--image-waivers-shared: expected the default, False, got True",
        "--image-job: expected the jobs of the product, other, got reference",
        f"--image: expected the image of the product, {NOWHERE}, got {tag('reference')}",
        "-n: expected one process, since the outcomes of all runs are recorded",
        "expected all checks, but -k, -m, --deselect or a node id selects some",
    ] == said
    assert not earlier.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("vendor = 1\n", "product.toml:1: required member product is missing"),
        (PRODUCT.format(image="team/image:latest"), "product.toml:5: image: expected registry/name@sha256:..., the "),
        (PRODUCT.format(image=NOWHERE) + "more = 1\n", "product.toml:7: expected one of vendor, product, version, "),
    ],
)
def test_a_product_that_is_none_is_an_error_with_its_line(
    content: str, said: str, tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """And status 4."""
    (tmp_path / "product.toml").write_text(content)

    ran = conformance(tag("reference"), "--image-certify=product.toml")

    assert 4 == ran.status
    assert f"ERROR: --image-certify: {tmp_path}/{said}" in ran.output
