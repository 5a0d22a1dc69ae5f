"""The documentation builds without a warning, and every link within it leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from conformance.checks import load_checks
from conformance.rule.choices import CHOICES
from conformance.rule.declaration import Check
from conformance.service.settings import Settings
from scripts.documentation import checks, choices
from tests.conftest import ROOT


@pytest.fixture(name="site", scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages, built as `make docs` builds them: a warning is an error."""
    output = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "scripts.documentation", str(output)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    return output


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path: Path) -> None:
        """Read the file."""
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what the page has of both."""
        found = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := found.get(name))}
        link = found.get("href" if tag in {"a", "link"} else "src")
        if link is not None:
            self.links.append(link)


def dead(path: Path, pages: dict[Path, Page]) -> Iterator[str]:
    """The links of a page that lead to no file and no anchor of the site."""
    for link in pages[path].links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        anchors = pages[target].anchors if target in pages else set()
        if not target.exists() or (parts.fragment and target in pages and unquote(parts.fragment) not in anchors):
            yield f"{path.name}: {link}"


def test_every_link_and_anchor_resolves(site: Path) -> None:
    """Those of the theme too; there are pages for all checks, linked from the index, and for all files of `docs/`."""
    pages = {path: Page(path) for path in sorted(site.resolve().rglob("*.html"))}
    index = pages[site.resolve() / "checks/index.html"]

    assert [] == [link for path in pages for link in dead(path, pages)]
    assert {f"{check.id}.html" for check in load_checks()} <= set(index.links)
    assert {page.stem for page in (ROOT / "docs").glob("*.md")} <= {path.stem for path in pages}


def test_dead_links_are_found(tmp_path: Path) -> None:
    """A file that is not there, and an anchor that a page does not have."""
    (tmp_path / "a.html").write_text('<a href="none.html">1</a><a href="#no">2</a><a href="#yes" id="yes">3</a>')
    page = (tmp_path / "a.html").resolve()

    assert ["a.html: none.html", "a.html: #no"] == list(dead(page, {page: Page(page)}))


@pytest.mark.parametrize("check", tuple(load_checks()), ids=lambda check: check.id)
def test_page_of_a_check_has_all_that_is_declared(check: Check) -> None:
    """Its clause and source, its remedy, and each image that proves it, with a command that builds and checks it."""
    text = checks.page(check)
    proofs = [image.name for image in checks.proofs_of(check)]

    assert all(part in text for part in (check.title, check.clause, check.source.url, check.remedy, check.reproduce))
    assert all(f"python -m images.builder.build {name}\n" in text for name in proofs)
    assert proofs
    assert "None" not in text.replace("None of", "")


def test_consequences_are_those_of_the_checks() -> None:
    """One for each, and none of a check that is no more."""
    told = tomllib.loads(checks.CONSEQUENCES.read_text(encoding="utf-8"))

    assert [check.id for check in load_checks()] == list(told)


def test_page_of_what_aws_leaves_open_is_whole() -> None:
    """Each choice of the suite's has a row, and so has what a calibration compares besides."""
    text = choices.page()

    assert all(f"| `{choice['name']}` |" in text for choice in Settings().described())
    assert all(f"| {choice.name} |" in text for choice in CHOICES)
    assert all(f"| `{name}` |" in text for name in ("mounts_below_opt_ml", "terminal", "region_variable"))
    assert all(name in {choice["name"] for choice in Settings().described()} for name in choices.OPTIONS)


def test_every_reason_in_the_troubleshooting_is_one() -> None:
    """What it quotes of errors and of reasons stands in the code."""
    files = [ROOT / "pytest_sagemaker_processing.py", *(ROOT / "conformance").rglob("*.py")]
    code = re.sub(r'"\s+f?"', "", "".join(path.read_text(encoding="utf-8") for path in files))
    page = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    tables = page.partition("## The engine")[2].partition("## It fails here")[0]
    quoted = [line.split("`")[1] for line in tables.splitlines() if line.startswith("| `")]

    assert len(quoted) > 10
    assert [] == [text for text in quoted if text not in code]
