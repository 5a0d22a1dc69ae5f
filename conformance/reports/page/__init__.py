"""`report.html` and `overview.html`: pages that need no network, each made of its document alone.

Everything that is put into it is escaped; see `conformance.reports.templates`. What the page may run and how it may
look is bound by a Content-Security-Policy to the script and the style of this folder.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.reports.page import sessions, timeline, view
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


def render_overview(document: Mapping[str, Any]) -> str:
    """The page of an overview, as its file has it; it has no script. Raises UsageError as `template` does."""
    style = _content("style.css")
    return template(HERE / "overview.html.jinja").render(
        style=style, policy=policy(style), page=sessions.of(document), document=document
    )


def policy(style: str, script: str = "") -> str:
    """The Content-Security-Policy of a page: its own style and script, if any, and nothing else from anywhere."""
    scripts = f"'{_hash(script)}'" if script else "'none'"
    return f"default-src 'none'; style-src '{_hash(style)}'; script-src {scripts}; base-uri 'none'; form-action 'none'"


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _content(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
