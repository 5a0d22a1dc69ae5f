"""The badge: well-formed whatever the vendor calls the product, and legible."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from conformance.certificate import badge, product
from conformance.certificate.verification import Verified
from tests.certificate.test_product import WHOLE
from tests.support.outcomes import OUTPUT, file, host, outcome
from tests.support.reports import report

SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = "</title><script>alert(1)</script> & ' \\\" ]]>"


def certified(*, advised: bool = False, name: str = "Word count") -> Verified:
    """What a bundle says of a product of this name."""
    document = report(outcome(host(file(f"{OUTPUT}/part-1"), stdout="done\n", message="x" * 2000 if advised else None)))
    wanted = product.parse(WHOLE.replace("Word count", name).encode(), "product.toml")
    return Verified(wanted, (), document, {}, datetime(2027, 11, 28, tzinfo=UTC))


def luminance(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    ("advised", "said"), [(False, "conforms to 2026.11"), (True, "conforms to 2026.11, 1 warning")]
)
def test_a_badge_says_what_was_verified(advised: bool, said: str) -> None:  # noqa: FBT001 - a parameter of pytest's
    """In words, as a title, and for a screen reader."""
    svg = ET.fromstring(badge.render(certified(advised=advised)))  # noqa: S314 - made just now

    assert ["SageMaker Processing", said] == [each.text for each in svg.iter(f"{SVG}text")]
    assert f"SageMaker Processing: {said}" == svg.get("aria-label")
    title = svg.findtext(f"{SVG}title") or ""
    assert title.startswith(f"Word count 1.2 of Example: {said}, profile processing, valid until 2027-11-28, registry.")


def test_a_name_is_text_and_nothing_else() -> None:
    """Whatever stands in it."""
    svg = ET.fromstring(badge.render(certified(name=HOSTILE)))  # noqa: S314 - as above

    assert {"svg", "title", "clipPath", "g", "rect", "text"} == {each.tag.removeprefix(SVG) for each in svg.iter()}
    assert HOSTILE.replace("\\", "") in (svg.findtext(f"{SVG}title") or "")


@pytest.mark.parametrize("colour", [badge.GREY, badge.GREEN, badge.AMBER])
def test_white_on_each_colour_is_legible(colour: str) -> None:
    """With a contrast of 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5
