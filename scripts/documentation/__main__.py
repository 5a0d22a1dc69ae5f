"""Build the documentation: `python -m scripts.documentation [OUTPUT]`; a warning is an error.

The pages are put together in a directory of their own: README.md, SECURITY.md and `docs/`, and what is made from the
code. In the repository pages link to each other by their places there, so that they work in its browser too.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.documentation import ROOT, checks, choices

HTML = ROOT / ".cache/documentation/html"


def assemble(source: Path) -> None:
    """Write all pages into a directory."""
    pages = {
        "README.md": (ROOT / "README.md").read_text(encoding="utf-8").replace("](docs/", "]("),
        "SECURITY.md": (ROOT / "SECURITY.md").read_text(encoding="utf-8").replace("](docs/", "]("),
        "choices.md": choices.page(),
        **checks.pages(),
    }
    for path in sorted((ROOT / "docs").glob("*.md")):
        pages[path.name] = path.read_text(encoding="utf-8").replace("](../", "](")
    for name, text in pages.items():
        file = source / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def build(output: Path) -> int:
    """Build all pages into a directory, and return Sphinx's exit status; a warning makes it 1."""
    with tempfile.TemporaryDirectory(prefix="documentation-") as place:
        source = Path(place, "source")
        assemble(source)
        settings = ("--conf-dir", ROOT / "docs", "--doctree-dir", Path(place, "doctrees"))
        strictly = ("--fail-on-warning", "--keep-going", "--nitpicky", "--fresh-env", "--quiet")
        command = [sys.executable, "-m", "sphinx", *strictly, *map(str, (*settings, source, output))]
        return subprocess.run(command, check=False).returncode


def main() -> int:
    """Build where the command line says, or below .cache/, and print the place."""
    output = Path(sys.argv[1]) if sys.argv[1:] else HTML
    status = build(output)
    if status == 0:
        print(f"documentation: {output / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
