"""What the stand-in does in the place of a program, in each run of the suite's own request.

It does what any program does that a job is made for, and fails where one would: it reads the inputs, logs, writes to
each output and a message, and exits. See `conformance/probe/src/standin.c` for the lines.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.job.request import JobRequest
from conformance.job.standin import BEGINNING, FAILED, KILLED, WORK_MILLISECONDS
from conformance.job.variation import Variation
from conformance.outcome.outcome import MESSAGE_PATH
from conformance.probe.bundle import words

SIGINT, SIGTERM = 2, 15

SIGNALLED = 128


def lines(request: JobRequest, variation: Variation) -> Iterator[str]:
    """The lines of its plan."""
    yield words("must", KILLED if variation is Variation.CORRUPT_INPUTS else FAILED)
    for item in request.inputs:
        yield words("read", item.local_path, BEGINNING)
    yield words("say", 1, "the suite's stand-in read its inputs\n")
    yield words("say", 2, "the suite's stand-in works\n")
    for output in request.outputs:
        yield words("write", f"{output.directory}/written-by-the-stand-in.csv", BEGINNING)
    yield words("write", MESSAGE_PATH, "written by the suite's stand-in\n")
    if variation.stop_signal:
        yield words("catch", SIGINT)
        yield words("catch", SIGTERM)
        yield words("waitsignal")
        yield words("exit", SIGNALLED + (SIGINT if variation.stop_signal == "SIGINT" else SIGTERM))
    elif variation is Variation.AS_REQUESTED:
        yield words("sleep", WORK_MILLISECONDS)
