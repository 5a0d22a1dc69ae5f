"""The names of the reports in their directory."""

from __future__ import annotations

REPORT = "report.json"
HTML = "report.html"
MARKDOWN = "report.md"
SARIF = "report.sarif"
CODE_QUALITY = "gl-code-quality-report.json"
JUNIT = "junit.xml"
RENDERED_JUNIT = "report.junit.xml"
"""Beside the one that pytest has written, which may have other tests in it."""

CERTIFICATE = "certificate.tar.gz"

ALL = (REPORT, HTML, MARKDOWN, SARIF, CODE_QUALITY, JUNIT, RENDERED_JUNIT, CERTIFICATE)
