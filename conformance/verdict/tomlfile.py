"""Read a TOML file of the user's, with errors that name its line."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.job.nearest import nearest

MOST_BYTES = 1024 * 1024
"""More than any such file needs; /dev/zero has more."""

_POSITION = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")


@dataclass(frozen=True)
class TomlFile:
    """The content of a file; `option` and `source` name it in errors, `sha256` is the digest of its bytes."""

    option: str
    source: str
    text: str
    document: dict[str, Any]
    sha256: str

    def fault(self, said: str, *, line: int | None = None) -> UsageError:
        """The error that something in the file is wrong, on one line."""
        return _fault(self.option, self.source, said, line)

    def line_of(self, key: str, *, below: int = 1) -> int | None:
        """The first line from `below` on that sets a key; None if it cannot be told, as of a key in an inline table."""
        sets = re.compile(rf"""\s*(["']?){re.escape(key)}\1\s*=""")
        lines = self.text.splitlines()[below - 1 :]
        return next((number for number, line in enumerate(lines, start=below) if sets.match(line)), None)

    def lines_of_tables(self, name: str) -> list[int]:
        """The lines of all headers `[[name]]`; one too many where a text of several lines has such a line."""
        header = re.compile(rf"""\s*\[\[\s*(["']?){re.escape(name)}\1\s*\]\]""")
        return [number for number, line in enumerate(self.text.splitlines(), start=1) if header.match(line)]

    def expect_members(
        self, table: dict[str, Any], names: Iterable[str], *, optional: Collection[str] = (), line: int = 1
    ) -> None:
        """Raise `UsageError` for a member that is unknown or missing; `line` is where the table begins."""
        required = [name for name in names if name not in optional]
        for name in table:
            if name not in {*required, *optional}:
                raise self.fault(
                    f"expected one of {', '.join((*required, *optional))}, got {name!r}"
                    f"{meant(name, (*required, *optional))}",
                    line=self.line_of(name, below=line),
                )
        for name in required:
            if name not in table:
                raise self.fault(f"required member {name} is missing", line=line)

    def text_of(self, table: dict[str, Any], name: str, *, line: int = 1) -> str:
        """A member that has to be a text on one line, and not empty."""
        value = table[name]
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise self.fault(
                f"{name}: expected a text on one line, got {value!r}", line=self.line_of(name, below=line) or line
            )
        return value


def read(path: Path, option: str) -> TomlFile:
    """Read a file; raises `UsageError` where it cannot be read, is too long or is not TOML."""
    source = str(path)
    try:
        with path.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise _fault(option, source, f"cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise _fault(option, source, f"expected at most {MOST_BYTES} bytes")
    return parse(content, option, source)


def parse(content: bytes, option: str, source: str) -> TomlFile:
    """The same of what a file holds."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _fault(option, source, f"not UTF-8 text: {error.reason}", line) from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        position = _POSITION.search(said)
        line = int(position["line"]) if position and position["line"] else text.count("\n") + 1
        raise _fault(
            option, source, f"not valid TOML: {said[: position.start()] if position else said}", line
        ) from error
    except ValueError as error:
        # What `tomllib` does not look at before it makes a number of it: Python bounds the digits.
        raise _fault(option, source, f"not valid TOML: {error}") from error
    except RecursionError as error:
        raise _fault(option, source, "not valid TOML: nested too deeply") from error
    return TomlFile(option, source, text, document, hashlib.sha256(content).hexdigest())


def meant(name: str, choices: Iterable[str]) -> str:
    """What someone may have meant by a name that does not exist, as the end of an error."""
    close = nearest(name, choices)[:1]
    return f"; did you mean {close[0]}?" if close else ""


def _fault(option: str, source: str, said: str, line: int | None = None) -> UsageError:
    return UsageError(f"{option}: {source}{f':{line}' if line else ''}: {said}")
