"""GitHub Actions: the summary of a job, and annotations in its log."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from conformance.errors import UsageError
from conformance.reports import markdown, workflow
from conformance.reports.conclusion import Document
from conformance.reports.dockerfile import Dockerfile

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable that names the file of a step's summary, to which any program of the step may append."""

ACTIONS = "GITHUB_ACTIONS"
"""The variable that is `true` on a runner."""


def add_summary(document: Document, environment: Mapping[str, str] = os.environ) -> None:
    """Append the report to the summary of the step, where there is one; raises OSError where that cannot be written."""
    if not environment.get(SUMMARY):
        return
    path = Path(environment[SUMMARY])
    left = markdown.MOST_BYTES - (path.stat().st_size if path.exists() else 0)
    try:
        content = markdown.render(document, most_bytes=left)
    except UsageError:
        # Jinja is of an extra.
        return
    # What does not fit at all would take what others wrote with it.
    if len(content.encode()) <= left:
        with path.open("a", encoding="utf-8") as file:
            file.write(content)


def commands(
    document: Document, dockerfile: Dockerfile | None, environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """The workflow commands to print, none where no runner reads them."""
    if dockerfile is not None and environment.get(ACTIONS) == "true":
        yield from workflow.commands(document, dockerfile)
