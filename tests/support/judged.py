"""A session on one image of the project's own, by a command line as users type it, and its verdicts in short."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.conftest import Ran, clean_environment, declared_options, job_of, reference_job

LIMIT_SECONDS = 600
"""A session that takes longer is none that ends."""


def options_of(name: str) -> tuple[str, ...]:
    """The options that an image below images/ is judged with, so that a stop takes little time."""
    return (*reference_job(job=job_of(name)), *declared_options(name), "--image-grace=2")


def session(tag: str, options: Sequence[str], directory: Path, environment: Mapping[str, str] | None = None) -> Ran:
    """Judge the image of a tag in this directory; raises subprocess.TimeoutExpired past the limit."""
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", f"--image={tag}", *options],
        cwd=directory,
        env=clean_environment() | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    return Ran(0, ended.returncode, ended.stdout + ended.stderr, directory / "conformance-report")


def verdicts(ran: Ran) -> Mapping[str, str]:
    """The verdict on each check; what does not apply is no lack of evidence, and told apart from it."""
    return {each["check"]: each["verdict"] if each["applies"] else "not applicable" for each in ran.report["verdicts"]}
