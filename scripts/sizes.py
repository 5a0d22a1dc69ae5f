"""Measure what an installation weighs: `python -m scripts.sizes`.

Each is installed into a directory of its own, as a user's pip would, and the bytes of its files are summed up, without
the bytecode that Python writes later. `beyond` is what the suite brings besides docker, moto and pytest, which whoever
tests containers against S3 has anyway; for an extra it is what that adds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from conformance.text import line

ROOT = Path(__file__).resolve().parents[1]

PRESENT = ("docker", "moto[s3]", "pytest")
"""What is not counted."""

EXTRAS = ("xdist", "ssh", "gpu", "html", "dockerfile", "aws", "serve", "docs")
"""Those that users install; the others are for work on the suite itself."""


def main() -> int:
    """Print a table; 1 if the default install is beyond its limit."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    with tempfile.TemporaryDirectory() as place:
        base = installed(Path(place, "base"), *PRESENT)
        default = installed(Path(place, "default"), *PRESENT, ".")
        print("| installed | MB beyond |\n|---|---|")
        print(f"| {', '.join(PRESENT)} | ({megabytes(base)}) |")
        print(f"| the suite | {megabytes(default - base)} |", flush=True)
        for extra in EXTRAS:
            if extra not in declared["optional-dependencies"]:
                raise SystemExit(line(f"sizes: no extra {extra!r} in pyproject.toml"))
            more = installed(Path(place, extra), *PRESENT, f".[{extra}]") - default
            print(f"| `[{extra}]` | {megabytes(more)} |", flush=True)
    return int(default - base > LIMIT_BYTES)


LIMIT_BYTES = 40_000_000
"""The most that the default install may bring."""


def installed(place: Path, *requirements: str) -> int:
    """Install them and return the bytes of all files."""
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check", "--no-compile")
    subprocess.run([*pip, "--target", place, *requirements], cwd=ROOT, check=True)
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file() and not path.is_symlink())


def megabytes(count: int) -> str:
    """Of 1,000,000 bytes."""
    return f"{count / 1_000_000:.1f}"


if __name__ == "__main__":
    sys.exit(main())
