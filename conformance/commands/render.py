"""`processing-conformance render`: other reports from a report.json."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from conformance import text
from conformance.commands import rendered
from conformance.commands.exits import ExitStatus
from conformance.commands.rendered import Rendered
from conformance.errors import UsageError
from conformance.reports import code_quality, directory, junit, markdown, page, reading, sarif
from conformance.reports.dockerfile import Dockerfile, read

MAKERS: Mapping[Rendered, Callable[[dict[str, Any], Dockerfile | None], str]] = {
    rendered.HTML: lambda document, _: page.render(document),
    rendered.MARKDOWN: lambda document, _: markdown.render(document),
    rendered.SARIF: sarif.render,
    rendered.CODE_QUALITY: code_quality.render,
    rendered.JUNIT: lambda document, _: junit.render(document),
}


def render(arguments: argparse.Namespace) -> int:
    """Write the reports that are asked for, and print the name of each.

    Raises:
        UsageError: none is asked for, the report cannot be read, or a file cannot be written.
    """
    asked = [each for each in rendered.ALL if getattr(arguments, each.option.replace("-", "_"))]
    if not asked:
        raise UsageError(f"expected one of {', '.join(f'--{each.option}' for each in rendered.ALL)}, got none")
    path = Path(arguments.report)
    document = reading.read(path)
    given = arguments.dockerfile
    dockerfile = None if given is None else read(Path(given), given)
    place = path.parent if arguments.output is None else Path(arguments.output)
    for each in asked:
        write(place / each.file, MAKERS[each](document, dockerfile))
        sys.stdout.write(f"{text.line(str(place / each.file))}\n")
    return ExitStatus.COMPLETED


def write(path: Path, content: str) -> None:
    """Write a file whole; raises UsageError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        directory.write(path, content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
