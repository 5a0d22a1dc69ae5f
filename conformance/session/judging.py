"""How a check of a session comes to its verdict: on which runs it rests, and how these are repeated."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from conformance.checks import load_checks
from conformance.errors import ConformanceError
from conformance.job.conditions import AS_CHOSEN
from conformance.job.request import JobRequest
from conformance.job.variation import Job
from conformance.outcome.gpu import NO_GPUS
from conformance.outcome.outcome import Outcome
from conformance.reports import logs
from conformance.reports.reproduce import Manner, command_line
from conformance.rule import outside, tried
from conformance.rule.declaration import Check, NotJudged
from conformance.rule.evidence import did_its_work
from conformance.rule.played import OF_ITS_START
from conformance.service.platforms import AWS
from conformance.session.session import Session
from conformance.verdict import alone
from conformance.verdict.verdict import Verdict, error, judge, not_judged


@dataclass(frozen=True)
class Evidence:
    """The outcomes of a job with a request, which is None if the job needs none; `lack` says why there are none."""

    job: Job | None = None
    request: JobRequest | None = None
    outcomes: tuple[Outcome, ...] = ()
    lack: NotJudged | None = None

    @property
    def reproduced(self) -> JobRequest | None:
        """The request of the run that shows a violation, which a rerun may have changed.

        With several hosts it is the user's own, since no single command reproduces what they do.
        """
        if self.request is None or self.request.instance_count > 1 or not self.outcomes:
            return self.request
        return self.outcomes[-1].request


def evidence(session: Session, job: Job, request: JobRequest | None) -> Evidence:
    """Wait for the runs of a job; raises `ConformanceError` if they could not be made."""
    try:
        return Evidence(job, request, session.outcomes(job, request))
    except NotJudged as stop:
        return Evidence(job, request, lack=stop)


def evidence_of_trial(session: Session, job: Job, checks: Sequence[Check]) -> Evidence | None:
    """The same with the image's own program; None if its runs say nothing of these checks."""
    named = [check for check in checks if tried.may_show(check)]
    good = session.tried() if named else None
    if good is None or not (did_its_work(good) or any(check.id in tried.SHOWN_BY_FAILURE for check in named)):
        return None
    return evidence(session, job, session.trial)


def verdict(session: Session, check: Check, shown: Evidence, here: Path) -> Verdict:
    """The verdict on a check by the runs of its job; logs are named relative to `here`."""
    request = shown.request.name if shown.request and not shown.request.is_own else ""
    if shown.lack is not None:
        return not_judged(check, shown.lack, request=request)
    last = shown.outcomes[-1] if shown.outcomes else None
    try:
        image = session.image
        found = judge(
            check,
            image,
            session.options.requests,
            shown.outcomes,
            registry=load_checks(),
            repeat=partial(_repeated, session, shown),
            runs=_runs(session, check),
            reproduce=command_line(
                check,
                image,
                shown.reproduced,
                session.options.objects,
                session.options.report,
                network=session.options.network,
                gpus=last.gpus if last else NO_GPUS,
                memory_bytes=last.hosts[0].memory_bytes if last else 0,
                conditions=last.conditions if last else AS_CHOSEN,
                halted=last.was_halted if last else False,
                aws=last is not None and last.calls is not None,
                manner=Manner(
                    copies_into_mounts=session.service.copies_into_mounts,
                    platform=AWS if session.service.emulates else "",
                    runtime=session.options.limits.get("runtime", ""),
                ),
            ),
        )
        return replace(found, logs=_logs(session, shown, here)) if found.violations else found
    except ConformanceError as caught:
        return error(check, str(caught), request=request)
    except Exception:  # noqa: BLE001 - a bug in a judge must not be laid to the image
        reason = f"the check itself failed:\n{traceback.format_exc(limit=-3)}"
        return error(check, reason, request=request)


def verdict_of_trial(session: Session, check: Check, shown: Evidence, here: Path) -> Verdict | None:
    """The verdict on a check by what the image's own program did; None if that says nothing of it."""
    good = session.tried()
    if good is None or shown.lack is not None or not tried.may_show(check):
        return None
    return alone.of_trial(check, good, shown.outcomes, lambda: verdict(session, check, shown, here))


def waits_for_runs(session: Session, check: Check) -> bool:
    """Whether a static rule has to wait for runs that can overrule it."""
    return bool(_requests_of(session, check)) and bool(_overruling(check))


def _repeated(session: Session, shown: Evidence, *, traced: bool, attempt: int = 1) -> tuple[Outcome, ...]:
    """The outcomes of the same runs, repeated, each alone."""
    if shown.job is None:
        return ()
    return session.repeated(shown.job, shown.request, traced=traced, attempt=attempt)


def _logs(session: Session, shown: Evidence, here: Path) -> tuple[str, ...]:
    """The logs that the report will have of these runs."""
    report = session.options.report
    place = report.relative_to(here) if report.is_relative_to(here) else report
    return tuple(str(place / log) for log in logs.of_verdict(shown.outcomes))


def _requests_of(session: Session, check: Check) -> tuple[JobRequest, ...]:
    """The requests whose runs can overrule a static rule.

    Of the suite's own it is that of its stand-in only where that shows as much, and that of the image's own program.
    """
    if session.options.requests:
        return session.options.requests
    of_stand_in = session.requests if check.id in OF_ITS_START else ()
    return of_stand_in if session.trial is None else (*of_stand_in, session.trial)


def _runs(session: Session, check: Check) -> tuple[Outcome, ...]:
    """The runs by which a static rule is overruled, its own or that of a check which explains it.

    A request that could not be run overrules nothing, and whoever judges its run says why; nor does a program that did
    not do the suite's own request, which is not made for it.
    """
    found: list[Outcome] = []
    # Of a job that AWS could not run for want of capacity, say, the rule itself tells too little.
    passed_over = (ConformanceError, NotJudged) if session.aws is None else (NotJudged,)
    for job in _overruling(check):
        for request in _requests_of(session, check):
            with contextlib.suppress(*passed_over):
                found += [each for each in session.outcomes(job, request) if not request.is_tried or did_its_work(each)]
    return tuple(found)


def runs_of(session: Session, check: Check, request: JobRequest | None) -> list[tuple[Job, JobRequest | None]]:
    """The jobs whose runs a check of a session on AWS rests on, its own or those that may overrule it."""
    if outside.never(check):
        return []
    if check.job is not None:
        return [(check.job, request)]
    return [(job, each) for job in _overruling(check) for each in _requests_of(session, check)]


def _overruling(check: Check) -> tuple[Job, ...]:
    """The jobs whose runs overrule a static rule; none for a check that has a job of its own."""
    checks = load_checks()
    ruling = [check, *(checks[other] for other in check.explained_by)] if check.job is None else []
    return tuple(dict.fromkeys(each.shown_by for each in ruling if each.shown_by is not None))
