"""The checks as pytest collects them: a file per chapter, in it the jobs, and below each job its checks.

A job is run once, whatever the number of checks; its node's set-up waits for the outcome, so that a problem there is an
error, not a violation.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

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
from conformance.rule.played import NEEDS_REQUEST, OF_ITS_START, SHOWN
from conformance.session.selection import node_id
from conformance.session.session import Session
from conformance.verdict.verdict import Verdict, Word, error, judge, not_judged

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
        requests = self.config.stash[session_key].requests
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
        self.trouble = ""

    @property
    def needed(self) -> tuple[Check, ...]:
        """The checks that the job is run for: of the suite's own request, those of which it shows something."""
        if self.job is None:
            return ()
        is_own = self.request is not None and self.request.is_own
        return tuple(check for check in self.checks if not is_own or check.id in SHOWN)

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
        requests = self.config.stash[session_key].requests
        for check in self.checks:
            name = item_name(check, self.request, requests)
            # The id does not name the job: it is what JUnit's classname and name are made of.
            yield CheckItem.from_parent(self, name=name, nodeid=node_id(check, name), check=check)

    def prepare(self) -> None:
        """Wait for the job's runs."""
        try:
            if self.job is not None and self.needed:
                self.outcomes = self.config.stash[session_key].outcomes(self.job, self.request)
        except NotJudged as stop:
            self.not_judged = stop
        except ConformanceError as caught:
            self.trouble = str(caught)

    def setup(self) -> None:
        """If the job's runs could not be made, every check below is an error."""
        if self.trouble:
            pytest.fail(self.trouble, pytrace=False)


class CheckItem(pytest.Item):
    """One check."""

    parent: JobNode

    def __init__(self, *, check: Check, **rest: Any) -> None:  # noqa: ANN401 - pytest's own
        """Keep the check; `prepare` makes its verdict."""
        super().__init__(**rest)
        self.check = check
        self.verdict: Verdict | None = None
        # What conftest files and plugins ask every test for, though only those that are functions have it.
        self.function = check.judge
        self.module = sys.modules[check.judge.__module__]
        self.cls = None
        self.fixturenames: list[str] = []
        self.funcargs: dict[str, Any] = {}
        # So that `-k` selects by the id that the reports print.
        self.extra_keyword_matches.add(check.id)

    @property
    def request_name(self) -> str:
        """The `ProcessingJobName` of the user's request; empty if there is none."""
        request = self.parent.request
        return request.name if request and not request.is_own else ""

    @property
    def needs_runs(self) -> bool:
        """Whether it has to wait for a run, its own or one that can overrule it."""
        if self.check.job is not None:
            return self.check in self.parent.needed
        requests = _requests_of(self.config.stash[session_key], self.check)
        return bool(requests) and bool(_overruling(self.check))

    def prepare(self) -> None:
        """Wait for the runs and apply the check, which may have runs repeated."""
        self.parent.prepare()
        if not self.parent.trouble:
            self.verdict = self._judged()

    def setup(self) -> None:
        """In set-up, since pytest reports only problems there as errors, not as failures."""
        if self.verdict is not None and self.verdict.word is Word.ERROR:
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
        """The heading of a failure, and where an annotation of it stands: at the user's request, if the check had one.

        Never in this package: whoever reads an annotation in a pull request cannot do anything about a file there.
        """
        if self.parent.request is not None and not self.parent.request.is_of_suite:
            return Path(self.parent.request.source), 0, self.check.id
        return self.config.invocation_params.dir / "processing" / self.check.chapter, None, self.check.id

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
        if self.parent.job is not None and self.check not in self.parent.needed:
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


def _requests_of(session: Session, check: Check) -> tuple[JobRequest, ...]:
    """The requests whose runs can overrule a static rule: the suite's own only where its stand-in shows as much."""
    return session.requests if check.id in OF_ITS_START else session.options.requests


def _runs(session: Session, check: Check) -> tuple[Outcome, ...]:
    """The runs by which a static rule is overruled, its own or that of a check which explains it.

    A request that could not be run overrules nothing, and whoever judges its run says why.
    """
    found: list[Outcome] = []
    for job in _overruling(check):
        for request in _requests_of(session, check):
            with contextlib.suppress(ConformanceError, NotJudged):
                found += session.outcomes(job, request)
    return tuple(found)


def _overruling(check: Check) -> tuple[Job, ...]:
    """The jobs whose runs overrule a static rule; none for a check that has a job of its own."""
    checks = load_checks()
    ruling = [check, *(checks[other] for other in check.explained_by)] if check.job is None else []
    return tuple(dict.fromkeys(each.shown_by for each in ruling if each.shown_by is not None))
