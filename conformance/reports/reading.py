"""Reading `report.json`, of this version of the suite or an earlier one; who wrote it is not known."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from conformance import text
from conformance.errors import UsageError

HERE = Path(__file__).parent

SCHEMAS = {1: HERE / "report.schema.1.json", 2: HERE / "report.schema.json"}
"""The schema of each version that is read; the last one is written."""

LARGEST_BYTES = 256 << 20
LARGEST_NUMBER = (1 << 63) - 1

RENAMED_ENDS = {"stopped in the middle of its work": "stopped while running"}
"""How a container ended, in the words of version 1."""


def read(path: Path) -> dict[str, Any]:
    """The report in a file, as one of the version that is written; what an earlier one lacks is empty or None.

    Raises:
        UsageError: it cannot be read, or is no report by the schema of its version.
    """
    document, version = read_any(path, SCHEMAS, "a report.json")
    return _from_1(document) if version == 1 else document


def read_any(path: Path, schemas: Mapping[int, Path], what: str) -> tuple[dict[str, Any], int]:
    """The document in a file, valid by the schema of its version, and that version; raises UsageError as `read`."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"{path}: expected {what} of at most {LARGEST_BYTES >> 20} MiB")
        document = json.loads(
            path.read_text(encoding="utf-8"), parse_constant=_refuse, parse_float=_finite, parse_int=_bounded
        )
    except OSError as error:
        raise UsageError(f"{path}: expected {what}, but it cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: expected {what}, but it is not JSON: {error}") from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if type(version) is not int or version not in schemas:
        known = " or ".join(map(str, schemas))
        raise UsageError(f"{path}: expected {what} of schema_version {known}, got {version!r}")
    _check(document, schemas[version], f"{path}: expected {what} of schema_version {version}")
    return document, version


def _refuse(word: str) -> NoReturn:
    """Of the words that Python takes for numbers."""
    raise ValueError(f"{word} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits)


def _bounded(digits: str) -> int:
    number = int(digits)
    return number if abs(number) <= LARGEST_NUMBER else _refuse(text.shortened(digits, 40))


def validate(document: dict[str, Any], version: int, source: str) -> None:
    """Raise `UsageError` where a document is none by the schema of its version; `source` names it."""
    _check(document, SCHEMAS[version], f"{source}: expected a report of schema_version {version}")


def _check(document: dict[str, Any], schema: Path, expected: str) -> None:
    validator = Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
    fault = best_match(validator.iter_errors(document))
    if fault is not None:
        raise UsageError(f"{expected}, but at {fault.json_path}: {text.shortened(fault.message, 300)}")


def _from_1(document: dict[str, Any]) -> dict[str, Any]:
    return {
        **document,
        "schema_version": 2,
        "catalogue": None,
        "profile": {"name": document["profile"], "version": "", "sha256": ""},
        "image": {**document["image"], "layers": []},
        "service": {**document["service"], "kernel": "", "system": "", "architecture": "", "unbounded": []},
        "missing": [],
        "verdicts": [{**verdict, "logs": [], "waived": None} for verdict in document["verdicts"]],
        "runs": [_run_from_1(run) for run in document["runs"]],
        "waivers": [],
        "warnings": [],
        "session": None,
        "requests": [],
        "inputs": None,
    }


def _run_from_1(run: dict[str, Any]) -> dict[str, Any]:
    return {
        **run,
        "conditions": {"traced": True, "lifted": []},
        "request": {},
        "timeline": [],
        "trials": [],
        "gpu": {**run["gpu"], "utilization": None},
        "calls": None,
        "queries": [{**query, "at": None} for query in run["queries"]],
        "hosts": [_host_from_1(host) for host in run["hosts"]],
    }


def _host_from_1(host: dict[str, Any]) -> dict[str, Any]:
    return {
        **host,
        "end": RENAMED_ENDS.get(host["end"], host["end"]),
        "processes": [{**process, "began": None, "ended": None} for process in host["processes"]],
        "signals": [],
        "telling": None,
        **{stream: {**host[stream], "file": "", "times": []} for stream in ("stdout", "stderr")},
    }
