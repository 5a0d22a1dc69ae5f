"""`processing-conformance merge`: the overview of sessions that ran on many machines, as those of a CI matrix."""

from __future__ import annotations

import argparse
import sys
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
    entries = [entry for place in arguments.directories for entry in _found(Path(place))]
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


def _found(place: Path) -> list[Entry]:
    """The sessions below a directory: those with a report, and those that an overview there says have none."""
    if not place.is_dir():
        raise UsageError(f"{place}: expected a directory of reports, but it is none")
    entries = {file.parent.resolve(): overview.of_report(file.parent) for file in sorted(place.rglob(names.REPORT))}
    further = []
    for file in sorted(place.rglob(overview_files.OVERVIEW)):
        for told in overview_files.read(file):
            there = Path(told.report).resolve() if told.report else None
            if there in entries:
                entries[there] = overview.reconciled(entries[there], told)
            elif there is not None and (there / names.REPORT).is_file():
                # In another of the directories, or in none that was asked for.
                continue
            else:
                further.append(overview.without_report(told))
    if not entries and not further:
        raise UsageError(f"{place}: expected {names.REPORT} in it or below, but there is none")
    return [*entries.values(), *further]
