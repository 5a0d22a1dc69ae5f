"""Which program the probe plays the part of where the user gives no job, and what that shows."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from enum import StrEnum
from types import MappingProxyType

from conformance.files.tree import Kind
from conformance.image.executable import elf
from conformance.image.image import Image
from conformance.job.request import RESERVED, JobRequest
from conformance.job.standin import MARK, StandIn
from conformance.job.variation import Variation
from conformance.outcome import workload
from conformance.outcome.outcome import Outcome
from conformance.outcome.trace import Process
from conformance.rule.declaration import Check, DoesNotApply, NotJudged
from conformance.rule.evidence import end_of
from conformance.shells import SHELLS

NEEDS_REQUEST = "needs a job: pass --image-job=FILE and --image-s3=DIR"

NO_CALLS = "the suite's own request calls no AWS; a job that does can be checked with --image-aws"

NO_PROGRAMS = SHELLS | workload.WRAPPERS | workload.CONDA | workload.MULTIPLE | workload.TOOLS
"""What starts a program, or is what scripts are made of."""


class Shown(StrEnum):
    """How much of a check a stand-in for the program shows."""

    ALL = "all"
    """What the image does before its program decides the check."""
    WRAPPER = "what a wrapper does"
    """The same, if anything runs before the program; nothing is shown of the program itself."""
    NOTHING_SHIPPED = "all, if nothing is shipped"
    """All of it for an image without files below /opt/ml, and else a wrapper's flaws."""
    FLAWS = "flaws"
    """A wrapper's flaws, but no more."""


SHOWN = MappingProxyType(
    {
        "launch.arguments-reach-the-program": Shown.ALL,
        "launch.program-runs-by-itself": Shown.FLAWS,
        "exit.zero-on-success": Shown.ALL,
        "exit.nonzero-on-failure": Shown.ALL,
        "exit.nonzero-on-corrupt-input": Shown.WRAPPER,
        "exit.no-process-left": Shown.ALL,
        "stop.sigint-reaches-the-program": Shown.ALL,
        "stop.ends-on-sigint": Shown.WRAPPER,
        "stop.ends-on-sigterm": Shown.WRAPPER,
        "reserved.works-when-replaced": Shown.NOTHING_SHIPPED,
        "reserved.works-with-empty-tmp": Shown.FLAWS,
        "reserved.nothing-written-elsewhere": Shown.WRAPPER,
        "outputs.no-symlinks": Shown.FLAWS,
        "outputs.writable-by-user": Shown.ALL,
        "outputs.regular-files-only": Shown.FLAWS,
        "outputs.work-as-mount-points": Shown.WRAPPER,
        "outputs.names-fit-s3": Shown.FLAWS,
        "environment.reaches-the-program": Shown.ALL,
        "config.unknown-members-tolerated": Shown.WRAPPER,
        "message.utf8": Shown.FLAWS,
        "message.fits-1-kb": Shown.FLAWS,
        "message.plain-text": Shown.FLAWS,
        "message.no-secrets": Shown.WRAPPER,
        "logs.on-stdout-or-stderr": Shown.ALL,
        "logs.no-secrets": Shown.WRAPPER,
    }
)
"""What a stand-in shows of which checks of a job; nothing of the others."""

OF_ITS_START = frozenset({"image.entrypoint-exec-form", "logs.unbuffered"})
"""Rules on the image alone that a stand-in's run overrules too: they are about how its program is started."""

OF_WRAPPERS = frozenset({Variation.UNKNOWN_MEMBERS, Variation.SEPARATE_MOUNTS, Variation.CORRUPT_INPUTS})
"""Runs in which the stand-in would only do the same again, if nothing runs before it."""


def direct(image: Image) -> StandIn | None:
    """The program, if the engine itself starts it; None if a script or wrapper does, or may do so."""
    file = image.executable(image.argv[0]).file if image.argv else None
    if file is None or elf(file.head) is None:
        return None
    names = {posixpath.basename(path) for path in (file.path, image.argv[0])}
    return None if names & NO_PROGRAMS else StandIn(file.path, image.argv)


def starts(image: Image, request: JobRequest) -> Iterator[tuple[JobRequest, Variation]]:
    """The runs that show which program a wrapper starts, each only needed if the ones before it show none.

    With a mark among the arguments, without arguments, and with what the image ships below /opt/ml.
    """
    if image.entrypoint:
        yield request.overriding(arguments=(*image.cmd, MARK)), Variation.START
    yield request, Variation.START
    if _ships_files(image):
        yield request, Variation.OWN_RESERVED


def started(image: Image, start: Outcome) -> StandIn:
    """The program that a wrapper started.

    Raises:
        NotJudged: it started none, or it is not certain which one does the work.
    """
    (host,) = start.hosts
    trace = host.trace
    if not host.started:
        raise NotJudged("the container did not start", see="launch.default-command")
    if trace is None or host.untraced:
        raise NotJudged(f"its processes could not be traced: {host.untraced}")
    found = workload.find(trace)
    process = found.process
    others = () if process is None else workload.others(trace, process)
    handed = [each for each in (process, *others) if each is not None and MARK in each.argv and _is_program(each)]
    if len(handed) == 1:
        process = handed[0]
    elif process is None or not found.certain or not _is_program(process):
        doubt = f", and {found.doubt}" if found.doubt and process is not None and _is_program(process) else ""
        raise NotJudged(f"without a job, its command shows no program that does the work: it {end_of(host)}{doubt}")
    elif host.exit_code and not process.status:
        raise NotJudged(f"without a job, its command {end_of(host)}, although {list(process.argv)} did not fail")
    file = image.files.get(process.executable)
    if file is None or file.kind is not Kind.FILE:
        raise NotJudged(f"{process.executable} is no file of the image, so nothing can stand in for it")
    words = process.argv
    return StandIn(
        process.executable,
        words[: words.index(MARK)] if MARK in words else words,
        is_wrapped=process != trace.command or len(process.executions) > 1,
        is_handed=MARK in words or (bool(image.cmd) and words[-len(image.cmd) :] == image.cmd),
    )


def lacking(check: Check) -> NotJudged:
    """Why a check of a job is not judged where there is none, and the suite's own request would show nothing of it."""
    return DoesNotApply(NO_CALLS) if check.chapter == "aws" else NotJudged(NEEDS_REQUEST)


def not_shown(check: Check, image: Image, outcomes: Sequence[Outcome]) -> str:
    """Why a check that finds nothing does not conform yet: only its program would show that; empty if it conforms."""
    part = outcomes[0].stand_in if outcomes else None
    if part is None:
        return ""
    match SHOWN.get(check.id):
        case Shown.ALL:
            is_shown = True
        case Shown.WRAPPER:
            is_shown = not is_all_there_is(check, outcomes)
        case Shown.NOTHING_SHIPPED:
            is_shown = not _ships_files(image)
        case _:
            is_shown = False
    return "" if is_shown else NEEDS_REQUEST


def is_all_there_is(check: Check, outcomes: Sequence[Outcome]) -> bool:
    """Whether a check is about what a wrapper does, and nothing runs before the stand-in."""
    part = outcomes[0].stand_in if outcomes else None
    return part is not None and not part.is_wrapped and SHOWN.get(check.id) is Shown.WRAPPER


def _ships_files(image: Image) -> bool:
    return any(file.kind is not Kind.DIRECTORY for file in image.files.below(RESERVED))


def _is_program(process: Process) -> bool:
    name = workload.program(process)
    return bool(name) and name not in NO_PROGRAMS
