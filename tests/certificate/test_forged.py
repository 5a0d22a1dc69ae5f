"""No forged bundle is verified: each is rejected for the very rule that it breaks, on one line."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.certificate import bundle
from conformance.certificate.rejected import RULES, Rejected
from conformance.certificate.verification import verify
from tests.certificate import forgeries
from tests.certificate.forging import FORGERIES, Forgery, packed, unpacked
from tests.support.certifying import Certified

ELSEWHERE = {"V25"}
"""What needs more than a bundle: tests/commands/test_verify.py."""


@pytest.mark.engine
@pytest.mark.parametrize("write", [packed, unpacked])
def test_the_real_one_is_verified(made: Certified, write: object, tmp_path: Path) -> None:
    """As it is, and written by the functions by which forgers write, as an archive and as a directory."""
    assert callable(write)
    for path in (made.bundle, write(made.files, tmp_path)):
        assert made.image == verify(bundle.read(path), now=datetime.now(UTC)).product.image


@pytest.mark.engine
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: f"{forgery.rule}-{forgery.name}")
def test_a_forged_bundle_is_rejected(forgery: Forgery, made: Certified, tmp_path: Path) -> None:
    """By the number of its rule."""
    path = forgery.make(made.files, tmp_path)

    with pytest.raises(Rejected) as caught:
        verify(bundle.read(path), now=datetime.now(UTC))

    assert forgery.rule == caught.value.rule, str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_rule_is_broken_by_some_forgery() -> None:
    """And no two have one name, by which one would hide the other."""
    assert set(RULES) - ELSEWHERE == {forgery.rule for forgery in FORGERIES}
    assert {1} == set(Counter(forgery.name for forgery in FORGERIES).values())
    assert forgeries.MUST
