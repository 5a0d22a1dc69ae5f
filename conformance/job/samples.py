"""What S3 holds for the suite's own requests: a table, scripts, and samples of common formats under any name."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.job.objects import ObjectTree, S3Uri

BUCKET = "conformance"

NAMED = "named/"
"""How the key of a prefix begins that says which files are below it."""

BETWEEN = "+"
"""What stands between their names there, and in none of them."""


@dataclass(frozen=True)
class Samples(ObjectTree):
    """A tree in which a program also finds the files that it asks for by name, each of the format of its extension."""

    def find(self, uri: S3Uri) -> Iterator[tuple[str, Path]]:
        """Yield the same as for any tree, or the files that such a prefix names, without those of other formats."""
        if uri.bucket != BUCKET or not uri.key.startswith(NAMED):
            yield from super().find(uri)
            return
        for name in sorted(uri.key.removeprefix(NAMED).rstrip("/").split(BETWEEN)):
            sample = self.directory / BUCKET / "samples" / f"sample{posixpath.splitext(name)[1].lower()}"
            if sample.is_file():
                yield f"{uri.key}{name}", sample


def named(names: Iterable[str]) -> str:
    """The S3Uri of an input that has files with these names."""
    return f"s3://{BUCKET}/{NAMED}{BETWEEN.join(names)}/"
