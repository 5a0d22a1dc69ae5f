"""What the image's own program shows where it tries the suite's own request.

A program that takes its inputs and outputs from the configuration does it, and then that request is a job like any
other. Most programs are made for other inputs and fail. Of them only that is judged which holds of any run: what they
wrote into log and message, how they take a stop while at work, and whether they fail on other inputs for other reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.files.tree import is_below
from conformance.job.variation import STAND_IN
from conformance.outcome.outcome import End, Host, Outcome
from conformance.rule import choices
from conformance.rule.declaration import Advice, Check, NotJudged
from conformance.rule.evidence import end_of, failed_by_itself, lines, program_of, succeeded
from conformance.rule.failures import unchanging

OF_ANY_RUN = frozenset(
    {
        "stop.ends-on-sigint",
        "stop.ends-on-sigterm",
        "message.utf8",
        "message.fits-1-kb",
        "message.plain-text",
        "message.no-secrets",
        "logs.no-secrets",
    }
)
"""Checks of which a run shows something in which the program failed."""

OF_FLAWS = frozenset({"exit.zero-on-success", "exit.nonzero-on-failure", "outputs.writable-by-user"})
"""Checks of which such a run shows flaws alone."""

OF_INPUTS = frozenset({"message.no-secrets", "logs.no-secrets"})
"""Those of them that are about what becomes of an input, which the program has to use for that."""

NOTICED = frozenset({"exit.nonzero-on-failure", "exit.empty-input-noticed", "exit.nonzero-on-corrupt-input"})
"""Checks that hold where a program fails on empty or corrupt inputs for their sake."""

NOT_TRIED = frozenset({"hosts", "gpu"})
"""Chapters of which a request with one host and no GPU shows nothing."""


SHOWN_BY_FAILURE = OF_ANY_RUN | OF_FLAWS | NOTICED
"""All checks of which such a run may show anything."""


def may_show(check: Check) -> bool:
    """Whether the program's own runs may show something of a check; a stand-in shows best what it is started with."""
    job = check.job
    return job is not None and job.needs_request and job is not STAND_IN and check.chapter not in NOT_TRIED


def holds(check: Check, outcomes: Sequence[Outcome]) -> bool:
    """Whether a program that fails on any input says something else of empty or corrupt ones, and exits non-zero."""
    if check.id not in NOTICED:
        return False
    good, failing = outcomes[0].hosts[0], outcomes[-1].hosts[0]
    is_used = check.id != "exit.nonzero-on-corrupt-input" or _uses_an_input(outcomes[-1])
    return good.end is End.EXITED and failed_by_itself(failing) and is_used and _told(good) != _told(failing)


def is_exercised(check: Check, outcomes: Sequence[Outcome]) -> bool:
    """Whether a check says something of the runs of a program that fails."""
    if check.id not in OF_ANY_RUN or not all(host.started for outcome in outcomes for host in outcome.hosts):
        return False
    logged = any(host.stdout.size + host.stderr.size for host in outcomes[-1].hosts)
    return check.id not in OF_INPUTS or (_uses_an_input(outcomes[-1]) and logged)


def failures(outcome: Outcome) -> Iterator[str]:
    """How a container failed whose program had done the suite's own request.

    It is advice, since what a wrapper does after its program may need what the suite does not have.

    Raises:
        NotJudged: the program did not do it, or one of the suite's choices may have kept its wrapper from going on.
    """
    if succeeded(outcome):
        return
    doubt = choices.doubt(outcome)
    for host in outcome.hosts:
        program = program_of(host)[0]
        unwritten = [output.name for output in outcome.request.outputs if not outcome.written(host, output)]
        if doubt or host.end is not End.EXITED or program.exit_code != 0 or unwritten:
            raise NotJudged(doubt or f"the suite's own request was not done: {host.name} {end_of(host)}")
        yield Advice(
            f"Expected {host.name} to exit with 0 as {list(program.argv)} did, which wrote all outputs, but it "
            f"{end_of(host)}."
        )


def _uses_an_input(outcome: Outcome) -> bool:
    places = [item.local_path for item in outcome.request.inputs]
    traces = [host.trace for host in outcome.hosts if host.trace is not None]
    return any(is_below(use.path, place) for trace in traces for use in trace.uses for place in places)


def _told(host: Host) -> tuple[list[str], bytes]:
    """What it wrote into log and message, without what differs from run to run."""
    return [unchanging(line) for line in lines(host)], host.message or b""
