"""The reports of a session: verdicts are taken in as they come, and at the end everything is written."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conformance import text
from conformance.checks import load_checks
from conformance.errors import ConformanceError, UsageError
from conformance.job.variation import Variation
from conformance.judging import judging
from conformance.reports import code_quality, directory, junit, names, page, redaction, sarif, terminal
from conformance.reports.document import Recorder, Report
from conformance.reports.reproduce import write_material
from conformance.session import github
from conformance.session.certifying import Certifying
from conformance.session.circumstances import Circumstances
from conformance.session.selection import node_id
from conformance.session.session import Session
from conformance.verdict.verdict import error


class Reporting:
    """What is reported of one session; in an xdist worker only what it found is recorded, to be sent.

    `warnings` are what went wrong beside the checks; with one the session does not conform.
    """

    def __init__(self, session: Session, circumstances: Circumstances, certifying: Certifying | None = None) -> None:
        """Begin without a verdict; `certifying` makes the certificate, if there is to be one."""
        self._certifying = certifying
        self._session = session
        self._circumstances = circumstances
        self.profile = session.options.judged_by
        self.recorder = Recorder(redaction.of_image(session.found))
        self.warnings: list[str] = []
        self.report: Report | None = None
        self.files: tuple[Path, ...] = ()

    @contextlib.contextmanager
    def as_warning(self) -> Iterator[None]:
        """Take trouble as a warning, which says nothing of the image."""
        try:
            yield
        except ConformanceError as caught:
            self.warnings.append(str(caught))

    def lost(self, item: str, said: str) -> dict[str, Any] | None:
        """The record of a check whose worker was killed while it ran, None if the item is none.

        Even where another worker has judged it since, the session did not end well.
        """
        found = next(((check, job) for check, job in self._expected() if item in _node_ids(check, job)), None)
        if found is None:
            return None
        self.warnings.append(said)
        check, job = found
        return self.recorder.record(error(load_checks()[check], said, request=job), (), seconds=0.0, failed=True)

    def finish(
        self,
        junit_path: Path,
        *,
        tests_failed: int,
        pytest_status: int,
        selected: Collection[tuple[str, str]] | None,
        fault: OSError | None = None,
    ) -> int:
        """Make the report and write all files; returns the exit status of the session.

        `selected` are the checks that the user chose, None for all; `fault` is why pytest's own file is not written.
        """
        make = partial(self._made, tests_failed=tests_failed, pytest_status=pytest_status, selected=selected)
        try:
            if fault is not None:
                raise fault
            described = self._circumstances.described()
            self.report = make(described)
            bundle = self._certified(self.report, described)
            if bundle is None:
                self.report = make(described)
            self.files = self._written(self.report, junit_path)
            if bundle and self._certifying is not None:
                self.files += (self._certifying.write(bundle),)
        except OSError as error:
            self.warnings.append(f"the reports cannot be written: {error}")
            with contextlib.suppress(OSError):
                # What there is of them tells less than happened.
                directory.clear(self._session.options.report, junit_path)
            self.report = make({})
        return self.report.exit_status

    def _certified(self, report: Report, circumstances: Mapping[str, Any]) -> Mapping[str, bytes] | None:
        """The files of the certificate; none where there is to be none, and None where there are reasons against it.

        Each of these is a warning, with which no session passes.
        """
        if self._certifying is None:
            return {}
        try:
            return self._certifying.made(report, circumstances)
        except UsageError as error:
            self.warnings += [f"no certificate: {reason}" for reason in error.message.splitlines()]
            return None

    def show(self, report: Report, reporter: pytest.TerminalReporter) -> None:
        """Print the summary of the report that was made, and what a runner of GitHub Actions is to read."""
        options, service = self._session.options, self._session.service
        brought = any(request.is_brought for request in options.requests)
        screen = terminal.Screen(reporter)
        terminal.write(
            screen,
            report,
            kept=self._session.kept,
            files=self.files,
            brought=brought,
            left=service.refused,
        )
        for command in github.commands(report.document, options.dockerfile):
            screen.write_command(command)

    def _made(
        self,
        circumstances: Mapping[str, Any],
        *,
        tests_failed: int,
        pytest_status: int,
        selected: Collection[tuple[str, str]] | None,
    ) -> Report:
        chosen = self._session.options
        return self.recorder.report(
            load_checks(),
            image=self._session.image_as_known,
            service=self._session.services[-1].described(),
            profile=self.profile,
            gpu=chosen.gpu,
            strict=chosen.strict,
            expected=self._expected(),
            tests_failed=tests_failed,
            pytest_status=pytest_status,
            selected=selected,
            circumstances=circumstances,
            waivers=chosen.waivers,
            # Each worker may have met the same trouble.
            warnings=tuple(dict.fromkeys(self.warnings)),
        )

    def _written(self, report: Report, junit_path: Path) -> tuple[Path, ...]:
        chosen = self._session.options
        for request in chosen.requests:
            documents = {
                variation: self._session.service.documents(request, variation)
                for variation in (Variation.AS_REQUESTED, Variation.UNKNOWN_MEMBERS)
            }
            write_material(chosen.report, request, documents, chosen.objects)
        written = report.write(chosen.report)
        files = (written, *self._rendered(report), *junit.finish(junit_path, chosen.report, report))
        github.add_summary(report.document)
        return files

    def _rendered(self, report: Report) -> tuple[Path, ...]:
        """Write what else there is: report.html where Jinja is installed, and what points to lines of a Dockerfile."""
        chosen = self._session.options
        made: dict[str, str] = {}
        # Jinja is of an extra.
        with contextlib.suppress(UsageError):
            made[names.HTML] = page.render(report.document)
        if chosen.dockerfile is not None:
            made[names.SARIF] = sarif.render(report.document, chosen.dockerfile)
            made[names.CODE_QUALITY] = code_quality.render(report.document, chosen.dockerfile)
        for name, content in made.items():
            directory.write(chosen.report / name, content)
        return tuple(chosen.report / name for name in made)

    def _expected(self) -> Sequence[tuple[str, str]]:
        """Every check, with the request that it judges."""
        requests = self._session.options.requests
        return [
            (check.id, request.name if request else "")
            for check in load_checks()
            for request in judging.requests_for(check.job, requests)
        ]


def _node_ids(check: str, job: str) -> tuple[str, str]:
    """How pytest may name the item of a check, with its job or without."""
    of_check = node_id(load_checks()[check])
    return of_check, f"{of_check}[{job}]"


def escape(report: pytest.TestReport) -> None:
    """Escape what pytest prints of a report beside the verdict's own text: a traceback, and captured output."""
    if report.failed and text.lines(report.longreprtext) != report.longreprtext:
        report.longrepr = text.lines(report.longreprtext)
    report.sections = [(name, text.lines(content)) for name, content in report.sections]
