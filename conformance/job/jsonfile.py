"""A file that holds one JSON object: read with an error that says where it is none."""

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
        raise RequestError(str(path), (f"is not UTF-8 text: {error.reason} at byte {error.start}",)) from error
    except json.JSONDecodeError as error:
        fault = f"is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise RequestError(str(path), (fault,)) from error
    except RecursionError as error:
        raise RequestError(str(path), ("is not valid JSON: it is nested too deeply",)) from error
    except ValueError as error:
        raise RequestError(str(path), ("is not valid JSON: it has a number of too many digits",)) from error
    if not isinstance(document, dict):
        fault = f"holds a JSON {json_type(document)}, expected the object of a CreateProcessingJob request"
        raise RequestError(str(path), (fault,))
    return document


def json_type(value: object) -> str:
    """What JSON calls a value that was read from it."""
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
