"""What AWS itself shows of a run, and whether that is enough for a check: decided before its judge is called.

AWS runs a job and shows it from outside: status and exit code, ExitMessage, what was uploaded, one log for each host.
It shows no processes, no files that are not uploaded, no signals and no queries; and it takes requests, so that nothing
around a container can be changed. `Check.on_aws` says when that is enough. Where in doubt, a check is not judged.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.outcome import MESSAGE_LIMIT_BYTES, End, JobStatus, Outcome
from conformance.rule.declaration import MUST, Check, OnAws
from conformance.rule.evidence import SIGNALLED, some_of
from conformance.rule.sight import Sight

NAMED = {
    Sight.STOPS: "signals that a container gets",
    Sight.FILES: "files of a container but those that it uploads",
    Sight.PROCESSES: "processes of a container",
    Sight.NAMES: "name queries of a container",
    Sight.CALLS: "calls of AWS that a container makes",
    Sight.WITNESSES: "arguments and variables that reach a program",
    Sight.GPUS: "GPUs of a container",
    Sight.PIPES: "use of a FIFO",
}
"""What AWS does not show, in words."""

MESSAGE_CHECK = "message.utf8"
"""The check of the one thing that is known of a job whose message is not UTF-8."""


def never(check: Check) -> str:
    """Why a check is not judged on AWS, whatever its runs show; empty if it may be."""
    if check.on_aws is not OnAws.NO or not check.sees:
        return ""
    unseen = [words for kind, words in NAMED.items() if kind in check.sees]
    others = [run for run in check.job.runs if not run.can_be_sent] if check.job is not None else []
    if others:
        return _no_such_run(others[-1])
    if unseen:
        return f"AWS shows no {some_of(unseen)}; a Docker Engine does"
    return "what AWS shows of a job is not enough to tell; a Docker Engine shows more"


def why_not_run(request: JobRequest, variation: Variation) -> str:
    """Why a run cannot be made on AWS; empty if it can."""
    if not variation.can_be_sent:
        return _no_such_run(variation)
    if variation is Variation.EMPTY_INPUTS and any(item.data_type == "ManifestFile" for item in request.inputs):
        return "whether a manifest may list nothing is not documented"
    return ""


def _no_such_run(variation: Variation) -> str:
    return f"only a Docker Engine makes such a run: {variation}"


def why_not_judged(check: Check, runs: Sequence[Outcome]) -> str:
    """Why these runs do not show enough of a check; empty if they do, or if it was not AWS that made them."""
    there = [run for run in runs if run.on_aws]
    if not there or not check.sees:
        return ""
    return never(check) or next(filter(None, (_of_run(check, run) for run in there)), "")


def why_not_conforming(check: Check, runs: Sequence[Outcome]) -> str:
    """Why it shows nothing that a check finds nothing in these runs; empty if it does."""
    if check.on_aws is not OnAws.FINDINGS or not any(run.on_aws for run in runs):
        return ""
    return "AWS does not show which credentials the role had, so that they may be there unrecognised"


def why_too_weak(check: Check, runs: Sequence[Outcome], found: Sequence[str]) -> str:
    """Why advice of a MUST is left open: what AWS does not show may make a violation of it, or nothing."""
    is_partial = Sight.PROCESSES in check.sees or check.on_aws is OnAws.FINDINGS
    if check.level is not MUST or not is_partial or not any(run.on_aws for run in runs):
        return ""
    return f"a Docker Engine shows whether there is more to it than this: {found[0]}"


def _of_run(check: Check, run: Outcome) -> str:
    hosts = len(run.hosts)
    if any(host.message_fault is not None for host in run.hosts):
        return "" if check.id == MESSAGE_CHECK else "AWS tells only of the message that is not UTF-8"
    if hosts > 1 and run.status is JobStatus.FAILED:
        return f"AWS does not tell which of {hosts} hosts failed: {run.failure_reason}"
    if any(host.end is End.MAX_RUNTIME for host in run.hosts) and hosts > 1:
        return f"AWS does not tell which of {hosts} hosts had not ended"
    return _of_logs(check, run) or _of_message(check, run) or _of_start(run) or _of_condition(check, run)


def _of_logs(check: Check, run: Outcome) -> str:
    lacking = [host.name for host in run.hosts if not host.stdout.complete]
    return f"CloudWatch Logs has no whole log of {some_of(lacking)}" if Sight.LOGS in check.sees and lacking else ""


def _of_message(check: Check, run: Outcome) -> str:
    """Whether a job that failed has no message, or one that was not taken: AWS documents no order of two reasons."""
    if Sight.MESSAGE in check.sees and run.status is JobStatus.FAILED and run.exit_message is None:
        return "AWS does not tell whether a job that failed wrote a message"
    return ""


def _of_start(run: Outcome) -> str:
    """What ends so may never have started: AWS gives the same exit code for it, and no reason."""
    doubtful = {None, SIGNALLED - 1, SIGNALLED - 2}
    limits = {End.MAX_RUNTIME, End.SUITE_LIMIT}
    for host in run.hosts:
        is_doubtful = host.end in limits or (host.end is End.EXITED and host.exit_code in doubtful)
        if is_doubtful and not host.stdout.size:
            return f"AWS does not tell whether {host.name} started: {run.failure_reason}"
    return ""


def _of_condition(check: Check, run: Outcome) -> str:
    match check.on_aws:
        case OnAws.ONE_HOST | OnAws.COMPLETED_ON_ONE_HOST if len(run.hosts) > 1:
            return f"AWS does not tell which of {len(run.hosts)} hosts wrote what"
        case OnAws.COMPLETED | OnAws.COMPLETED_ON_ONE_HOST if run.status is not JobStatus.COMPLETED:
            return f"the job did not complete, and AWS does not show why: {run.failure_reason or run.status}"
        case OnAws.SHORT_MESSAGE if _is_full(run):
            return f"ExitMessage is cut to {MESSAGE_LIMIT_BYTES:,} bytes, and AWS does not tell of how many"
    return ""


def _is_full(run: Outcome) -> bool:
    """Whether a message may have been longer; the limit may be one of characters, each of up to four bytes."""
    message = run.exit_message or ""
    return len(message) >= MESSAGE_LIMIT_BYTES - LONGEST_CHARACTER or len(message.encode()) > (
        MESSAGE_LIMIT_BYTES - LONGEST_CHARACTER
    )


LONGEST_CHARACTER = 4
"""The bytes of the longest character of UTF-8: a cut on a character may leave up to so many free."""
