"""Whether a job failed although its container exited with 0, and how certain that is.

The process tree is certain evidence: the process that does the work ended badly, nothing did its work after it, and
process 1 exited with 0. Where no output is missing, and others began them, it is advice: it may be an optional step, or
a script may have taken it into account, as in `program || echo ... > output`. An exit code alone may be an answer, like
that of `grep -q` and `test`; it is a failure where the process ended by a signal or a traceback, where nobody takes it,
as in a pipeline, or where the program that did the work in another run said something on stderr, or told of a failure
on stdout, and wrote nothing. A traceback beside outputs that are all missing is as good, unless the program went on to
the next record after it. A mere word in a log proves nothing, and is advice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.files.tree import is_below
from conformance.job.standin import SAID_BY_STAND_IN
from conformance.outcome import workload
from conformance.outcome.outcome import Host, Outcome
from conformance.outcome.trace import SIGNALS, Process, Trace
from conformance.rule import telling
from conformance.rule.evidence import LINE_CHARACTERS, did_well, lines, missing_outputs, written_outputs
from conformance.rule.telling import Telling, tracebacks
from conformance.rule.tracebacks import PYTHON_HEADER

FAILURE = re.compile(
    r"Traceback \(most recent call last\)|\b\w*(Error|Exception)\b:|\b(error|fatal|failed|failure|panic|critical)\b"
    r"|No such file or directory|command not found|Segmentation fault|core dumped",
    re.IGNORECASE,
)
"""A log line that reports a failure."""

NO_FAILURE = re.compile(
    r"\b(no|not an?|none|without|zero|0) (\w+ )?(error|exception|failed|failure|fatal|panic|critical)s?\b"
    r"|\b(error|exception|failed|failure|fatal|critical)s?\b[\w ]{0,40}[\"']?[ \t]*[:=]"
    r"[ \t]*(0[0.]*%?|none|null|nan|false|\[\])[ \t]*([,;|}\])]|$)",
    re.IGNORECASE,
)
"""A line with such a word that reports none: `finished without error`, `errors: 0`, `mean squared error: nan`."""

TOLERANT = re.compile(
    r"\bwarn(ing)?s?\b|\b(skip|ignor|dropp?|discard|exclud)(s|p?ing|p?ed|ed)?\b|\b(bypass|omit|quarantin|tolerat)\w*"
    r"|\b(continuing|going on|left out|moving on|set(ting)? aside)\b",
    re.IGNORECASE,
)
SEVERE = re.compile(r"\b(ERROR|CRITICAL|FATAL)\b")
"""Who skips a bad record says so, in a warning and at no higher level."""

GIVES_UP = re.compile(
    r"^Exception in (thread|callback)\b|^Process \S+:$|was never retrieved|\b(attempt|retry|retries|retrying)\b",
    re.IGNORECASE,
)
"""What stands beside an exception that ended something, or was tried again: repeated, it is no more than one."""

CHANGES = re.compile(r"\b(0x)?[0-9a-f]{8,}\b|\d+", re.IGNORECASE)
"""What differs between runs in otherwise equal lines: times, counts, process ids, hashes."""

CRASHES = frozenset({4, 5, 6, 7, 8, 11, 31})
"""SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV and SIGSYS: a program that crashes ends by one of them.

By the others one process ends another, or a timer or a limit that was set does, or the reader of a pipe is lost.
"""

DOES_NO_WORK = frozenset(
    {
        *("[", "basename", "cat", "date", "dirname", "echo", "env", "false", "free", "head", "hostname", "id", "kill"),
        *("logger", "ls", "printf", "ps", "pwd", "rm", "sleep", "stat", "sync", "tail", "test", "touch", "true", "tty"),
        *("uname", "uptime", "wait", "wc", "whoami"),
    }
)
"""Common tools that a script may run after a failure without recovering from it."""


@dataclass(frozen=True)
class Failure:
    """Evidence that a job failed, as a clause; `certain` means that there is no other explanation.

    `in_tree` says that it is a process which ended badly, and not only the log.
    """

    text: str
    certain: bool
    in_tree: bool = False


def hidden(
    host: Host, before: Host | None = None, *, wrote_nothing: bool, complete: tuple[str, ...] = ()
) -> Failure | None:
    """Evidence that a host failed which exited with 0; None if there is none.

    `before` is the same host in a run that did its work, where there is one; `wrote_nothing` says that all is missing
    that it wrote then, or was to write. `complete` are the places of the outputs, if none of that is missing.
    """
    if not did_well(host):
        return None
    found = _of_process(host, before, wrote_nothing=wrote_nothing, complete=complete)
    found = found or _of_log(host, before, wrote_nothing=wrote_nothing)
    return found or (_of_launched(host, before) if before is not None and wrote_nothing else None)


def unchanging(line: str) -> str:
    """A line without what differs between runs."""
    return CHANGES.sub("#", line)


def as_requested(good: Outcome, host: Host) -> Failure | None:
    """Evidence that a host failed in the run that is expected to succeed."""
    outputs = good.request.outputs
    unwritten = bool(outputs) and not any(good.written(host, each) for each in outputs)
    complete = _places(good) if len(written_outputs(good)) == len(outputs) else ()
    return hidden(host, wrote_nothing=unwritten and host.message is None, complete=complete)


def beside(good: Outcome, failing: Outcome) -> list[tuple[Host, Failure | None]]:
    """Evidence that a host failed where the job may have had to, beside a run in which it did its work."""
    missing = missing_outputs(good, failing)
    wrote = written_outputs(good)
    nothing = bool(missing) and missing == wrote
    complete = _places(good) if wrote and _filled(good) <= _filled(failing) else ()
    return [
        (host, hidden(host, before, wrote_nothing=nothing, complete=complete))
        for before, host in zip(good.hosts, failing.hosts, strict=True)
    ]


def _places(outcome: Outcome) -> tuple[str, ...]:
    return tuple(output.local_path for output in outcome.request.outputs)


def _filled(outcome: Outcome) -> set[tuple[str, str]]:
    """The output files that are not empty, by host: a program that fails may have left some that it had opened."""
    return {
        (host.name, file.path)
        for host in outcome.hosts
        for output in outcome.request.outputs
        for file in outcome.written(host, output)
        if file.size
    }


def _of_process(host: Host, before: Host | None, *, wrote_nothing: bool, complete: tuple[str, ...]) -> Failure | None:
    trace = host.trace
    if trace is None or host.untraced:
        return None
    found = workload.find(trace)
    process = found.process
    # Process 1 exited with 0 itself.
    if process is None or not found.certain or not process.status:
        return None
    if _is_got_over(trace, process):
        return None
    text = _ended_badly(process)
    same_work = before is not None and _did_the_work(before, process)
    if process.killed_by is not None:
        told = process.killed_by in CRASHES and not _is_sent(trace, process, process.killed_by)
    else:
        told = bool(_new_tracebacks(host, before))
    if told or process.killed_by is not None:
        certain = told and not (complete and _is_done_by_others(trace, process, complete))
    elif _is_in_a_pipeline(trace, process):
        certain = same_work
    else:
        certain = same_work and wrote_nothing and bool(_new_lines(host, before))
    if not certain and not same_work and not told:
        return None
    return Failure(text, certain, in_tree=True)


def _of_launched(host: Host, before: Host) -> Failure | None:
    """What became of a program that another one ran which is no wrapper: that one may have done without it."""
    work = None if host.trace is None or host.untraced else workload.find(host.trace).process
    if host.trace is None or work is None or before.trace is None or before.untraced:
        return None
    did_well = {process.argv for process in before.trace.processes if process.status == 0}
    failed = [
        process
        for process in workload.run_by(host.trace, work)
        if process.status and process.argv in did_well and process.killed_by in {None, *CRASHES}
    ]
    return Failure(_ended_badly(failed[-1]), certain=False) if failed else None


def _ended_badly(process: Process) -> str:
    how = (
        f"exited with code {process.exit_code}"
        if process.killed_by is None
        else f"was killed by {SIGNALS.get(process.killed_by, f'signal {process.killed_by}')}"
    )
    return f"{list(process.argv)} {how} below process 1"


def _of_log(host: Host, before: Host | None, *, wrote_nothing: bool) -> Failure | None:
    """What the log shows of a program that exits with 0 itself, which is weaker evidence."""
    tolerated = [each for each in tracebacks(host) if any(map(_is_tolerant, each.beside))]
    found = [each for each in _new_tracebacks(host, before) if each not in tolerated]
    if found:
        certain = wrote_nothing and not _is_of_each_record(found)
        return Failure(f"its log has a traceback: {found[-1].line[:LINE_CHARACTERS]!r}", certain)
    if before is None or not wrote_nothing:
        return None
    got_over = {line.strip() for each in tolerated for line in (PYTHON_HEADER, each.cause, *each.beside, *each.around)}
    usual = {unchanging(line) for line in lines(before)}
    said = [
        line for line in lines(host) if _is_of_failure(line) and unchanging(line) not in usual and line not in got_over
    ]
    return Failure(f"its log says: {said[-1][:LINE_CHARACTERS]!r}", certain=False) if said else None


def _is_of_each_record(found: Sequence[Telling]) -> bool:
    """Whether a program went on after an exception, and came to the same one again: with the next record, say."""
    same = {(each.place, each.line.partition(":")[0]) for each in found}
    return len(found) > len(same) == 1 and not any(GIVES_UP.search(line) for each in found for line in each.beside)


def _new_tracebacks(host: Host, before: Host | None) -> list[Telling]:
    usual = {unchanging(each.line) for each in tracebacks(before)} if before is not None else set()
    return [each for each in tracebacks(host) if unchanging(each.line) not in usual]


def _is_of_failure(line: str) -> bool:
    """Whether a line reports a failure, and none that the program passes over."""
    return bool(FAILURE.search(line)) and not NO_FAILURE.search(line) and not _is_tolerant(line)


def _is_tolerant(line: str) -> bool:
    """Whether a line tells of something that the program passes over on purpose."""
    return TOLERANT.search(line) is not None and not SEVERE.search(line)


def _new_lines(host: Host, before: Host | None) -> list[str]:
    """Lines that it does not write otherwise: any on stderr, and on stdout those of a failure.

    A wrapper may send both to stdout, by `2>&1`.
    """
    known = {unchanging(line) for line in (lines(before) if before else ())}
    on_stderr = [line.strip() for line in telling.lines(host.stderr)]
    on_stdout = [line.strip() for line in telling.lines(host.stdout)]
    said = on_stderr + [line for line in on_stdout if _is_of_failure(line) or SAID_BY_STAND_IN in line]
    return [line for line in said if line and unchanging(line) not in known]


def _is_got_over(trace: Trace, process: Process) -> bool:
    """Whether something was started after it that may have done its work; another attempt that failed too has not."""
    ended = process.ended or 0.0
    # A shell that ends with `exec` began before.
    started = (each for each in trace.processes if any(run.at > ended for run in each.executions))
    later = [each for each in started if each.argv != process.argv or not each.status]
    return any(workload.program(each) not in DOES_NO_WORK for each in later)


def _is_done_by_others(trace: Trace, process: Process, places: tuple[str, ...]) -> bool:
    """Whether the outputs were begun after a program had failed, or before it by one that ended well.

    A log that a shell or a tool began, as `exec > >(tee log)` does, is no work that was done before.
    """
    used = [use.at for use in trace.uses if any(is_below(use.path, place) for place in places)]
    if any(process.began <= at <= (process.ended or at) for at in used):
        return False
    done = any(
        each.status == 0
        and (each.ended or process.began) < process.began
        and workload.program(each) not in workload.OF_SCRIPTS
        for each in trace.processes
    )
    return done or not used or any(at > process.began for at in used)


def _is_sent(trace: Trace, process: Process, number: int) -> bool:
    """Whether another process of the container sent it the signal, as `timeout -s ABRT` does."""
    return any(signal.sender not in {None, process.pid} for signal in trace.signals_to(process, number))


def _did_the_work(before: Host, process: Process) -> bool:
    """Whether the same command did the work in another run, and ended well there: its exit code is no answer then."""
    if before.trace is None or before.untraced:
        return False
    done = workload.find(before.trace).process
    return done is not None and done.argv == process.argv and not done.status


def _is_in_a_pipeline(trace: Trace, process: Process) -> bool:
    """Whether a common tool of the same shell ran alongside and outlived it, so that it read its output."""
    ended = process.ended or 0.0
    return any(
        each is not process
        and each.parent == process.parent
        and workload.program(each) in workload.TOOLS
        and each.began <= ended
        and (each.ended is None or each.ended >= ended)
        for each in trace.processes
    )
