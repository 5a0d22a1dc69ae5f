"""What the outcomes of a job's runs show when compared, and what of a log is worth quoting."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.outcome import workload
from conformance.outcome.outcome import End, Host, Outcome
from conformance.outcome.trace import Process, Trace
from conformance.rule import telling
from conformance.rule.declaration import DoesNotApply, NotJudged

LINE_CHARACTERS = telling.LINE_CHARACTERS
"""How much of a log line a sentence quotes."""

LONGEST_LINE = 2_000
"""How much of a line is searched, so that a pattern takes bounded time."""

NEVER_OUTSIDE = frozenset({"arpa", "internal", "invalid", "local", "localdomain", "localhost", "test"})
"""Domains that no public name server resolves; a machine's own name on AWS is below `ec2.internal`."""

WITH_OTHER_INPUTS = ("", " when its inputs are empty", " when its inputs are corrupt")
"""How a sentence ends that is about one of the runs of `CORRUPT_INPUTS`, in their order."""

SIGNALLED = 128
"""The offset that shells and engines add to the number of the signal that ended a process."""

KILLED = SIGNALLED + 9

SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    5: "SIGTRAP",
    6: "SIGABRT",
    7: "SIGBUS, for example from a write to a full /dev/shm, which has 64 MiB here",
    8: "SIGFPE",
    9: "SIGKILL",
    10: "SIGUSR1",
    11: "SIGSEGV",
    12: "SIGUSR2",
    13: "SIGPIPE",
    14: "SIGALRM",
    15: "SIGTERM",
    24: "SIGXCPU",
    25: "SIGXFSZ",
    31: "SIGSYS",
}
"""Signal numbers on Linux x86-64, whichever machine this is."""

MEANINGS = {SIGNALLED + number: name for number, name in SIGNALS.items()} | {
    126: "in a shell: command cannot be executed",
    127: "in a shell: command not found",
}
"""The meaning of exit codes, by the convention of shells."""

LISTED = 3
"""How many of several items a sentence lists."""


def lines(host: Host) -> list[str]:
    """The log lines of a host, stderr last; without empty lines, and with long ones cut."""
    said = (host.stdout.text + "\n" + host.stderr.text).splitlines()
    return [line.strip()[:LONGEST_LINE] for line in said if line.strip()]


def last_words(host: Host) -> str:
    """What its log says about how it ended, as the end of a sentence; empty if there is nothing.

    On stdout, a program that succeeded logs its ordinary work.
    """
    told = telling.telling(host)
    if told is None or (host.exit_code == 0 and told.stream is telling.Stream.STDOUT):
        return ""
    return told.words


def some_of(things: list[str], separator: str = ", ") -> str:
    """The first few of several items, and how many more there are."""
    more = f" and {len(things) - LISTED} more" if len(things) > LISTED else ""
    return separator.join(things[:LISTED]) + more


def named(outputs: list[str]) -> str:
    """Outputs by name, as part of a sentence."""
    return "output " + outputs[0] if len(outputs) == 1 else "outputs " + ", ".join(outputs)


def written_outputs(outcome: Outcome) -> list[str]:
    """The outputs that a run wrote."""
    outputs = outcome.request.outputs
    return [output.name for output in outputs if any(outcome.written(host, output) for host in outcome.hosts)]


def missing_outputs(good: Outcome, other: Outcome) -> list[str]:
    """The outputs that one run wrote, but another run of the same job did not."""
    return [
        output.name
        for output in good.request.outputs
        if any(good.written(host, output) for host in good.hosts)
        and not any(other.written(host, output) for host in other.hosts)
    ]


def did_well(host: Host) -> bool:
    """Whether it exited with 0 without being stopped."""
    return host.end is End.EXITED and host.exit_code == 0


def is_killed_by(host: Host, number: int) -> bool:
    """Whether a signal of this number killed process 1, as its exit code tells, or any other process of a host."""
    processes = host.trace.processes if host.trace is not None else ()
    return host.exit_code == SIGNALLED + number or any(process.killed_by == number for process in processes)


def failed_by_itself(host: Host) -> bool:
    """Whether it exited non-zero or did not start, without being stopped."""
    return host.end in {End.EXITED, End.NOT_STARTED} and not did_well(host)


def succeeded(outcome: Outcome) -> bool:
    """Whether every program exited with 0; a message that is not UTF-8 makes the job Failed, but not its program."""
    return all(did_well(host) for host in outcome.hosts)


def did_its_work(outcome: Outcome) -> bool:
    """Whether every program exited with 0, and each output got files."""
    return succeeded(outcome) and all(outcome.uploads_by_output.values())


def end_of(host: Host) -> str:
    """How a host ended, as the end of a sentence that starts with its name."""
    if not host.started:
        return f"did not start: {host.start_error}"
    if host.end is not End.EXITED:
        return f"was {host.end}"
    code = "a code other than 0" if host.exit_code is None else f"code {exit_code_of(host)}"
    return f"exited with {code}{last_words(host)}"


def exit_code_of(host: Host) -> str:
    """Its exit code, with its meaning by the convention of shells and engines."""
    meaning = MEANINGS.get(host.exit_code or 0, "")
    if host.out_of_memory and host.exit_code == KILLED:
        meaning += ", out of memory"
    return f"{host.exit_code} ({meaning})" if meaning else str(host.exit_code)


def failed_at_first(outcome: Outcome) -> str:
    """How the job failed before any of the suite's choices was lifted, as a clause."""
    said = next((trial.said for trial in outcome.trials if not trial.conditions.lifted and trial.said), "")
    return said or "it did not write all its outputs"


def now_and_then(outcome: Outcome) -> str:
    """The reason for a job whose same run both failed and succeeded."""
    failed = [trial for trial in outcome.trials if not trial.succeeded]
    said = f"; {failed[0].said}" if failed else ""
    return f"intermittent failure: {len(failed)} of {len(outcome.trials)} runs of the job failed{said}"


def needs_success(good: Outcome) -> None:
    """Raise `NotJudged` if the unmodified job fails: nothing can be compared with it then."""
    if not succeeded(good):
        raise NotJudged("the unmodified job already fails", see="exit.zero-on-success")


def program_of(host: Host) -> tuple[Process, Trace]:
    """The process that did the work, and the trace that shows it.

    Raises:
        NotJudged: its processes could not be traced.
        DoesNotApply: no single process did the work, so what reaches it is undefined.
    """
    if host.trace is None or host.untraced:
        raise NotJudged(f"its processes could not be traced: {host.untraced}")
    found = workload.find(host.trace)
    # A script that does the work with common tools is doubtful, but it is what was started.
    if found.process is None or not (found.certain or found.process == host.trace.command):
        raise DoesNotApply(f"no single process does the work: {found.doubt}")
    return found.process, host.trace


def questions(outcome: Outcome, host: Host) -> str:
    """Which peers a host looked up, when, and the answers, as the end of a sentence.

    As in report.json, seconds count from the first query of any host.
    """
    if outcome.queries is None:
        return ""
    names = [peer.name for peer in outcome.hosts if peer is not host]
    asked = [query for name in names for query in outcome.queries.attempts(host.address, name)]
    began = min((query.at for query in outcome.queries.queries), default=0.0)
    told = [
        f"{query.name} after {query.at - began:.1f} s ({query.answer or query.code or 'no reply'})"
        for query in sorted(asked, key=lambda query: query.at)
    ]
    return f"; name queries: {some_of(told)}" if told else ""


def asked_outside(outcome: Outcome, host: Host) -> list[str]:
    """The outside names that a host looked up, once each.

    A name without a dot is not an outside name, nor is one that a resolver creates from it, or from a host's name, by
    appending a search domain (resolv.conf(5)); nor are names that no public server resolves (RFC 6761, RFC 9476).
    """
    if outcome.queries is None:
        return []
    asked = [query for query in outcome.queries.queries if query.client == host.address and query.type != "PTR"]
    inside = {peer.name for peer in outcome.hosts} | {query.name for query in asked if "." not in query.name}
    names = dict.fromkeys(query.name.removesuffix(".") for query in asked)
    return [
        name
        for name in names
        if "." in name
        and not any(name == known or name.startswith(f"{known}.") for known in inside)
        and name.rpartition(".")[2] not in NEVER_OUTSIDE
    ]


def shortfalls(
    good: Outcome,
    changed: Outcome,
    *,
    may_take_seconds: float = 0.0,
    more: Callable[[Host], str] = lambda _: "",
) -> Iterator[str]:
    """What a changed run did not do that the good one did, each as the end of a sentence.

    `may_take_seconds` is how long a run may take because of the change; `more` adds details about a host that failed.

    Raises:
        NotJudged: the good run failed, or the changed one did not finish in time.
    """
    needs_success(good)
    failed = any(failed_by_itself(host) for host in changed.hosts)
    for host in changed.hosts:
        if did_well(host):
            continue
        # A host may be waiting for another one that failed, which is then the one to report.
        if host.end is End.SUITE_LIMIT and not failed:
            raise NotJudged(f"{host.name} was still running after {host.seconds:.0f} s, the suite's own time limit")
        if host.end is End.MAX_RUNTIME and not failed and changed.request.max_runtime_seconds < may_take_seconds:
            raise NotJudged(f"{host.name} was {host.end}, but with this change the job may need more time")
        if host.end is not End.SUITE_LIMIT:
            yield f"{host.name} {end_of(host)}{more(host)}"
    missing = missing_outputs(good, changed)
    if missing and succeeded(changed):
        yield f"nothing was written to {named(missing)}"
