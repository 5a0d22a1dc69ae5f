"""Read a file that holds one JSON object, with an error that says what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.errors import RequestError


def read_document(path: Path) -> dict[str, Any]:
    """Read a request's JSON from a file.

    Raises:
        RequestError: the file cannot be read, is not JSON, or holds something other than an object.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RequestError(str(path), (f"cannot be read: {error.strerror}",)) from error
    except UnicodeDecodeError as error:
        raise RequestError(str(path), (f"not UTF-8 text: {error.reason} at byte {error.start}",)) from error
    except json.JSONDecodeError as error:
        fault = f"not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise RequestError(str(path), (fault,)) from error
    except RecursionError as error:
        raise RequestError(str(path), ("not valid JSON: nested too deeply",)) from error
    except ValueError as error:
        raise RequestError(str(path), ("not valid JSON: a number has too many digits",)) from error
    if not isinstance(document, dict):
        fault = f"expected the JSON object of a CreateProcessingJob request, got a JSON {json_type(document)}"
        raise RequestError(str(path), (fault,))
    return document


def json_type(value: object) -> str:
    """The name of a value's type in JSON."""
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
