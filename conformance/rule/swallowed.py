"""Whether a job hides that it fails on empty or corrupt inputs, which its inputs as they are do not show."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.outcome.outcome import End, Host, Outcome
from conformance.rule.declaration import Advice, DoesNotApply, NotJudged
from conformance.rule.evidence import lines, missing_outputs, named, program_of, succeeded, written_outputs
from conformance.rule.failures import beside, unchanging
from conformance.rule.programs import programs


def findings(good: Outcome, failing: Outcome, how: str, otherwise: str = "") -> Iterator[str]:
    """What shows that a host failed on empty or corrupt inputs and exited with 0; else the advice `otherwise`, if any.

    Raises:
        NotJudged: there is no such run, or nothing in it that failed.
    """
    lacking = missing(good, failing)
    if not is_completed(failing, how):
        return
    found = [(host, failure) for host, failure in beside(good, failing) if failure is not None]
    if not found and not otherwise:
        raise DoesNotApply(f"with {how} inputs the program exited with 0 and showed no sign of failure")
    if not found:
        yield Advice(otherwise)
    for host, failure in found:
        if failing.stand_in is not None and program_of(host)[0].executable != failing.stand_in.path:
            raise NotJudged(f"with {how} inputs, something else than {failing.stand_in.path} was at work")
        without = f" and it wrote nothing to {named(lacking)}" if lacking else ""
        sentence = (
            f"Expected {host.name} to exit non-zero when it fails on {how} inputs, but it exited with 0 "
            f"although {failure.text}{without}."
        )
        # A program that does not get what ENTRYPOINT is given may not be what the container is for.
        certain = failure.certain and (failing.stand_in is None or failing.stand_in.is_handed)
        yield sentence if certain else Advice(sentence)


def is_completed(failing: Outcome, how: str) -> bool:
    """Whether every host exited with 0: a single non-zero exit code makes a failure visible.

    Raises:
        NotJudged: a host did not exit by itself.
    """
    if any(host.end is End.EXITED and host.exit_code != 0 for host in failing.hosts):
        return False
    for host in failing.hosts:
        if host.end is not End.EXITED:
            raise NotJudged(f"with {how} inputs, {host.name} was {host.end}")
    return True


def before(good: Outcome, empty: Outcome) -> list[str]:
    """What shows it with empty inputs, for who judges corrupt ones; nothing where those show nothing."""
    try:
        return list(findings(good, empty, "empty"))
    except NotJudged:
        return []


def is_as_good(one: list[str], other: list[str]) -> bool:
    """Whether findings are as strong as others: advice does not replace a violation."""
    return bool(one) and (are_certain(one) or not are_certain(other))


def are_certain(found: list[str]) -> bool:
    """Whether one of them is more than advice."""
    return any(not isinstance(finding, Advice) for finding in found)


def unnoticed(good: Outcome, other: Outcome) -> str:
    """Advice for a job that exited with 0, but wrote no output that it writes otherwise, and said nothing of that.

    Empty for any other job, and for a stand-in: what it logs and writes is the suite's own.
    """
    wrote = written_outputs(good)
    if other.stand_in is not None or not wrote or missing_outputs(good, other) != wrote or not succeeded(other):
        return ""
    pairs = list(zip(good.hosts, other.hosts, strict=True))
    if any(_says_more(host, before) or host.message != before.message for before, host in pairs):
        return ""
    return (
        f"Expected a non-zero exit code, an output, or something in the log when all inputs are "
        f"{other.variation.partition(' ')[0]}, but the job exited with 0, wrote nothing to {named(wrote)}, and logged "
        "nothing that it does not log otherwise."
    )


def _says_more(host: Host, before: Host) -> bool:
    usual = {unchanging(line) for line in lines(before)}
    return any(unchanging(line) not in usual for line in lines(host))


def missing(good: Outcome, failing: Outcome) -> list[str]:
    """The outputs that the good run wrote, but the run with empty or corrupt inputs did not.

    Raises:
        NotJudged: the job has no such inputs, or fails with its own.
    """
    if programs(good) >= {item.name for item in good.request.inputs}:
        raise DoesNotApply("the request has no inputs that could be empty or corrupt")
    if not succeeded(good):
        raise NotJudged("the unmodified job already fails", see="exit.zero-on-success")
    return missing_outputs(good, failing)
