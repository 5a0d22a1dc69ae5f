"""The exit code tells Processing whether the job succeeded."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.launch import STARTS, start_failure
from conformance.image.image import Image
from conformance.job.conditions import Lifted
from conformance.job.variation import AS_REQUESTED, CORRUPT_INPUTS, EMPTY_INPUTS, HOSTNAMES
from conformance.outcome.outcome import End, Outcome
from conformance.rule import swallowed, tried
from conformance.rule.contract import BYOC
from conformance.rule.declaration import (
    DOCUMENTED,
    INFERRED,
    MUST,
    OBSERVED,
    SHOULD,
    Advice,
    DoesNotApply,
    NotJudged,
    OnAws,
    check,
)
from conformance.rule.evidence import (
    did_well,
    end_of,
    failed_at_first,
    failed_by_itself,
    missing_outputs,
    named,
    now_and_then,
    succeeded,
    written_outputs,
)
from conformance.rule.failures import as_requested, beside
from conformance.rule.running import commands, ends_with, still_running, what_ran
from conformance.rule.sight import Sight
from conformance.rule.telling import blames_arguments

CLAUSE = "A job is Completed only if every container exits with 0, and Failed if any exits non-zero."


@check(
    "exit.zero-on-success",
    MUST,
    "The program exits with 0 on success",
    job=HOSTNAMES,
    sees={Sight.ENDS, Sight.FILES, Sight.GPUS, Sight.LOGS, Sight.PROCESSES, Sight.STOPS, Sight.TIMES, Sight.TRIALS},
    on_aws=OnAws.YES,
    of_failure=True,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Look at the run's log; a wrapper must pass on the exit code of the program that it runs, and the program "
    "must exit when its work is done.",
    explained_by=(
        *STARTS,
        "launch.arguments-need-an-entrypoint",
        "reserved.nothing-required",
        "inputs.not-executed",
    ),
)
def zero_on_success(image: Image, own: Outcome, true: Outcome, outcome: Outcome) -> Iterator[str]:
    """The job is the user's own, so it is expected to succeed; the suite's own is not."""
    yield from tried.failures(outcome) if outcome.request.is_tried else _unsuccessful(own, true, outcome)


def _unsuccessful(own: Outcome, true: Outcome, outcome: Outcome) -> Iterator[str]:
    if outcome.unsteady:
        raise NotJudged(now_and_then(outcome))
    if Lifted.SHARED_MEMORY in outcome.conditions.lifted:
        # The 64 MiB at /dev/shm are what users report, so no MUST can rest on them.
        yield Advice(
            "Expected the job to work with 64 MiB at /dev/shm, the size that users report for Processing, but "
            f"{failed_at_first(outcome)}; with 1 GiB it exited with 0."
        )
        return
    _needs_no_other_explanation(own, true, outcome)
    for host in outcome.hosts:
        refusal = start_failure(host)
        if refusal and outcome.request.entrypoint is None and outcome.request.arguments is None:
            raise NotJudged("the container did not start", see="launch.default-command")
        if refusal:
            yield f"Expected {list(host.argv)} to run and exit with 0 on {host.name}, but {refusal}."
        elif host.end is End.SUITE_LIMIT:
            # Where another host has failed it may only have waited for that one.
            if not any(failed_by_itself(other) for other in outcome.hosts):
                raise NotJudged(still_running(outcome, host))
        elif host.end is End.MAX_RUNTIME:
            limit = outcome.request.max_runtime_seconds
            yield (
                f"Expected {host.name} to exit with 0 within MaxRuntimeInSeconds, but it was still running after "
                f"{limit} s{what_ran(host)}."
            )
        elif host.exit_code != 0:
            yield (
                f"Expected {host.name} to exit with 0, but it {end_of(host)}{blames_arguments(host, outcome.request)}."
            )


@check(
    "exit.nonzero-on-failure",
    MUST,
    "The program exits non-zero when it fails",
    job=EMPTY_INPUTS,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.MESSAGE, Sight.PROCESSES},
    on_aws=OnAws.ONE_HOST,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Let the failure reach the exit code: no `|| true`, no `; echo done` after it, no pipeline without "
    "`set -o pipefail`, no `except: pass`.",
)
def nonzero_on_failure(image: Image, good: Outcome, empty: Outcome) -> Iterator[str]:
    """A MUST only on certain evidence; see `conformance.rule.failures`. The run as requested is checked first."""
    advice: list[str] = []
    for host in good.hosts if good.stand_in is None else ():
        failure = as_requested(good, host)
        if failure is None:
            continue
        sentence = (
            f"Expected {host.name} to exit non-zero when its program fails, but it exited with 0 although "
            f"{failure.text}."
        )
        if failure.certain:
            # The suite's own request is none that it has to be able to do.
            yield Advice(sentence) if good.request.is_own else sentence
            return
        if failure.in_tree:
            advice.append(Advice(sentence))
    try:
        found = list(swallowed.findings(good, empty, "empty"))
    except NotJudged:
        if not advice:
            raise
        found = []
    yield from found or advice


@check(
    "exit.nonzero-on-corrupt-input",
    MUST,
    "The program exits non-zero when it fails on a corrupt input",
    job=CORRUPT_INPUTS,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.MESSAGE, Sight.PROCESSES},
    on_aws=OnAws.ONE_HOST,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Let errors while reading inputs reach the exit code: log the error and call `sys.exit(1)`, or do not catch "
    "it at all.",
)
def nonzero_on_corrupt_input(image: Image, good: Outcome, empty: Outcome, corrupt: Outcome) -> Iterator[str]:
    """Checked as with empty inputs; what those already show is not reported twice.

    A job that writes nothing and does not even say so is advised against, unless it does the same with empty inputs,
    which `exit.empty-input-noticed` reports.
    """
    silent = "" if succeeded(empty) and missing_outputs(good, empty) else swallowed.unnoticed(good, corrupt)
    found = list(swallowed.findings(good, corrupt, "corrupt", otherwise=silent))
    if found and swallowed.is_as_good(swallowed.before(good, empty), found):
        # Mere advice leaves no MUST open.
        kind = NotJudged if swallowed.are_certain(found) else DoesNotApply
        raise kind("its failure is also swallowed with empty inputs", see="exit.nonzero-on-failure")
    if found and missing_outputs(corrupt, good):
        raise DoesNotApply("with corrupt inputs the program wrote different outputs, which may report the error")
    yield from found


@check(
    "exit.empty-input-noticed",
    SHOULD,
    "The program does not exit with 0 if empty inputs leave its outputs unwritten",
    job=EMPTY_INPUTS,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.PROCESSES},
    on_aws=OnAws.ONE_HOST,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=OBSERVED,
    remedy="Exit non-zero when there is nothing to process, or write outputs that say so: otherwise nobody notices a "
    "Completed job without outputs until they are read.",
)
def empty_input_noticed(image: Image, good: Outcome, empty: Outcome) -> Iterator[str]:
    """An image may have good reasons to accept empty inputs, so this is advice."""
    missing = swallowed.missing(good, empty)
    if not swallowed.is_completed(empty, "empty"):
        return
    outputs = good.request.outputs
    if not written_outputs(good):
        raise DoesNotApply("the job writes no outputs that could be missing with empty inputs")
    if missing and any(failure for _, failure in beside(good, empty)):
        raise NotJudged("the program failed but exited with 0", see="exit.nonzero-on-failure")
    for before, host in zip(good.hosts, empty.hosts, strict=True):
        own = [output.name for output in outputs if output.name in missing and good.written(before, output)]
        if own:
            yield (
                f"Expected {host.name} to exit non-zero, or to write its outputs, when its inputs are "
                f"empty, but it exited with 0 and wrote nothing to {named(own)}."
            )


@check(
    "exit.no-process-left",
    SHOULD,
    "No process is left when process 1 exits",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.PROCESSES},
    clause="A container ends with its process 1: what is still running then is killed, whatever it was writing.",
    spec=BYOC / "byoc-run-image",
    basis=INFERRED,
    remedy="Wait for background processes (`wait` in a shell, `join` in Python) before exiting.",
)
def no_process_left(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by the trace: processes that had not ended when process 1 did."""
    for host in outcome.hosts:
        if host.end is not End.EXITED:
            raise NotJudged(f"{host.name} was {host.end}", see="exit.zero-on-success")
        if host.trace is None or host.untraced:
            raise NotJudged(f"its processes could not be traced: {host.untraced}")
        left = [process for process in host.trace.processes if process.ended is None and not ends_with(process)]
        if left:
            named = commands(host.trace, left)
            yield (
                f"Expected every process on {host.name} to have ended, but process 1 exited while these were running: "
                f"{named}."
            )


def _needs_no_other_explanation(own: Outcome, true: Outcome, outcome: Outcome) -> None:
    """Leave it to another check if that one explains why the job failed."""
    if succeeded(outcome):
        return
    if outcome.stand_in is not None and not succeeded(own):
        # What else its wrapper needs is not known.
        raise NotJudged(f"without a job, the wrapper of {outcome.stand_in.path} {end_of(outcome.hosts[0])}")
    if succeeded(own):
        raise NotJudged("the job succeeds with the image's own /opt/ml", see="reserved.works-when-replaced")
    if succeeded(true):
        raise NotJudged("the job succeeds if each hostname is the host's name", see="hosts.ignores-etc-hostname")
    if outcome.gpus.unlike_the_job and any(host.started and not did_well(host) for host in outcome.hosts):
        # What a program does without a GPU is no evidence of what it does with one.
        raise NotJudged(f"the job failed, and {outcome.gpus.unlike_the_job}")
    ran_on = [host for host in outcome.hosts if not did_well(host)]
    if len(ran_on) < len(outcome.hosts) and all(host.end is End.MAX_RUNTIME for host in ran_on):
        raise NotJudged("some hosts exited with 0, but others kept running", see="hosts.worker-ends-with-leader")
