"""Every report says of a waived violation who answers for it, until when and why, and none that the image conforms."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.reports import conclusion, junit, markdown, page, sarif
from conformance.verdict.verdict import Word
from tests.reports.page.test_page import failing

WAIVER = {
    "check": "exit.nonzero-on-failure",
    "image": "example:*",
    "reason": "the vendor mends it <soon>",
    "owner": "team@example.com",
    "expires": "2027-01-31",
    "contains": "",
    "file": "/here/conformance-waivers.toml",
    "line": 7,
}


def waived() -> dict[str, Any]:
    """A report whose violations are all waived, and beside it a waiver that nobody needs any more."""
    document = failing()
    for verdict in document["verdicts"]:
        if verdict["verdict"] in {Word.VIOLATES, Word.ADVISED}:
            verdict["waived"] = {"found": verdict["verdict"], "by": [WAIVER]}
            verdict["verdict"] = str(Word.WAIVED)
    counts = document["counts"]
    counts["waived"], counts["violates"], counts["advised"] = counts["violates"] + counts["advised"], 0, 0
    document["exit_status"] = 0
    return document


@pytest.mark.parametrize("render", [page.render, markdown.render, junit.render])
def test_who_answers_for_it_is_told(render: Callable[[dict[str, Any]], str]) -> None:
    """With the reason and the day, as text."""
    document = waived()

    content = html.unescape(render(document))

    assert document["counts"]["waived"]
    assert "until 2027-01-31 by team@example.com: the vendor mends it <soon>" in content
    assert "the vendor mends it <soon>" not in render(document)


def test_sarif_suppresses_it() -> None:
    """With the same words as its justification."""
    results = json.loads(sarif.render(waived()))["runs"][0]["results"]

    told = "until 2027-01-31 by team@example.com: the vendor mends it <soon> (/here/conformance-waivers.toml:7)"
    assert results
    assert all([{"kind": "external", "justification": told}] == each["suppressions"] for each in results)


def test_the_image_passes_and_does_not_conform() -> None:
    """The result has another word."""
    assert conclusion.Conclusion.PASSES is conclusion.of(waived())
    assert conclusion.sentence(waived()).startswith(f"{waived()['counts']['waived']} waived, ")


def test_one_that_nobody_needs_is_a_failure_of_its_own() -> None:
    """And the reason why the session fails."""
    document = waived() | {"exit_status": 1}
    document["waivers"] = [WAIVER | {"state": "expired", "said": "it expired on 2027-01-31"}]

    content = junit.render(document)

    assert '<testcase name="line-7" classname="processing.waivers" time="0.000"><failure' in content
    assert "/here/conformance-waivers.toml:7: waiver of exit.nonzero-on-failure: it expired on 2027-01-31" in content
    assert "1 waiver expired or without a violation (exit status 1)" == conclusion.sentence(document)
