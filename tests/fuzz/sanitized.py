"""Run the tests of the probe with one that ends at undefined behaviour: `python -m tests.fuzz.sanitized [OPTION ...]`.

The options are pytest's. Where the behaviour of C is undefined, as past the end of an array or where a number is too
large, this one traps, so that its container ends by SIGILL. AddressSanitizer needs a C library that is loaded, which no
image can be counted on for: under it run the programs of `probe/`. The probe is replaced in a copy of the project.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.probe import SOURCES
from tests.fuzz.targets import ROOT

COPY = ROOT / ".cache/fuzz/sanitized"

FLAGS = (
    *("-static", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=undefined", "-fsanitize-trap=undefined"),
    *("-Wall", "-Wextra", "-Werror"),
)

OF_THE_BINARY = "tests/probe/test_binary.py"
"""What tells whether the probe is the one that is shipped."""

OF_MUSL = "tests/probe/test_resolver.py::test_musl_resolves_the_same"
"""What is true of the C library of the one that is shipped; this one has that of the machine."""


def made() -> Path:
    """A copy of the project with this probe in it."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, COPY / name, follow_symlinks=False)
    names = sorted(source.name for source in SOURCES.glob("*.c"))
    program = COPY / "conformance/probe/probe"
    subprocess.run(["clang", *FLAGS, *names, "-o", str(program)], cwd=SOURCES, check=True)
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    program.with_name("probe.sha256").write_text(f"{digest}  probe\n", encoding="ascii")
    return COPY


def main(options: Sequence[str]) -> int:
    """Pytest's exit status."""
    chosen = [
        "-m",
        "pytest",
        f"--ignore={OF_THE_BINARY}",
        f"--deselect={OF_MUSL}",
        *(options or ["tests/probe", "-m", "engine"]),
    ]
    return subprocess.run([sys.executable, *chosen], cwd=made(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
