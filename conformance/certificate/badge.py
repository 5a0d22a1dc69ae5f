"""A badge as SVG: what a verified bundle says in a few words."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from conformance.certificate.verification import Verified
from conformance.reports import conclusion
from conformance.verdict.verdict import Word

LABEL = "SageMaker Processing"

HEIGHT = 20
FONT_SIZE = 11
CHARACTER = 6.4
"""How wide a character is on average, in this size; `textLength` makes the text exactly as wide as it is taken for."""

PADDING = 7.0
GREY, GREEN, AMBER = "#4a4f57", "#1a7f37", "#8a5a00"
"""White text on each has a contrast of more than 4.5 to 1."""


def message(found: Verified) -> str:
    """What the badge says."""
    warnings = found.document["counts"][Word.ADVISED]
    more = f", {conclusion.counted(warnings, 'warning')}" if warnings else ""
    return f"conforms to {found.document['contract']}{more}"


def render(found: Verified) -> str:
    """The badge, with the product, its image and the end of its validity as the title."""
    product, document = found.product, found.document
    title = (
        f"{product.product} {product.version} of {product.vendor}: {message(found)}, profile "
        f"{conclusion.profile(document)}, valid until {found.expires:%Y-%m-%d}, {product.image}"
    )
    colour = AMBER if document["counts"][Word.ADVISED] else GREEN
    parts = [(LABEL, GREY), (message(found), colour)]
    width = sum(map(_width, (words for words, _ in parts)))
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": f"{width:g}",
            "height": str(HEIGHT),
            "viewBox": f"0 0 {width:g} {HEIGHT}",
            "role": "img",
            "aria-label": f"{LABEL}: {message(found)}",
        },
    )
    SubElement(svg, "title").text = title
    clip = SubElement(SubElement(svg, "clipPath", {"id": "corners"}), "rect")
    clip.attrib |= {"width": f"{width:g}", "height": str(HEIGHT), "rx": "3"}
    group = SubElement(svg, "g", {"clip-path": "url(#corners)"})
    at = 0.0
    for words, fill in parts:
        SubElement(group, "rect", {"x": f"{at:g}", "width": f"{_width(words):g}", "height": str(HEIGHT), "fill": fill})
        said = {
            "x": f"{at + PADDING:g}",
            "y": "14",
            "fill": "#ffffff",
            "font-family": "Verdana, DejaVu Sans, sans-serif",
            "font-size": str(FONT_SIZE),
            "textLength": f"{_width(words) - 2 * PADDING:g}",
        }
        SubElement(group, "text", said).text = words
        at += _width(words)
    return tostring(svg, encoding="unicode") + "\n"


def _width(words: str) -> float:
    return round(len(words) * CHARACTER + 2 * PADDING, 1)
