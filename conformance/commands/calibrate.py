"""`processing-conformance calibrate`: what a platform really does, beside what the suite chose."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from conformance import __version__, text
from conformance.calibration import comparison
from conformance.calibration.seen import Seen
from conformance.commands.exits import ExitStatus
from conformance.errors import UsageError
from conformance.job.objects import S3Uri
from conformance.job.request import MOST_HOSTS
from conformance.service import engine, inspection
from conformance.service.settings import Settings

SCHEMA_VERSION = 1

AWS_NEEDS = ("bucket", "role")

WORDS = {True: "agrees", False: "differs", None: "not seen"}


def calibrate(arguments: argparse.Namespace) -> int:
    """Run the two jobs of the calibration image, print what they show, and write it to a file.

    Raises:
        UsageError: an option is invalid, or the user does not consent; nothing was started.
        JobError: a job could not be run.
    """
    if not 1 <= arguments.hosts <= MOST_HOSTS:
        raise UsageError(f"--hosts: expected a number from 1 to {MOST_HOSTS}, got {arguments.hosts}")
    if arguments.service == "aws":
        for name in AWS_NEEDS:
            if not getattr(arguments, name):
                raise UsageError(f"--service=aws: expected --{name} as well")
    where, seen = _on_aws(arguments) if arguments.service == "aws" else _local(arguments)
    rows = list(comparison.rows(seen, Settings()))
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": __version__,
        "service": arguments.service,
        "where": where,
        "date": datetime.now(UTC).date().isoformat(),
        "comparison": [row.described() for row in rows],
        "stop": {"signals": seen.stopped.signals, "alive_seconds": seen.stopped.alive_seconds},
        "exit_message": seen.exit_message,
        "hosts": list(seen.looks),
    }
    try:
        Path(arguments.output).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--output: {arguments.output!r} cannot be written: {error.strerror}") from error
    for line in told(where, rows):
        sys.stdout.write(text.line(line) + "\n")
    sys.stdout.write(f"written: {text.line(arguments.output)}\n")
    return ExitStatus.COMPLETED


def told(where: str, rows: Iterable[comparison.Row]) -> Iterable[str]:
    """The comparison, line by line."""
    yield f"calibration on {where}"
    for row in rows:
        seen = f", seen: {row.seen}" if row.agrees is False else ""
        yield f"{WORDS[row.agrees]:>8}  {row.name}: {row.chosen}{seen}"


def _local(arguments: argparse.Namespace) -> tuple[str, Seen]:
    from conformance.calibration import local  # noqa: PLC0415 - what a command needs is imported where it is run

    reached = engine.connect()
    image = inspection.find(reached, arguments.image)
    with tempfile.TemporaryDirectory() as room:
        seen = local.calibrate(reached, image, Settings.of_aws(), Path(room), hosts=arguments.hosts)
    return str(reached), seen


def _on_aws(arguments: argparse.Namespace) -> tuple[str, Seen]:
    from conformance.calibration import aws  # noqa: PLC0415 - boto3 takes its time to import
    from conformance.onaws.calls import Calls  # noqa: PLC0415 - as above
    from conformance.onaws.place import Place  # noqa: PLC0415 - as above

    calls, run_id = Calls(), uuid.uuid4().hex[:12]
    bucket, _, prefix = arguments.bucket.removeprefix("s3://").partition("/")
    place = Place(calls, S3Uri(bucket, prefix.strip("/")), f"calibration-{run_id}")
    place.check()
    hours = aws.instance_hours(arguments.hosts)
    sys.stderr.write(
        f"{aws.JOBS} jobs on AWS in {calls.region}, at most {hours:.2f} h of {arguments.instance_type}, beside the "
        "time in which instances start and end\n"
    )
    if not arguments.yes:
        raise UsageError("--service=aws: expected consent to these jobs", hint="--yes gives it")
    seen = aws.calibrate(
        calls,
        place,
        run_id,
        image=arguments.image,
        role=arguments.role,
        instance_type=arguments.instance_type,
        hosts=arguments.hosts,
    )
    return f"Amazon SageMaker Processing in {calls.region} ({calls.endpoint})", seen
