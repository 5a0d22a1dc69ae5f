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
from conformance.reports import names, reading

LISTED = 5
"""How many differing verdicts are named."""


def check(found: Verified, s3: str | None, report: str | None) -> None:
    """Check the image anew; `s3` is where its inputs are, and `report` where the reports go.

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
        compare(found.document, reading.read(place / names.REPORT))


def compare(certified: Mapping[str, Any], fresh: Mapping[str, Any]) -> None:
    """Raise `Rejected` where two reports are of different images or inputs, or differ in a verdict."""
    for name, one, other in (
        ("image", certified["image"]["digest"], fresh["image"]["digest"]),
        ("inputs", certified["inputs"], fresh["inputs"]),
        ("profile", certified["profile"], fresh["profile"]),
    ):
        if one != other:
            reject("V25", f"{name}: certified with {one}, checked again with {other}")
    words = [
        {(each["check"], each["job"]): each["verdict"] for each in report["verdicts"]} for report in (certified, fresh)
    ]
    differing = [key for key in words[0] | words[1] if words[0].get(key) != words[1].get(key)]
    if differing:
        told = [f"{check}: {words[0].get((check, job))}, now {words[1].get((check, job))}" for check, job in differing]
        more = f" and {len(told) - LISTED} more" if told[LISTED:] else ""
        reject("V25", f"{'; '.join(told[:LISTED])}{more}")


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
