"""The checks as pytest collects them: a file per chapter, in it the jobs, and below each job its checks.

A job is run once, whatever the number of checks; its node's set-up waits for the outcome, so that a problem there is an
error, not a violation.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from conformance.checks import load_checks
from conformance.errors import ConformanceError
from conformance.job.request import JobRequest
from conformance.judging import judging
from conformance.outcome.outcome import Outcome
from conformance.rule import outside, tried
from conformance.rule.declaration import Check, NotJudged
from conformance.rule.played import SHOWN, lacking
from conformance.session import reproduction
from conformance.session.selection import node_id
from conformance.session.session import Session
from conformance.verdict.alone import stronger
from conformance.verdict.profiles import as_announced
from conformance.verdict.verdict import Verdict, Word, not_judged

session_key = pytest.StashKey[Session]()


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
            for request in judging.requests_for(job, requests):
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
        self.evidence = judging.Evidence()
        self.trial: judging.Evidence | None = None
        self.trouble = ""

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What its runs showed, those of the image's own program last."""
        return (*self.evidence.outcomes, *(self.trial.outcomes if self.trial is not None else ()))

    @property
    def is_of_image_alone(self) -> bool:
        """Whether the user gave no request, so that the suite's own are judged."""
        return self.request is not None and self.request.is_own

    @property
    def needed(self) -> tuple[Check, ...]:
        """The checks that the job is run for: of the suite's own request, those of which it shows something."""
        if self.job is None:
            return ()
        on_aws = self.config.stash[session_key].aws is not None
        return tuple(
            check
            for check in self.checks
            if (not self.is_of_image_alone or check.id in SHOWN) and not (on_aws and outside.never(check))
        )

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each check."""
        requests = self.config.stash[session_key].requests
        for check in self.checks:
            name = item_name(check, self.request, requests)
            # The id does not name the job: it is what JUnit's classname and name are made of.
            yield CheckItem.from_parent(self, name=name, nodeid=node_id(check, name), check=check)

    def prepare(self) -> None:
        """Wait for the job's runs."""
        session = self.config.stash[session_key]
        try:
            if self.job is not None and self.needed:
                self.evidence = judging.evidence(session, self.job, self.request)
            if self.job is not None and self.is_of_image_alone:
                self.trial = judging.evidence_of_trial(session, self.job, self.checks)
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
            return self.check in self.parent.needed or (self.parent.is_of_image_alone and tried.may_show(self.check))
        return judging.waits_for_runs(self.config.stash[session_key], self.check)

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
        if self.parent.request is not None and self.parent.request.has_file:
            return Path(self.parent.request.source), 0, self.check.id
        return self.config.invocation_params.dir / "processing" / self.check.chapter, None, self.check.id

    def _judged(self) -> Verdict:
        """The verdict as it counts in this session."""
        session = self.config.stash[session_key]
        announced = as_announced(session.options.judged_by, self._found())
        return session.options.waivers.applied(announced, session.found)

    def _found(self) -> Verdict:
        session, parent = self.config.stash[session_key], self.parent
        reproduce = partial(reproduction.line, session)
        report = reproduction.place(session, self.config.invocation_params.dir)
        if session.aws is not None and (why := outside.never(self.check)):
            return not_judged(self.check, NotJudged(why), request=self.request_name)
        if parent.job is not None and self.check not in parent.needed:
            shown = not_judged(self.check, lacking(self.check))
        else:
            shown = judging.verdict(session, self.check, parent.evidence, reproduce=reproduce, report=report)
        if parent.trial is None:
            return shown
        tried = judging.verdict_of_trial(session, self.check, parent.trial, reproduce=reproduce, report=report)
        return stronger(shown, tried)
