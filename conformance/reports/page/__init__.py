"""`report.html`: one page that needs no network, made of the document alone.

Everything that is put into it is escaped by Jinja, after `conformance.text` has made it harmless to a reader. What the
page may run and how it may look is bound by a Content-Security-Policy to the script and the style of this folder.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance import text
from conformance.errors import UsageError
from conformance.reports.page import timeline, view

HERE = Path(__file__).parent


def render(document: Mapping[str, Any]) -> str:
    """The page of a report, as `conformance.reports.reading` reads it.

    Raises:
        UsageError: Jinja is not installed.
    """
    try:
        import jinja2  # noqa: PLC0415 - of the extra [html]
    except ImportError as error:
        raise UsageError(
            "expected Jinja for report.html, but it is not installed",
            hint="pip install 'sagemaker-processing-conformance[html]'",
        ) from error
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = (_content(name) for name in ("style.css", "script.js"))
    return environment.get_template("page.html.jinja").render(
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


def _harmless(value: object) -> object:
    """What stands in the page for a value: text without invisible characters and marks of direction."""
    return text.lines(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
