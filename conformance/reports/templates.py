"""Templates that escape whatever is put into them, after `conformance.text` has made it harmless to a reader."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import text
from conformance.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Template


def template(path: Path, *, has_lines: bool = True) -> Template:
    """The template in a file, for HTML; without `has_lines`, no value that is put into it breaks a line.

    Raises:
        UsageError: Jinja is not installed.
    """
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - of the extra [html]
    except ImportError as error:
        raise UsageError(
            "expected Jinja for this report, but it is not installed",
            hint="pip install 'sagemaker-processing-conformance[html]'",
        ) from error
    environment = Environment(
        loader=FileSystemLoader(path.parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=partial(_harmless, text.lines if has_lines else text.line),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(path.name)


def _harmless(shown: Callable[[str], str], value: object) -> object:
    """What stands there for a value: text without invisible characters and marks of direction."""
    return shown(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
