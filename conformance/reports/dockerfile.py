"""The line of a Dockerfile that a finding is about: of its last stage, which is what was checked."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from conformance.errors import UsageError

LARGEST_BYTES = 1 << 20

COMMAND = ("ENTRYPOINT", "CMD")

FILES = ("COPY", "ADD", "RUN", "WORKDIR", "VOLUME")
"""What puts something below /opt/ml."""

AT: Mapping[str, tuple[str, ...]] = {
    "image.user-resolvable": ("USER",),
    "image.volume-under-opt-ml": ("VOLUME",),
    "image.platform": ("FROM",),
    "image": COMMAND,
    "launch": COMMAND,
    "exit": COMMAND,
    "stop": COMMAND,
    "inputs": COMMAND,
    "message": COMMAND,
    "config": COMMAND,
    "hosts": COMMAND,
    "aws": COMMAND,
    "logs": COMMAND,
    "environment.reaches-the-program": COMMAND,
    "environment": ("ENV",),
    "reserved": FILES,
    "outputs.writable-by-user": ("USER",),
    "outputs": COMMAND,
    "gpu.visible-devices-not-void": ("ENV",),
    "gpu.capabilities-compute": ("ENV",),
    "gpu.workload-uses-it": COMMAND,
    "gpu": ("COPY", "ADD", "RUN"),
}
"""Which instructions a check, or any other one of its chapter, is about."""

NAMED = {
    "image.volume-under-opt-ml": "/opt/ml",
    "reserved": "/opt/ml",
    "gpu.visible-devices-not-void": "NVIDIA_VISIBLE_DEVICES",
    "gpu.capabilities-compute": "NVIDIA_DRIVER_CAPABILITIES",
}
"""What stands in the instruction that is meant."""

VARIABLE = re.compile(r"\bsets ([A-Za-z_]\w*)")
"""How a finding names a variable of ENV."""

HEREDOC = re.compile(r"<<-?[\"']?(\w+)")


@dataclass(frozen=True)
class Instruction:
    """An instruction, its arguments, and its first and last line, counted from 1."""

    name: str
    value: str
    line: int
    end: int


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile by the path that reports give it; `instructions` are those of its last stage."""

    path: str
    instructions: tuple[Instruction, ...]

    @property
    def uri(self) -> str:
        """The path as a relative reference of a URI (RFC 3986)."""
        return quote(self.path)

    def place(self, check: str, violations: Sequence[str] = ()) -> Instruction:
        """The instruction that a finding of a check is about; the last FROM where none is more so."""
        names = AT.get(check) or AT.get(check.partition(".")[0], ())
        asked = NAMED.get(check) or NAMED.get(check.partition(".")[0], "")
        words = [asked] if asked else [name for said in violations for name in VARIABLE.findall(said)]
        # ENTRYPOINT goes before CMD, and of several the last one holds.
        for name in names:
            for instruction in reversed(self.instructions):
                is_meant = not words or any(word in instruction.value for word in words)
                if instruction.name == name and (is_meant or name in COMMAND):
                    return instruction
        return self.instructions[0]


def read(path: Path, shown: str) -> Dockerfile:
    """Read a Dockerfile; `shown` is the path that reports give it.

    Raises:
        UsageError: it cannot be read, has no FROM, or the parser is not installed.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"{shown}: expected a Dockerfile of at most {LARGEST_BYTES >> 20} MiB")
        content = path.read_bytes()
        content.decode("utf-8")
    except OSError as error:
        raise UsageError(f"{shown}: expected a Dockerfile, but it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown}: expected a Dockerfile, but it is not UTF-8") from error
    found = tuple(_last_stage(_parsed(content)))
    if not found:
        raise UsageError(f"{shown}: expected a Dockerfile, but it has no FROM")
    return Dockerfile(shown, found)


def _parsed(content: bytes) -> list[dict[str, Any]]:
    try:
        from dockerfile_parse import DockerfileParser  # noqa: PLC0415 - of the extra [dockerfile]
    except ImportError as error:
        raise UsageError(
            "expected dockerfile-parse to read a Dockerfile, but it is not installed",
            hint="pip install 'sagemaker-processing-conformance[dockerfile]'",
        ) from error
    structure: list[dict[str, Any]] = DockerfileParser(fileobj=io.BytesIO(content)).structure
    return structure


def _last_stage(structure: Sequence[Mapping[str, Any]]) -> Iterator[Instruction]:
    stages = [at for at, entry in enumerate(structure) if entry["instruction"] == "FROM"]
    ends: list[str] = []
    for entry in structure[stages[-1] :] if stages else ():
        # The parser takes the lines of a here-document for instructions.
        if ends:
            ends = ends[1:] if entry["content"].strip() == ends[0] else ends
            continue
        if entry["instruction"] in {"RUN", "COPY", "ADD"}:
            ends = HEREDOC.findall(entry["value"])
        if entry["instruction"] != "COMMENT":
            yield Instruction(entry["instruction"], entry["value"], entry["startline"] + 1, entry["endline"] + 1)
