"""`processing-conformance merge`: the overview of sessions that ran on many machines, as those of a CI matrix."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from conformance.errors import UsageError
from conformance.reports import names, overview, overview_files
from conformance.reports.overview import Entry
from conformance.verdict.profiles import ExitStatus


def merge(arguments: argparse.Namespace) -> int:
    """Print and write the overview; returns the exit status of all sessions.

    Raises:
        UsageError: a directory has no report, or one that cannot be read; the overview cannot be written.
    """
    entries = _found(map(Path, arguments.directories))
    expected = overview.images_in(Path(arguments.images_from)) if arguments.images_from else ()
    seen = {entry.image for entry in entries}
    entries += [
        Entry(image, ExitStatus.INCOMPLETE, said="no report, though it is expected")
        for image in dict.fromkeys(expected)
        if image not in seen
    ]
    sys.stdout.writelines(f"{line}\n" for line in overview.lines(entries))
    try:
        files = overview_files.write(Path(arguments.output), entries)
    except OSError as error:
        raise UsageError(f"--output: the overview cannot be written to {error.filename}: {error.strerror}") from error
    sys.stdout.write(f"overview: {', '.join(map(str, files))}\n")
    return overview.exit_status(entries)


def _found(places: Iterable[Path]) -> list[Entry]:
    """The sessions below some directories: those with a report, and those that an overview there says have none."""
    entries: dict[Path, Entry] = {}
    overviews: dict[Path, list[Entry]] = {}
    for place in places:
        if not place.is_dir():
            raise UsageError(f"{place}: expected a directory of reports, but it is none")
        reports, told = (sorted(place.rglob(name)) for name in (names.REPORT, overview_files.OVERVIEW))
        if not reports and not told:
            raise UsageError(f"{place}: expected {names.REPORT} in it or below, but there is none")
        entries |= {file.parent.resolve(): overview.of_report(file.parent) for file in reports}
        overviews |= {file.resolve(): overview_files.read(file) for file in told}
    further = []
    for each in (each for told in overviews.values() for each in told):
        there = Path(each.report).resolve() if each.report else None
        if there in entries:
            entries[there] = overview.reconciled(entries[there], each)
        # It may be in a directory that was not asked for.
        elif there is None or not (there / names.REPORT).is_file():
            further.append(overview.without_report(each))
    return [*entries.values(), *further]
