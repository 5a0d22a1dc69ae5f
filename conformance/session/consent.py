"""What a session on AWS would cost at most, and the user's consent to that before anything starts."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance import text
from conformance.errors import UsageError
from conformance.job.request import SHARDED, JobRequest
from conformance.job.variation import Job, Variation
from conformance.judging.judging import runs_of
from conformance.onaws.sent import by_itself, limit_seconds
from conformance.rule.declaration import Check, NotJudged
from conformance.session.onaws import AWS
from conformance.session.session import Session
from conformance.verdict.doubt import FAILED_ATTEMPTS

SECONDS_OF_HOUR = 3600.0


def ask(session: Session, checks: Iterable[tuple[Check, JobRequest | None]]) -> None:
    """Tell what the jobs of these checks cost on AWS at most, and let them be made if the user agrees.

    It comes before anything is started, and does nothing in a session on a Docker Engine.

    Raises:
        pytest.UsageError: the user does not, or cannot be asked.
    """
    chosen = session.options.on_aws
    if session.aws is None or chosen is None:
        return
    runs = _runs(session, (job for check, request in checks for job in runs_of(session, check, request)))
    if runs:
        requests = session.options.requests
        most = bill(runs, requests[0], session.options.timeout_seconds)
        known = dict.fromkeys(uri for request in requests for uri in by_itself(request))
        try:
            agree(most.lines(session.aws.where, known), yes=chosen.yes)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error
        session.aws.allow(most.most)


def _runs(session: Session, jobs: Iterable[tuple[Job, JobRequest | None]]) -> list[tuple[Variation, JobRequest]]:
    """The runs of these jobs that are jobs of their own on AWS, each once."""
    runs: dict[tuple[Variation, str], tuple[Variation, JobRequest]] = {}
    for job, asked in jobs:
        for variation in job.runs:
            with contextlib.suppress(NotJudged):
                request = session.request_of(variation, asked)
                if variation.can_be_sent and is_made(variation, request):
                    runs[variation, request.name] = variation, request
    return list(runs.values())


@dataclass(frozen=True)
class Bill:
    """What runs at most: jobs, those that only confirm a finding, and instances times hours by instance type."""

    jobs: int
    further: int
    hours: tuple[tuple[str, float], ...]
    time_limit_seconds: float

    @property
    def most(self) -> int:
        """How many jobs are made at most."""
        return self.jobs + self.further

    def lines(self, where: str, told: Iterable[str]) -> Iterator[str]:
        """What the user is told before anything starts; `told` are the URIs that the program knows by itself."""
        hours = ", ".join(f"{hours:.1f} h of {kind}" for kind, hours in self.hours)
        yield f"jobs on AWS: {self.jobs}, and at most {self.further} more that confirm what those show"
        yield f"at most {hours}, beside the time in which instances start and end, and their storage"
        yield f"no job runs longer than {self.time_limit_seconds:g} s (--image-timeout)"
        yield f"in {where}"
        for uri in told:
            yield f"the program knows {uri} by itself: it is used as it is, also in runs with empty and corrupt inputs"


def is_made(variation: Variation, request: JobRequest) -> bool:
    """Whether a run of this request is a job of its own, and no other run shows the same."""
    if variation is Variation.FEW_OBJECTS:
        return any(item.distribution == SHARDED for item in request.inputs)
    return variation is not Variation.ONE_HOST or request.instance_count > 1


def bill(runs: Collection[tuple[Variation, JobRequest]], cluster: JobRequest, time_limit_seconds: float) -> Bill:
    """What runs cost at most; `cluster` is the request whose instances those get that are not of the user's request."""
    each: dict[str, float] = {}
    # A run in which a check finds something is repeated, and so is one that is to succeed and fails.
    attempts = 1 + FAILED_ATTEMPTS
    again = sum(variation is Variation.AS_REQUESTED for variation, _ in runs)
    for variation, request in runs:
        is_default = variation is Variation.DEFAULT_COMMAND
        kind = (cluster if is_default else request).instance_type
        hosts = 1 if is_default or variation is Variation.ONE_HOST else request.instance_count
        seconds = limit_seconds(request, variation, max(1, int(time_limit_seconds))) * hosts
        made = attempts + (variation is Variation.AS_REQUESTED)
        each[kind] = each.get(kind, 0.0) + made * seconds / SECONDS_OF_HOUR
    return Bill(len(runs), FAILED_ATTEMPTS * len(runs) + again, tuple(sorted(each.items())), time_limit_seconds)


def agree(lines: Iterable[str], *, yes: bool) -> None:
    """Tell the user what is about to start, and go on only with consent.

    Raises:
        UsageError: the user did not consent, or cannot be asked.
    """
    for line in lines:
        sys.stderr.write(f"conformance: {text.line(line)}\n")
    sys.stderr.flush()
    if yes:
        return
    try:
        # pytest has taken the place of stdin.
        terminal = Path("/dev/tty")
        with terminal.open("w", encoding="utf-8") as screen, terminal.open(encoding="utf-8") as keyboard:
            screen.write("conformance: start them? [y/N] ")
            screen.flush()
            said = keyboard.readline()
    except OSError as error:
        raise UsageError(
            f"--image-service={AWS}: expected consent to these jobs, but there is no terminal to ask on",
            hint="--image-yes gives it",
        ) from error
    if said.strip().lower() not in {"y", "yes"}:
        raise UsageError(f"--image-service={AWS}: nothing was started")
