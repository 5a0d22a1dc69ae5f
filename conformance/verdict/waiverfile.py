"""Read the waivers of a project: `conformance-waivers.toml`, beside pytest's configuration file."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

from conformance.rule.declaration import Registry
from conformance.verdict import tomlfile
from conformance.verdict.tomlfile import TomlFile, meant
from conformance.verdict.waiver import DIGEST, Waiver
from conformance.verdict.waivers import Waivers

OPTION = "--image-waivers"
NAME = "conformance-waivers.toml"

MEMBERS = ("check", "image", "reason", "owner", "expires", "contains")

LONGEST_DAYS = 366
"""A year: who answers for a violation says so again after that."""

_DIGEST = re.compile(rf"{DIGEST}[0-9a-f]{{64}}", re.ASCII)


def read(path: Path, checks: Registry, *, today: date, is_shared: bool = False) -> Waivers:
    """The waivers in a file.

    Raises:
        UsageError: the file cannot be read or is malformed, names a check that does not exist, or waives for more than
            a year; the error names the line.
    """
    file = tomlfile.read(path, OPTION)
    tables = file.document.get("waiver", [])
    for name in file.document:
        if name != "waiver":
            raise file.fault(f"expected [[waiver]], got {name!r}", line=file.line_of(name) or _header(file, name))
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise file.fault(f"expected tables [[waiver]], got {tables!r}", line=file.line_of("waiver"))
    lines = file.lines_of_tables("waiver")
    # Where they are written in another way, nobody can tell their lines.
    known = lines if len(lines) == len(tables) else [1] * len(tables)
    found = (_waiver(file, table, line, checks, today) for table, line in zip(tables, known, strict=True))
    return Waivers(tuple(found), today, file.source, is_shared)


def _waiver(file: TomlFile, table: dict[str, Any], line: int, checks: Registry, today: date) -> Waiver:
    file.expect_members(table, MEMBERS, optional=("contains",), line=line)
    texts = {name: file.text_of(table, name, line=line) for name in table if name != "expires"}
    ids = [check.id for check in checks]
    if texts["check"] not in ids:
        raise file.fault(
            f"no check {texts['check']!r}{meant(texts['check'], ids)}", line=file.line_of("check", below=line) or line
        )
    if texts["image"].startswith(DIGEST) and not _DIGEST.fullmatch(texts["image"]):
        raise file.fault(
            f"image: expected {DIGEST} and 64 hexadecimal digits, or a pattern of references, got {texts['image']!r}",
            line=file.line_of("image", below=line) or line,
        )
    return Waiver(**texts, expires=_expiry(file, table["expires"], line, today), source=file.source, line=line)


def _expiry(file: TomlFile, value: object, line: int, today: date) -> date:
    where = file.line_of("expires", below=line) or line
    if not isinstance(value, date) or isinstance(value, datetime):
        raise file.fault(f"expires: expected a date such as {today} without quotes, got {value!r}", line=where)
    if (value - today).days > LONGEST_DAYS:
        raise file.fault(f"expires: expected a day within a year, got {value}", line=where)
    return value


def _header(file: TomlFile, name: str) -> int | None:
    lines = enumerate(file.text.splitlines(), start=1)
    return next((number for number, line in lines if re.match(rf"\s*\[+\s*[\"']?{re.escape(name)}\b", line)), None)
