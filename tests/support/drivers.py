"""Drivers for tests: a library that is built of a few lines of C, against the C library of an image."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.probe import CompilerMissingError, need_compiler

WORDS = ("-target", "x86_64-linux-gnu.2.17", "-w", "-shared", "-fPIC", "driver.c", "-o")


def built(source: str, here: Path, name: str = "libcuda.so.1") -> Path:
    """The library in this directory; the test is skipped where the compiler is missing."""
    try:
        need_compiler()
    except CompilerMissingError as error:
        pytest.skip(str(error))
    (here / "driver.c").write_text(source, encoding="ascii")
    subprocess.run([sys.executable, "-m", "ziglang", "cc", *WORDS, name], cwd=here, check=True)
    return here / name
