"""Every block of commands in the README and in `docs/` does what the page says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.job.validation import load
from tests.conftest import ROOT, clean_environment
from tests.support.documents import OTHERS, PAGES, SHELL, Block, blocks
from tests.support.reports import report

ALL = [block for page in PAGES for block in blocks(page)]

TESTED = {
    "install": "tests/session/test_installed.py",
    "capture": "tests/test_readme.py",
    "request": "tests/documents/test_commands.py",
}
"""The tests that look for a block by its comment."""

RUN = [block for block in ALL if block.is_commands and re.fullmatch(r"|run with .*", block.comment)]

PLACEHOLDERS = {
    "my-image:latest": "conformance/reference",
    "my:latest": "conformance/reference",
    "--s3=DIR": "--s3=s3",
    "merge DIR...": "merge reports",
}
"""What a page leaves to its reader, and what stands for it here."""


@pytest.mark.parametrize("block", ALL, ids=str)
def test_every_block_says_what_it_is(block: Block) -> None:
    """Its language is known, and a comment before commands is one of those that this file understands."""
    assert block.language in SHELL | OTHERS | {""}
    assert not (block.language == "" and block.text.startswith(("pytest", "processing-conformance", "make ", "pip ")))
    if block.is_commands and block not in RUN:
        tested = TESTED.get(block.comment) or block.comment.removeprefix("tested by ")
        assert (ROOT / tested).is_file() or re.fullmatch(r"not run: needs .+", block.comment), block.comment


def test_there_are_blocks_to_run() -> None:
    """Else nothing here would be tested."""
    assert {"README.md", "job-request.md", "troubleshooting.md", "local-mode.md"} <= {block.page.name for block in RUN}


@pytest.mark.parametrize("name", TESTED)
def test_block_that_another_test_looks_for_is_there_once(name: str) -> None:
    """Under the comment that the test has in it."""
    assert 1 == sum(block.comment == name for block in ALL)
    assert name in (ROOT / TESTED[name]).read_text(encoding="utf-8")


@pytest.mark.engine
@pytest.mark.parametrize("block", RUN, ids=str)
def test_commands_do_what_the_page_says(block: Block, tmp_path: Path, tag: Callable[[str], str]) -> None:
    """Run by a shell as they stand, but for the names that the page leaves to its reader."""
    tag("reference")
    tag("examples/s3")
    prepare(tmp_path)
    text = block.text
    for placeholder, name in PLACEHOLDERS.items():
        text = text.replace(placeholder, name)

    ended = subprocess.run(
        ["bash", "-euc", text],
        cwd=tmp_path,
        env={**clean_environment(), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert ended.returncode in block.statuses, ended.stdout + ended.stderr


def prepare(place: Path) -> None:
    """A project as its reader has one: a job with its data, a list of images and reports."""
    (place / "job.json").write_bytes((ROOT / "fixtures/reference/job.json").read_bytes())
    # A job of `processing-conformance run` writes its outputs there.
    shutil.copytree(ROOT / "fixtures/reference/s3", place / "s3")
    for name in ("images", "fixtures"):
        (place / name).symlink_to(ROOT / name)
    made = report()
    (place / "images.txt").write_text(f"{made['image']['reference']}\n", encoding="utf-8")
    for name in ("conformance-report", "reports/first"):
        (place / name).mkdir(parents=True)
        (place / name / "report.json").write_text(json.dumps(made), encoding="utf-8")


def test_request_of_the_page_is_complete(tmp_path: Path) -> None:
    """The smallest one is valid as it stands, and nothing can be left out."""
    (block,) = [block for block in ALL if block.comment == "request"]
    (tmp_path / "job.json").write_text(block.text, encoding="utf-8")

    assert "smallest" == load(tmp_path / "job.json").name
