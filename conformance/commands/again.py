"""A certified image that is checked again, with the same requests, and compared verdict by verdict."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from conformance.certificate.rejected import reject
from conformance.certificate.verification import Verified
from conformance.commands.waiting import signals
from conformance.errors import JobError, UsageError
from conformance.reports import names, reading, verdicts
from conformance.verdict.verdict import Word

LISTED = 5
"""How many differing verdicts are named."""

NOT_APPLICABLE = "not applicable"
"""The label of a verdict on a clause whose condition was not met."""


def check(found: Verified, s3: str | None, report: str | None) -> list[str]:
    """Check the image anew; `s3` is where its inputs are, and `report` where the reports go.

    Returns what came out otherwise and is none the worse.

    Raises:
        Rejected: image or inputs are others, or a verdict is (V25).
        UsageError: the job has inputs, and it is not said where they are.
        JobError: the session left no report.
    """
    if found.document["inputs"] is not None and s3 is None:
        raise UsageError("--again: expected --s3=DIR, since the jobs have inputs, which are not in the bundle")
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        here = Path(folder)
        place = here / "report" if report is None else Path(report).absolute()
        status = _run(found, here, None if s3 is None else Path(s3).absolute(), place)
        if not (place / names.REPORT).is_file():
            raise JobError(f"--again: the session ended with status {status} and left no report")
        return compare(found.document, reading.read(place / names.REPORT))


def compare(certified: Mapping[str, Any], fresh: Mapping[str, Any]) -> list[str]:
    """What came out otherwise in a fresh report and is none the worse, in sentences.

    Whether a clause applies may depend on how fast a machine is, as where a job ends before it can be stopped.

    Raises:
        Rejected: two reports are of different images or inputs, or differ in a verdict.
    """
    for name, one, other in (
        ("image", certified["image"]["digest"], fresh["image"]["digest"]),
        ("inputs", certified["inputs"], fresh["inputs"]),
        ("profile", certified["profile"], fresh["profile"]),
    ):
        if one != other:
            reject("V25", f"{name}: certified with {one}, checked again with {other}")
    before, now = _labels(certified), _labels(fresh)
    differing = [key for key in before | now if before.get(key) != now.get(key)]
    told = {key: f"{key[0]}: certified as {before.get(key)}, now {now.get(key)}" for key in differing}
    excused = [key for key in differing if _is_excused(before.get(key), now.get(key))]
    rejected = [told[key] for key in differing if key not in excused]
    if rejected:
        more = f" and {len(rejected) - LISTED} more" if rejected[LISTED:] else ""
        reject("V25", f"{'; '.join(rejected[:LISTED])}{more}")
    return [told[key] for key in excused]


def _labels(report: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {(each["check"], each["job"]): verdicts.of_record(each).label for each in report["verdicts"]}


def _is_excused(before: str | None, now: str | None) -> bool:
    """Whether a clause did not apply in one of both sessions, and the fresh one found nothing."""
    return NOT_APPLICABLE in {before, now} and now in {NOT_APPLICABLE, Word.CONFORMS} and before is not None


def _run(found: Verified, here: Path, s3: Path | None, place: Path) -> int:
    """Run a session in a directory of its own, where no settings are; returns its exit status."""
    (here / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    arguments = [f"--image={found.product.image}", f"--image-report={place}", "-p", "no:cacheprovider"]
    for request in found.requests:
        file = here / f"{request.name}.json"
        file.write_bytes(found.files[request.source])
        arguments.append(f"--image-job={file}")
    options = found.document["session"]["options"]
    arguments += [] if s3 is None else [f"--image-s3={s3}"]
    arguments += [f"--image-gpu={options['gpu']}", *(["--image-aws"] if options["aws"] else [])]
    arguments += ["--image-strict"] if options["strict"] else []
    with signals() as taken, ThreadPoolExecutor(1, thread_name_prefix="session") as pool:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=here,
            env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            stdin=subprocess.DEVNULL,
            # Ctrl-C on a terminal is for this process, which has the session remove what it made.
            start_new_session=True,
        )

        def stop(_: signal.Signals) -> None:
            process.send_signal(signal.SIGTERM)

        return taken.wait(pool.submit(process.wait), stop, process.kill)
