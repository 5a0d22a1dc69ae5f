"""The listings of `fixtures/listings` as images, and what is said of them: `python -m tests.support.listings`."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from conformance.files.tree import File
from conformance.image.image import Image
from conformance.reports import facts
from conformance.verdict.verdict import Word
from tests.support.outcomes import file, image, judged, link

LISTINGS = Path(__file__).resolve().parent.parent.parent / "fixtures" / "listings"
NAMES = sorted(path.stem for path in LISTINGS.glob("*.txt"))

CHECKS = {
    "driver": "gpu.no-bundled-driver",
    "kernel": "gpu.no-kernel-modules",
    "residue": "gpu.runtime-residue",
    "stub": "gpu.stub-on-library-path",
    "shadow": "gpu.driver-not-shadowed",
    "devices": "gpu.visible-devices-not-void",
    "capable": "gpu.capabilities-compute",
}
"""The checks that go by what an image's files and configuration say, and what they are called in the table."""


def _lines(name: str) -> Iterator[tuple[str, str, list[str]]]:
    """The first word of each line, the rest of it, and the lines below it that are indented."""
    found: list[tuple[str, str, list[str]]] = []
    for line in (LISTINGS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            found[-1][2].append(line[2:])
        else:
            what, _, rest = line.partition(" ")
            found.append((what, rest, []))
    yield from found


def listed(name: str) -> Image:
    """A listing as an image: its files, its variables and labels, and the few documents that are read."""
    files: list[File] = []
    pairs: dict[str, dict[str, str]] = {"env": {}, "label": {}}
    documents = {}
    for what, rest, below in _lines(name):
        if what in pairs:
            key, _, value = rest.partition("=")
            pairs[what][key] = value
        elif what == "text":
            documents[rest] = "".join(f"{line}\n" for line in below).encode()
            files.append(file(rest, size=len(documents[rest])))
        elif what == "link":
            path, _, target = rest.partition(" -> ")
            files.append(link(path, target))
        else:
            size, path = rest.split(" ", 1) if what in {"driver", "kernel"} else (what, rest)
            files.append(file(path, size=int(size)))
    return image(*files, environment=pairs["env"], labels=pairs["label"], documents=documents)


def marked(name: str, mark: str) -> list[str]:
    """The paths that a listing marks: `driver` for what programs load of one, `kernel` for what the kernel does."""
    return sorted(rest.split(" ", 1)[1] for what, rest, _ in _lines(name) if what == mark)


def size(name: str) -> int:
    """How many files and links a listing has."""
    return sum(what not in {"env", "label"} for what, _, _ in _lines(name))


def table() -> str:
    """Each listing, how many files it has, what each check says of it in how many sentences, and what is noted."""
    width = max(map(len, NAMES)) + 2
    lines = [f"{'listing':{width}}{'files':>5}  {''.join(f'{title:13}' for title in CHECKS)}".rstrip()]
    for name in NAMES:
        verdicts = (judged(check, listed(name)) for check in CHECKS.values())
        cells = (
            "-" if verdict.word is Word.NOT_JUDGED else f"{verdict.word} {len(verdict.violations) or ''}".rstrip()
            for verdict in verdicts
        )
        lines.append(f"{name:{width}}{size(name):5}  {''.join(f'{cell:13}' for cell in cells)}".rstrip())
        noted = [fact for fact in facts.of_image(listed(name)) if "which this image lacks" not in fact]
        lines += [textwrap.fill(fact, 110, initial_indent="    note: ", subsequent_indent="    ") for fact in noted]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
