"""The exit code tells Processing whether the job succeeded."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from conformance import workload
from conformance.checks.launch import STARTS, start_failure
from conformance.checks.outputs import LINE_CHARACTERS, refused_write
from conformance.contract import BYOC
from conformance.declaration import DOCUMENTED, INFERRED, MUST, OBSERVED, SHOULD, DoesNotApply, NotJudged, check
from conformance.image import Image
from conformance.job import AS_REQUESTED, EMPTY_INPUTS
from conformance.outcome import End, Host, Outcome
from conformance.trace import Process

CLAUSE = "A job is Completed only if every container exits with 0, and Failed if any exits with another code."

FAILURE = re.compile(
    r"Traceback \(most recent call last\)|\b\w*(Error|Exception)\b:|\b(error|fatal|panic|critical)\b"
    r"|No such file or directory|command not found|Segmentation fault|core dumped",
    re.IGNORECASE,
)
"""A line of a log that speaks of a failure."""

NO_FAILURE = re.compile(
    r"\b(no|not an?|without|zero|0) (\w+ )?(error|exception|fatal|panic|critical)s?\b"
    r"|\b(error|exception|fatal|critical)s?\b[\w ]*[\"']?\s*[:=]\s*(0[0.]*%?|none|null|nan|false|\[\])\s*([,;|}\])]|$)",
    re.IGNORECASE,
)
"""A line with such a word that speaks of none: `finished without error`, `errors: 0`, `mean squared error: nan`."""

CHANGES = re.compile(r"\b(0x)?[0-9a-f]{8,}\b|\d+", re.IGNORECASE)
"""What differs from run to run in lines that are the same: times, counts, process ids, hashes."""


@check(
    "exit.zero-on-success",
    MUST,
    "The program exits with 0 when its work is done",
    job=AS_REQUESTED,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Look at the log of the run in report.json; a wrapper must hand on the exit code of the program that it "
    "runs, and the program must end when its work is done.",
    explained_by=(*STARTS, "reserved.nothing-required"),
)
def zero_on_success(image: Image, outcome: Outcome) -> Iterator[str]:
    """The job is the user's own, so it is one that must succeed."""
    for host in outcome.hosts:
        refusal = start_failure(host)
        if refusal and outcome.request.entrypoint is None and outcome.request.arguments is None:
            raise NotJudged("the container did not start", see="launch.default-command")
        if refusal:
            yield f"Expected {list(host.argv)} to run and exit with 0 on {host.name}, and {refusal}."
        elif host.exit_code != 0 and refused_write(image, outcome, host):
            # That a directory belongs to root is the suite's own choice, so no MUST can rest on it.
            raise NotJudged("the program was not permitted to write", see="outputs.writable-by-user")
        elif host.end is End.SUITE_LIMIT:
            raise NotJudged(
                f"{host.name} was still running after {host.seconds:.0f} s, the suite's own limit, which "
                "--image-timeout raises"
            )
        elif host.end is End.MAX_RUNTIME:
            limit = outcome.request.max_runtime_seconds
            yield (
                f"Expected {host.name} to exit with 0 within MaxRuntimeInSeconds, and it was still running after "
                f"{limit} s{_what_ran(host)}."
            )
        elif host.out_of_memory and host.exit_code != 0:
            yield f"Expected {host.name} to exit with 0, and it was killed because it ran out of memory."
        elif host.exit_code != 0:
            yield f"Expected {host.name} to exit with 0, and it exited with {host.exit_code}{_last_words(host)}."


@check(
    "exit.nonzero-on-failure",
    MUST,
    "The program exits with another code than 0 when it fails",
    job=EMPTY_INPUTS,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Let the failure reach the exit code: no `|| true`, no `; echo done` after it, no pipeline without "
    "`set -o pipefail`, no `except: pass`.",
)
def nonzero_on_failure(image: Image, good: Outcome, empty: Outcome) -> Iterator[str]:
    """Judged on evidence only: a log or the process tree shows a failure, outputs are missing, the exit code is 0."""
    missing = _missing_outputs(good, empty)
    for before, host in zip(good.hosts, empty.hosts, strict=True):
        if host.end is not End.EXITED:
            raise NotJudged(f"with its inputs empty, {host.name} was {host.end}")
        if host.exit_code != 0:
            continue
        evidence = _failure(before, host)
        if not (missing and evidence):
            raise DoesNotApply("with its inputs empty the program did not visibly fail")
        yield (
            f"Expected {host.name} to exit with another code than 0 when its inputs are empty and it fails, and it "
            f"exited with 0, although it wrote nothing to {_named(missing)} and {evidence}."
        )


@check(
    "exit.empty-input-noticed",
    SHOULD,
    "The program does not exit with 0 when an empty input keeps it from its outputs",
    job=EMPTY_INPUTS,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=OBSERVED,
    remedy="Exit with another code than 0 when there is nothing to process, or write outputs that say so: a job that "
    "Completed without outputs is found out only by whoever reads them next.",
)
def empty_input_noticed(image: Image, good: Outcome, empty: Outcome) -> Iterator[str]:
    """An image may have good reasons to accept an empty input, so this is advice."""
    missing = _missing_outputs(good, empty)
    for before, host in zip(good.hosts, empty.hosts, strict=True):
        if host.end is not End.EXITED:
            raise NotJudged(f"with its inputs empty, {host.name} was {host.end}")
        if host.exit_code == 0 and not any(good.written(before, output) for output in good.request.outputs):
            raise DoesNotApply("the job writes no outputs that an empty input could keep it from")
        if host.exit_code != 0 or not missing:
            continue
        if _failure(before, host):
            raise NotJudged("the program failed and exited with 0", see="exit.nonzero-on-failure")
        yield (
            f"Expected {host.name} to exit with another code than 0, or to write its outputs, when its inputs are "
            f"empty, and it exited with 0 and wrote nothing to {_named(missing)}."
        )


@check(
    "exit.no-process-left",
    SHOULD,
    "Every process has ended when the container's first one exits",
    job=AS_REQUESTED,
    clause="A container ends with its first process: what still runs then is killed, whatever it was writing.",
    spec=BYOC / "byoc-run-image",
    basis=INFERRED,
    remedy="Wait for what was started in the background (`wait` in a shell, `join` in Python) before exiting.",
)
def no_process_left(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by the trace: those that had not ended when process 1 did."""
    for host in outcome.hosts:
        if host.end is not End.EXITED:
            raise NotJudged(f"{host.name} was {host.end}", see="exit.zero-on-success")
        if host.trace is None or host.untraced:
            raise NotJudged(f"what its processes did could not be seen: {host.untraced}")
        left = [process for process in host.trace.processes if process.ended is None]
        if left:
            named = _commands(left)
            yield f"Expected every process on {host.name} to have ended, and it exited while these ran: {named}."


def _what_ran(host: Host) -> str:
    """What still ran when the container was stopped, and what had done its work by then."""
    if host.trace is None or host.untraced or host.stop is None:
        return ""
    # Without a signal it was ended by SIGKILL, and what still ran has no end in the record.
    stops = (arrival.at for arrival in host.trace.signals if arrival.sender == 0 and arrival.name == host.stop.signal)
    moment = next(stops, math.inf)
    ran = workload.running(host.trace, moment)
    done = workload.finished(host.trace, moment)
    ended = f"{list(done.argv)} had ended with {done.status}, and " if done is not None else ""
    return f": {ended}{_commands(ran)} had not ended" if ran else ""


def _commands(processes: Sequence[Process]) -> str:
    """The command lines of some processes, of many only the first."""
    named = "; ".join(str(list(process.argv) or f"process {process.pid}") for process in processes[:3])
    return f"{named} and {len(processes) - 3} more" if len(processes) > 3 else named  # noqa: PLR2004 - what a line holds


def _missing_outputs(good: Outcome, empty: Outcome) -> list[str]:
    """The outputs that the good run wrote and the run with empty inputs did not."""
    if not good.request.inputs:
        raise DoesNotApply("the request has no inputs that could be empty")
    if any(host.exit_code != 0 or host.end is not End.EXITED for host in good.hosts):
        raise NotJudged("the job did not succeed with its inputs either", see="exit.zero-on-success")
    return [
        output.name
        for output in good.request.outputs
        if any(good.written(host, output) for host in good.hosts)
        and not any(empty.written(host, output) for host in empty.hosts)
    ]


def _failure(good: Host, empty: Host) -> str:
    """What shows that the program failed: how it ended below process 1, or else what its log says."""
    program = workload.find(empty.trace) if empty.trace is not None else workload.Workload(None)
    if program.process is not None and program.certain and program.process.status:
        return f"{list(program.process.argv)} exited with {program.process.status} below process 1"
    lines = _new_failure_lines(good, empty)
    return f"its log says: {lines[-1][:LINE_CHARACTERS]!r}" if lines else ""


def _new_failure_lines(good: Host, empty: Host) -> list[str]:
    """Lines that speak of a failure, and do not stand in the log of the good run as well, whatever their figures."""
    usual = {CHANGES.sub("#", line) for line in _lines(good)}
    return [
        line
        for line in _lines(empty)
        if FAILURE.search(line) and not NO_FAILURE.search(line) and CHANGES.sub("#", line) not in usual
    ]


def _lines(host: Host) -> list[str]:
    return [line.strip() for line in (host.stdout.text + "\n" + host.stderr.text).splitlines() if line.strip()]


def _last_words(host: Host) -> str:
    lines = [line for line in host.stderr.text.splitlines() if line.strip()]
    return f"; its last line on stderr was {lines[-1].strip()[:LINE_CHARACTERS]!r}" if lines else ""


def _named(outputs: list[str]) -> str:
    return "the output " + outputs[0] if len(outputs) == 1 else "the outputs " + ", ".join(outputs)
