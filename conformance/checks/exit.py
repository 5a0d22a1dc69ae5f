"""The exit code tells Processing whether the job succeeded."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from conformance.checks.launch import STARTS, start_failure
from conformance.checks.outputs import refused_write
from conformance.image.image import Image
from conformance.job.variation import AS_REQUESTED, CORRUPT_INPUTS, EMPTY_INPUTS, HOSTNAMES
from conformance.outcome import workload
from conformance.outcome.outcome import End, Host, Outcome
from conformance.outcome.trace import Process
from conformance.rule.contract import BYOC
from conformance.rule.declaration import DOCUMENTED, INFERRED, MUST, OBSERVED, SHOULD, DoesNotApply, NotJudged, check
from conformance.rule.evidence import (
    LINE_CHARACTERS,
    did_well,
    failed_by_itself,
    last_words,
    lines,
    missing_outputs,
    named,
    some_of,
    succeeded,
)

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
    job=HOSTNAMES,
    of_failure=True,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Look at the log of the run in report.json; a wrapper must hand on the exit code of the program that it "
    "runs, and the program must end when its work is done.",
    explained_by=(
        *STARTS,
        "launch.arguments-need-an-entrypoint",
        "reserved.nothing-required",
        "inputs.not-executed",
    ),
)
def zero_on_success(image: Image, own: Outcome, true: Outcome, outcome: Outcome) -> Iterator[str]:
    """The job is the user's own, so it is one that must succeed."""
    _needs_no_other_explanation(own, true, outcome)
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
            # Where another host has failed it may only have waited for that one.
            if not any(failed_by_itself(other) for other in outcome.hosts):
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
            yield f"Expected {host.name} to exit with 0, and it exited with {host.exit_code}{last_words(host)}."


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
    yield from _swallowed(good, empty, "empty")


@check(
    "exit.nonzero-on-corrupt-input",
    MUST,
    "The program exits with another code than 0 when it fails over what an input holds",
    job=CORRUPT_INPUTS,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Let what goes wrong while inputs are read reach the exit code: log the error and leave with `sys.exit(1)`, "
    "or do not catch it at all.",
)
def nonzero_on_corrupt_input(image: Image, good: Outcome, empty: Outcome, corrupt: Outcome) -> Iterator[str]:
    """Judged as with empty inputs; what those show already is not shown twice."""
    found = list(_swallowed(good, corrupt, "corrupt"))
    if found and _is_swallowed(good, empty):
        raise NotJudged("its failure is swallowed with empty inputs as well", see="exit.nonzero-on-failure")
    if found and missing_outputs(corrupt, good):
        raise DoesNotApply("with its inputs corrupt the program wrote other outputs than usual, which may tell of them")
    yield from found


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
    if not _is_completed(empty, "empty"):
        return
    outputs = good.request.outputs
    if not any(good.written(host, output) for host in good.hosts for output in outputs):
        raise DoesNotApply("the job writes no outputs that an empty input could keep it from")
    if missing and any(_failure(before, host) for before, host in _pairs(good, empty)):
        raise NotJudged("the program failed and exited with 0", see="exit.nonzero-on-failure")
    for before, host in _pairs(good, empty):
        own = [output.name for output in outputs if output.name in missing and good.written(before, output)]
        if own:
            yield (
                f"Expected {host.name} to exit with another code than 0, or to write its outputs, when its inputs are "
                f"empty, and it exited with 0 and wrote nothing to {named(own)}."
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
    return some_of([str(list(process.argv) or f"process {process.pid}") for process in processes], "; ")


def _needs_no_other_explanation(own: Outcome, true: Outcome, outcome: Outcome) -> None:
    """Leave it to another check where that one says why the job did not succeed."""
    if succeeded(outcome):
        return
    if succeeded(own):
        raise NotJudged("the job succeeds with the image's own /opt/ml", see="reserved.works-when-replaced")
    if succeeded(true):
        raise NotJudged("the job succeeds where hostnames are true", see="hosts.ignores-etc-hostname")
    if outcome.gpus.unlike_the_job and any(host.started and not did_well(host) for host in outcome.hosts):
        # What a program without its GPU does is no evidence of what it would do with one.
        raise NotJudged(f"the job did not succeed, and {outcome.gpus.unlike_the_job}")
    ran_on = [host for host in outcome.hosts if not did_well(host)]
    if len(ran_on) < len(outcome.hosts) and all(host.end is End.MAX_RUNTIME for host in ran_on):
        raise NotJudged("some hosts exited with 0 and others ran on", see="hosts.worker-ends-with-leader")


def _swallowed(good: Outcome, failing: Outcome, how: str) -> Iterator[str]:
    missing = _missing_outputs(good, failing)
    if not _is_completed(failing, how):
        return
    evidence = [(host, _failure(before, host)) for before, host in _pairs(good, failing)]
    if not (missing and any(shown for _, shown in evidence)):
        raise DoesNotApply(f"with its inputs {how} the program did not visibly fail")
    for host, shown in evidence:
        if shown:
            yield (
                f"Expected {host.name} to exit with another code than 0 when its inputs are {how} and it fails, and it "
                f"exited with 0, although it wrote nothing to {named(missing)} and {shown}."
            )


def _is_completed(failing: Outcome, how: str) -> bool:
    """Whether every host exited with 0: one that does not is enough for a failure to be seen.

    Raises:
        NotJudged: a host did not exit by itself.
    """
    if any(host.end is End.EXITED and host.exit_code != 0 for host in failing.hosts):
        return False
    for host in failing.hosts:
        if host.end is not End.EXITED:
            raise NotJudged(f"with its inputs {how}, {host.name} was {host.end}")
    return True


def _is_swallowed(good: Outcome, empty: Outcome) -> bool:
    try:
        return any(_swallowed(good, empty, "empty"))
    except NotJudged:
        return False


def _pairs(good: Outcome, other: Outcome) -> Iterator[tuple[Host, Host]]:
    """Each host as it ended in the one run and in the other."""
    return zip(good.hosts, other.hosts, strict=True)


def _missing_outputs(good: Outcome, failing: Outcome) -> list[str]:
    """The outputs that the good run wrote and the run whose inputs are no good did not."""
    if all(good.request.brings_program(item) for item in good.request.inputs):
        raise DoesNotApply("the request has no inputs that could be empty or corrupt")
    if not succeeded(good):
        raise NotJudged("the job did not succeed with its inputs either", see="exit.zero-on-success")
    return missing_outputs(good, failing)


def _failure(good: Host, failing: Host) -> str:
    """What shows that the program failed: how it ended below process 1, or else what its log says."""
    program = workload.find(failing.trace) if failing.trace is not None else workload.Workload(None)
    if program.process is not None and program.certain and program.process.status:
        return f"{list(program.process.argv)} exited with {program.process.status} below process 1"
    said = _new_failure_lines(good, failing)
    return f"its log says: {said[-1][:LINE_CHARACTERS]!r}" if said else ""


def _new_failure_lines(good: Host, failing: Host) -> list[str]:
    """Lines that speak of a failure, and do not stand in the log of the good run as well, whatever their figures."""
    usual = {CHANGES.sub("#", line) for line in lines(good)}
    return [
        line
        for line in lines(failing)
        if FAILURE.search(line) and not NO_FAILURE.search(line) and CHANGES.sub("#", line) not in usual
    ]
