"""The pages that users read, and the command blocks in them.

Each block of commands is run by `tests/documents/test_commands.py` as it stands, unless a comment before it says
otherwise: `<!-- not run: WHY -->`, `<!-- tested by FILE -->`, or `<!-- run with exit status 0 6 -->`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from tests.conftest import ROOT

PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))

SHELL = frozenset({"shell", "sh", "bash"})

OTHERS = frozenset({"json", "python", "toml", "yaml", "dockerfile", "groovy", "make", "text", "{toctree}"})
"""Languages of blocks that are no commands; a fence without any is output."""


@dataclass(frozen=True)
class Block:
    """A block of code of a page, with its line there, its language and the comment before it."""

    page: Path
    line: int
    language: str
    text: str
    comment: str

    def __str__(self) -> str:
        """Where it stands, as for a test's id."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_commands(self) -> bool:
        """Whether it is there to be typed: an indented block that is no file's content, or a fence that says so."""
        return self.language in SHELL

    @property
    def statuses(self) -> set[int]:
        """The exit statuses with which its last command may end."""
        found = re.fullmatch(r"run with exit status ([\d ]+)", self.comment)
        return {int(word) for word in found[1].split()} if found else {0}


def blocks(page: Path) -> Iterator[Block]:
    """All blocks of a page, in their order."""
    comment = ""
    for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
        if token.type in {"fence", "code_block"}:
            assert token.map is not None
            # An indented block is what a reader types, or a line of a file, which begins with `[`.
            indented = "toml" if token.content.startswith("[") else "shell"
            language = token.info.strip() if token.type == "fence" else indented
            yield Block(page, token.map[0] + 1, language, token.content, comment)
        found = re.fullmatch(r"<!-- (.*?) -->\s*", token.content) if token.type == "html_block" else None
        comment = found[1] if found else ""
