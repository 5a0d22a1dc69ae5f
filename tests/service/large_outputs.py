"""An output of very many files: `make hostile`, since it takes minutes; no other target collects it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from tests.reports.test_logs_reach_reports import OUTPUT, job_of
from tests.support.hostile import session
from tests.support.leftovers import owned_by

pytestmark = pytest.mark.engine

FILES = 100_000

MEMORY_BYTES = 1 << 30

PROGRAM = f"""
import os
os.chdir("{OUTPUT}")
for number in range({FILES}):
    if number % 1000 == 0: os.mkdir(str(number))
    open(f"{{number // 1000 * 1000}}/{{number}}", "w").write("x")
"""


def test_a_hundred_thousand_files_are_uploaded(
    tmp_path: Path, tag: Callable[[str], str], client: docker.APIClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of them, within a bound of memory; the figures are printed."""
    begun = time.monotonic()

    ran, memory_bytes = session(
        tmp_path,
        *(f"--image={tag('reference')}", *job_of(tmp_path, PROGRAM, seconds=600), "--image-timeout=600"),
        *("-k", "outputs or zero-on-success"),
    )

    with capsys.disabled():
        sys.stdout.write(f"{FILES:,} files: {time.monotonic() - begun:.0f} s, {memory_bytes >> 20} MB of memory\n")
    (run,) = ran.report["runs"]
    assert (0, set()) == (run["hosts"][0]["exit_code"], ran.failing)
    assert run["hosts"][0]["files_in_all"] > FILES
    assert memory_bytes < MEMORY_BYTES
    assert [] == owned_by(client, ran.process)
