"""Annotations of GitHub Actions: workflow commands that show a finding at the line of the Dockerfile at fault.

What a finding quotes cannot end its command or begin another one: it is one line without controls, and what the
runner takes for syntax is encoded as its toolkit does.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance import text
from conformance.reports.conclusion import Document
from conformance.reports.dockerfile import Dockerfile
from conformance.verdict.verdict import Word

LEVELS = {Word.VIOLATES: "error", Word.ADVISED: "warning", Word.WAIVED: "notice"}


def commands(document: Document, dockerfile: Dockerfile) -> Iterator[str]:
    """A workflow command for each finding."""
    for verdict in document["verdicts"]:
        level = LEVELS.get(verdict["verdict"])
        if level is not None:
            place = dockerfile.place(verdict["check"], verdict["violations"])
            named = {"file": dockerfile.path, "line": place.line, "endLine": place.end, "title": verdict["check"]}
            properties = ",".join(f"{name}={_property(str(value))}" for name, value in named.items())
            said = f"{verdict['violations'][0]} Fix: {verdict['remedy']}"
            yield f"::{level} {properties}::{_data(text.sentence(said))}"


def _data(said: str) -> str:
    return said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(said: str) -> str:
    return _data(text.line(said)).replace(":", "%3A").replace(",", "%2C")
