"""`product.toml`: what it has to say, and what is said of one that does not."""

from __future__ import annotations

import pytest

from conformance.certificate import product
from conformance.errors import UsageError
from tests.support.certifying import PRODUCT

DIGEST = f"sha256:{'a' * 64}"
WHOLE = PRODUCT.format(image=f"registry.example.com:5000/team/train@{DIGEST}")


def test_a_product_is_what_its_file_says() -> None:
    """And keeps the file's own bytes."""
    found = product.parse(WHOLE.encode(), "product.toml")

    assert ("Example", "Word count", "1.2") == (found.vendor, found.product, found.version)
    assert (DIGEST, "registry.example.com:5000/team/train") == (found.digest, found.repository)
    assert ("reference",) == found.jobs
    assert WHOLE.encode() == found.content


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('vendor = "Example"\n', "", ":1: required member vendor is missing"),
        ('"Example"', '""', ":1: vendor: expected a text on one line, got ''"),
        ('"Example"', r'"\u202egnp"', ":1: vendor: expected a text on one line, got '\\u202egnp'"),
        ('"Example"', f'"{"x" * 201}"', ":1: vendor: expected at most 200 characters, got 201"),
        ('"1.2"', "1.2", ":3: version: expected a text on one line, got 1.2"),
        (
            "version",
            "versoin",
            ":3: expected one of vendor, product, version, contact, image, jobs, got 'versoin'; did",
        ),
        (f"@{DIGEST}", ":latest", ":5: image: expected registry/name@sha256:..., the digest of a manifest, got 'regis"),
        ("aaaa", "AAAA", ":5: image: expected registry/name@sha256:..., the digest of a manifest, got 'regis"),
        ("registry.example.com", "--help", ":5: image: expected registry/name@sha256:..., the digest of a manifest, "),
        ('["reference"]', "[]", ":6: jobs: expected a list of 1 to 100 ProcessingJobNames, got []"),
        ('["reference"]', "[1]", ":6: jobs: expected a list of 1 to 100 ProcessingJobNames, got [1]"),
        ('["reference"]', '["a", "a"]', ":6: jobs: expected each once, got ['a', 'a']"),
        ('["reference"]', "[", ":7: not valid TOML: "),
    ],
)
def test_one_that_is_malformed_is_an_error_with_its_line(old: str, new: str, said: str) -> None:
    """On one line, which says what was expected."""
    assert old in WHOLE

    with pytest.raises(UsageError) as caught:
        product.parse(WHOLE.replace(old, new).encode(), "product.toml")

    assert str(caught.value).startswith(f"--image-certify: product.toml{said}")
    assert "\n" not in str(caught.value)
