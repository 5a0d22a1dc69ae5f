"""The checks as pytest collects them: a file per chapter, in it the jobs, and below each job its checks.

A job is run once, whatever the number of checks; its node's set-up waits for the outcome, so that a problem there is an
error, not a violation.
"""

from __future__ import annotations

import contextlib
import inspect
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

import conformance.checks
from conformance.checks import load_checks
from conformance.errors import ConformanceError
from conformance.job.conditions import AS_CHOSEN
from conformance.job.request import JobRequest
from conformance.job.variation import Job
from conformance.outcome.gpu import NO_GPUS
from conformance.outcome.outcome import Outcome
from conformance.reports import logs
from conformance.reports.reproduce import command_line
from conformance.rule.declaration import Check, NotJudged
from conformance.session.session import Session
from conformance.verdict.verdict import Verdict, Word, error, judge, not_judged

CHECKS = Path(conformance.checks.__path__[0])
"""The directory that pytest collects in a session with `--image`."""

NEEDS_REQUEST = "needs a job: pass --image-job=FILE and --image-s3=DIR"

session_key = pytest.StashKey[Session]()


def requests_for(job: Job | None, requests: tuple[JobRequest, ...]) -> Iterable[JobRequest | None]:
    """The user's requests that a job is run with, one by one; None if it needs none, or there is none."""
    return requests if job is not None and job.needs_request and requests else (None,)


def item_name(check: Check, request: JobRequest | None, requests: tuple[JobRequest, ...]) -> str:
    """The name of a check's item: its id without the chapter, and the job if there are several."""
    if request is not None and len(requests) > 1:
        return f"{check.rest}[{request.name}]"
    return check.rest


class ViolationError(Exception):
    """A check that fails the run; its text is the verdict's."""


class CheckFile(pytest.File):
    """One chapter of the contract."""

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield a node for each job that the chapter's checks need, and for each of the user's requests."""
        requests = self.config.stash[session_key].options.requests
        checks = [check for check in load_checks() if check.chapter == self.path.stem]
        checks.sort(key=lambda check: check.job.name if check.job else "")
        for name, group in groupby(checks, key=lambda check: check.job.name if check.job else "image"):
            served = tuple(group)
            job = served[0].job
            for request in requests_for(job, requests):
                label = f"{name}[{request.name}]" if request is not None and len(requests) > 1 else name
                yield JobNode.from_parent(self, name=label, checks=served, request=request)


class JobNode(pytest.Collector):
    """One job, or the image alone, and the checks that judge it."""

    def __init__(self, *, checks: tuple[Check, ...], request: JobRequest | None, **rest: Any) -> None:  # noqa: ANN401 - pytest's own
        """Keep the checks and the user's request, which is None if the job needs none or there is none."""
        super().__init__(**rest)
        self.checks = checks
        self.job = checks[0].job
        self.request = request
        self.outcomes: tuple[Outcome, ...] = ()
        self.not_judged: NotJudged | None = None

    @property
    def lacks_request(self) -> bool:
        """Whether the job cannot be run because there is no request."""
        return self.job is not None and self.job.needs_request and self.request is None

    @property
    def reproduced(self) -> JobRequest | None:
        """The request of the run that shows a violation, which a rerun may have changed.

        With several hosts it is the user's own, since no single command reproduces what they do.
        """
        if self.request is None or self.request.instance_count > 1 or not self.outcomes:
            return self.request
        return self.outcomes[-1].request

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each check."""
        requests = self.config.stash[session_key].options.requests
        for check in self.checks:
            name = item_name(check, self.request, requests)
            # The id does not name the job: it is what JUnit's classname and name are made of.
            nodeid = f"processing/{check.chapter}::{name}"
            yield CheckItem.from_parent(self, name=name, nodeid=nodeid, check=check)

    def setup(self) -> None:
        """Wait for the job's runs; if they cannot be run, every check below is an error."""
        trouble = ""
        try:
            if self.job is not None and not self.lacks_request:
                self.outcomes = self.config.stash[session_key].outcomes(self.job, self.request)
        except NotJudged as stop:
            self.not_judged = stop
        except ConformanceError as caught:
            trouble = str(caught)
        if trouble:
            pytest.fail(trouble, pytrace=False)


class CheckItem(pytest.Item):
    """One check."""

    parent: JobNode

    def __init__(self, *, check: Check, **rest: Any) -> None:  # noqa: ANN401 - pytest's own
        """Keep the check; `setup` makes its verdict."""
        super().__init__(**rest)
        self.check = check
        self.verdict: Verdict | None = None
        # So that `-k` selects by the id that the reports print.
        self.extra_keyword_matches.add(check.id)

    @property
    def request_name(self) -> str:
        """The `ProcessingJobName` of the user's request; empty if there is none."""
        return self.parent.request.name if self.parent.request else ""

    def setup(self) -> None:
        """Apply the check; in set-up, since pytest reports only problems there as errors, not as failures."""
        self.verdict = self._judged()
        if self.verdict.word is Word.ERROR:
            pytest.fail(self.verdict.text, pytrace=False)

    def runtest(self) -> None:
        """Report the verdict to pytest."""
        verdict = self.verdict
        if verdict is None or verdict.word is Word.CONFORMS:
            return
        strict = self.config.stash[session_key].options.strict
        if verdict.word is Word.VIOLATES or (strict and verdict.word is Word.ADVISED):
            raise ViolationError(verdict.text)
        pytest.skip(verdict.text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401 - pytest's own
        """Show only the text of a violation; anything else as pytest does."""
        if isinstance(excinfo.value, ViolationError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the check is declared, and the heading of its failure."""
        line = inspect.getsourcelines(self.check.judge)[1]
        return self.path, line - 1, self.check.id

    def _repeat(self, *, traced: bool, attempt: int = 1) -> tuple[Outcome, ...]:
        """Repeat the runs of the check's job, each alone."""
        job = self.parent.job
        if job is None:
            return ()
        return self.config.stash[session_key].repeated(job, self.parent.request, traced=traced, attempt=attempt)

    def _logs(self) -> tuple[str, ...]:
        """The logs that the report will have of these runs, relative to where pytest was started."""
        report, here = self.config.stash[session_key].options.report, self.config.invocation_params.dir
        shown = report.relative_to(here) if report.is_relative_to(here) else report
        return tuple(str(shown / log) for log in logs.of_verdict(self.parent.outcomes))

    def _judged(self) -> Verdict:
        session = self.config.stash[session_key]
        if self.parent.lacks_request:
            return not_judged(self.check, NotJudged(NEEDS_REQUEST))
        if self.parent.not_judged is not None:
            return not_judged(self.check, self.parent.not_judged, request=self.request_name)
        try:
            image = session.image
            verdict = judge(
                self.check,
                image,
                session.options.requests,
                self.parent.outcomes,
                registry=load_checks(),
                repeat=self._repeat,
                runs=_runs(session, self.check),
                reproduce=command_line(
                    self.check,
                    image,
                    self.parent.reproduced,
                    session.options.objects,
                    session.options.report,
                    network=session.options.network,
                    gpus=self.parent.outcomes[-1].gpus if self.parent.outcomes else NO_GPUS,
                    memory_bytes=self.parent.outcomes[-1].hosts[0].memory_bytes if self.parent.outcomes else 0,
                    conditions=self.parent.outcomes[-1].conditions if self.parent.outcomes else AS_CHOSEN,
                    halted=any(outcome.was_halted for outcome in self.parent.outcomes[-1:]),
                ),
            )
            return replace(verdict, logs=self._logs()) if verdict.violations else verdict
        except ConformanceError as caught:
            return error(self.check, str(caught), request=self.request_name)
        except Exception:  # noqa: BLE001 - a bug in a judge must not be laid to the image
            reason = f"the check itself failed:\n{traceback.format_exc(limit=-3)}"
            return error(self.check, reason, request=self.request_name)


def _runs(session: Session, check: Check) -> tuple[Outcome, ...]:
    """The runs by which a static rule is overruled, its own or that of a check which explains it.

    A request that could not be run overrules nothing, and whoever judges its run says why.
    """
    checks = load_checks()
    ruling = [check, *(checks[other] for other in check.explained_by)] if check.job is None else []
    jobs = dict.fromkeys(each.shown_by for each in ruling if each.shown_by is not None)
    found: list[Outcome] = []
    for job in jobs:
        for request in session.options.requests:
            with contextlib.suppress(ConformanceError, NotJudged):
                found += session.outcomes(job, request)
    return tuple(found)
