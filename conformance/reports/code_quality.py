"""GitLab's code quality report: each finding at the line of a Dockerfile, which GitLab shows in a merge request."""

from __future__ import annotations

import json

from conformance.reports import sarif
from conformance.reports.conclusion import Document
from conformance.reports.dockerfile import Dockerfile
from conformance.verdict.verdict import Word

SEVERITIES = {Word.VIOLATES: "blocker", Word.ADVISED: "minor", Word.WAIVED: "info"}

UNKNOWN = "Dockerfile"
"""Where a finding is said to be while no Dockerfile is given: GitLab takes none without a place."""


def render(document: Document, dockerfile: Dockerfile | None = None) -> str:
    """The report as GitLab reads it (docs.gitlab.com, Code Quality, custom tool)."""
    found = [
        {
            "description": f"{verdict['level']}: {sarif.sentence(verdict)}",
            "check_name": verdict["check"],
            "fingerprint": sarif.fingerprint(verdict),
            "severity": SEVERITIES[verdict["verdict"]],
            "location": {
                "path": UNKNOWN if dockerfile is None else dockerfile.path,
                "lines": {
                    "begin": 1 if dockerfile is None else dockerfile.place(verdict["check"], verdict["violations"]).line
                },
            },
        }
        for verdict in document["verdicts"]
        if verdict["verdict"] in SEVERITIES
    ]
    return json.dumps(found, indent=2, ensure_ascii=True) + "\n"
