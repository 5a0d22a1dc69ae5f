"""Read a file that holds one JSON object, with an error that says what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.errors import RequestError
from conformance.job import forms
from conformance.job.nearest import nearest

MOST_BYTES = 4 * 1024 * 1024
"""More than any request has within the limits of the API model."""


def read_document(path: Path) -> dict[str, Any]:
    """Read a request's JSON from a file.

    Raises:
        RequestError: the file cannot be read, is not JSON, or is something other than a request.
    """
    return request_in(_content(path), str(path))


def request_in(content: bytes, source: str) -> dict[str, Any]:
    """The JSON of a request from the content of a file; raises the same as `read_document`."""
    document = _json_in(content, source)
    if not isinstance(document, dict):
        raise _fault(source, f"got a JSON {json_type(document)}")
    if form := forms.of_document(document):
        raise _fault(source, form)
    return document


def read_json(path: Path) -> object:
    """Read any JSON from a file; raises `RequestError` where there is none."""
    return _json_in(_content(path), str(path))


def _json_in(content: bytes, source: str) -> object:
    if form := forms.of_bytes(content):
        raise _fault(source, form)
    try:
        text = content.decode("utf-8")
        document: object = json.loads(text)
    except UnicodeDecodeError as error:
        raise RequestError(source, (f"not UTF-8 text: {error.reason} at byte {error.start}",)) from error
    except json.JSONDecodeError as error:
        if form := forms.of_text(text, error):
            raise _fault(source, form) from error
        fault = f"not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise RequestError(source, (fault,)) from error
    except RecursionError as error:
        raise RequestError(source, ("not valid JSON: nested too deeply",)) from error
    except ValueError as error:
        raise RequestError(source, ("not valid JSON: a number has too many digits",)) from error
    return document


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except IsADirectoryError as error:
        inner = next((file.name for file in sorted(path.glob("*.json"))), "")
        hint = f"; did you mean {path / inner}?" if inner else ""
        raise RequestError(str(path), (f"expected a file, but this is a directory{hint}",)) from error
    except OSError as error:
        raise RequestError(str(path), (f"cannot be read: {error.strerror}{_alike(path, error)}",)) from error
    except ValueError as error:
        raise RequestError(repr(str(path)), (f"cannot be read: {error}",)) from error
    if len(content) > MOST_BYTES:
        raise _fault(str(path), f"this is longer than any request, which has at most {MOST_BYTES >> 20} MiB")
    return content


def _alike(path: Path, error: OSError) -> str:
    """A file beside one that does not exist, whose name was perhaps meant."""
    if not isinstance(error, FileNotFoundError) or not path.parent.is_dir():
        return ""
    found = nearest(path.name, [file.name for file in path.parent.iterdir() if file.is_file()])
    return f"; did you mean {found[0]}?" if found else ""


def _fault(source: str, form: str) -> RequestError:
    joined = form if form.startswith("got") else f"but {form}"
    return RequestError(source, (f"expected the JSON of a CreateProcessingJob request, {joined}",))


def json_type(value: object) -> str:
    """The name of a value's type in JSON."""
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def part(value: object, *names: str) -> dict[str, Any]:
    """The object at a path within any JSON; an empty one where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def entries(value: object, kind: type) -> list[tuple[int, Any]]:
    """The entries of a list that have a type, each with its index; none where it is not a list."""
    listed = value if isinstance(value, list) else []
    return [(index, entry) for index, entry in enumerate(listed) if isinstance(entry, kind)]
