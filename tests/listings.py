"""The listings of `fixtures/listings` as files of an image."""

from pathlib import Path

from conformance.filetree import File
from tests.outcomes import file, link

LISTINGS = Path(__file__).resolve().parent.parent / "fixtures" / "listings"
NAMES = sorted(path.stem for path in LISTINGS.glob("*.txt"))


def _lines(name: str) -> list[str]:
    return (LISTINGS / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def files(name: str) -> list[File]:
    """Every entry of a listing."""
    found = []
    for line in _lines(name):
        what, rest = line.removeprefix("driver ").split(" ", 1)
        if what == "link":
            path, _, target = rest.partition(" -> ")
            found.append(link(path, target))
        else:
            found.append(file(rest, size=int(what)))
    return found


def drivers(name: str) -> list[str]:
    """The paths that the listing marks as parts of a driver."""
    return sorted(line.split(" ", 2)[2] for line in _lines(name) if line.startswith("driver "))
