"""`report.html`: one page that needs no network, made of the document alone.

Everything that is put into it is escaped; see `conformance.reports.templates`. What the page may run and how it may
look is bound by a Content-Security-Policy to the script and the style of this folder.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.reports.page import timeline, view
from conformance.reports.templates import template

HERE = Path(__file__).parent


def render(document: Mapping[str, Any]) -> str:
    """The page of a report, as `conformance.reports.reading` reads it; raises UsageError as `template` does."""
    style, script = (_content(name) for name in ("style.css", "script.js"))
    return template(HERE / "page.html.jinja").render(
        # These two files of this folder are all that the template does not escape.
        style=style,
        script=script,
        policy=policy(style, script),
        page=view.of(document),
        timelines=timeline.of(document),
    )


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy of the page: its own style and script, and nothing else from anywhere."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _content(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
