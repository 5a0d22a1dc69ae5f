"""Markdown: what GitHub shows as the summary of a job.

Markdown has no text in which nothing is markup, but a block of HTML in it ends at a blank line only. So all that others
wrote stands in such blocks, escaped as HTML, and no line of theirs is blank: lines of a log are joined by references.
"""

from __future__ import annotations

from pathlib import Path

from conformance.reports import conclusion
from conformance.reports.conclusion import Conclusion, Document
from conformance.reports.page import view
from conformance.reports.templates import template
from conformance.verdict.verdict import Word

MOST_BYTES = 1_000_000
"""GitHub refuses the summary of a step above 1 MiB, and shows nothing of it."""

MOST_FINDINGS = 256
MOST_SENTENCES = 5

ICONS = {
    Conclusion.CONFORMS: "✅",
    Conclusion.PASSES: "🔵",
    Conclusion.VIOLATES: "❌",
    Conclusion.INCOMPLETE: "🟡",
    Conclusion.ABORTED: "⛔",
    Word.CONFORMS: "✅",
    Word.VIOLATES: "❌",
    Word.ADVISED: "🟡",
    Word.WAIVED: "🔵",
    Word.NOT_JUDGED: "⚪",
    Word.ERROR: "⛔",
}


def render(document: Document, *, most_bytes: int = MOST_BYTES) -> str:
    """The report as Markdown of at most so many bytes in UTF-8: of very many findings the first.

    Raises UsageError as `template` does.
    """
    page, made = view.of(document), template(Path(__file__).with_name("summary.md.jinja"), has_lines=False)
    result = conclusion.of(document)
    shown = min(len(page.findings), MOST_FINDINGS)
    while True:
        content = made.render(
            page=page,
            icon=ICONS[result],
            icons=ICONS,
            findings=page.findings[:shown],
            left_out=len(page.findings) - shown,
            most_sentences=MOST_SENTENCES,
            details=shown > 0 or not page.findings,
        )
        if len(content.encode()) <= most_bytes or not shown:
            return content
        shown //= 2
