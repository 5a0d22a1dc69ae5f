"""`processing-conformance validate`: whether requests, waivers and profiles are valid, without engine and image."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from conformance import text
from conformance.checks import load_checks
from conformance.commands.exits import ExitStatus
from conformance.errors import ConformanceError
from conformance.job.inputs import find_inputs
from conformance.job.objects import ObjectTree
from conformance.job.validation import load
from conformance.verdict import tomlfile, waiverfile
from conformance.verdict.profiles import reading


def validate(arguments: argparse.Namespace) -> int:
    """Print what is wrong with each of the files, and whether there was anything.

    Raises:
        UsageError: the directory of --s3 is none.
    """
    objects = None if arguments.s3 is None else ObjectTree.given(arguments.s3, "--s3")
    faults = [fault for name in arguments.files if (fault := _fault(Path(name), objects))]
    for fault in faults:
        sys.stderr.write(text.lines(fault) + "\n")
    return ExitStatus.USAGE if faults else ExitStatus.COMPLETED


def _fault(path: Path, objects: ObjectTree | None) -> str:
    try:
        if path.suffix != ".toml":
            request = load(path)
            if objects is not None:
                find_inputs(request, objects, option="--s3")
        elif {"required", "session"} & set(tomlfile.read(path, waiverfile.OPTION).document):
            reading.of_house(path, load_checks())
        else:
            waiverfile.read(path, load_checks(), today=datetime.now(UTC).date())
    except ConformanceError as error:
        return str(error)
    return ""
