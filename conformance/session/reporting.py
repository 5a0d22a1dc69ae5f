"""The reports of a session: verdicts are taken in as they come, and at the end everything is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conformance.checks import load_checks
from conformance.errors import ConformanceError, UsageError
from conformance.job.variation import Variation
from conformance.reports import code_quality, directory, junit, names, page, redaction, sarif, terminal
from conformance.reports.document import Recorder, Report
from conformance.reports.reproduce import write_material
from conformance.session import github
from conformance.session.circumstances import Circumstances
from conformance.session.collect import requests_for
from conformance.session.session import Session
from conformance.verdict.profiles import profile_of


class Reporting:
    """What is reported of one session; in an xdist worker only what it found is recorded, to be sent.

    `warnings` are what went wrong beside the checks; with one the session does not conform.
    """

    def __init__(self, session: Session, circumstances: Circumstances) -> None:
        """Begin without a verdict."""
        self._session = session
        self._circumstances = circumstances
        self.profile = profile_of(session.options.requests, session.options.gpu)
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

    def finish(self, junit_path: Path, *, tests_failed: int, pytest_status: int, is_chosen: bool) -> int:
        """Make the report and write all files; returns the exit status of the session.

        `is_chosen` says whether the user selected the checks that were run.
        """
        make = partial(self._made, tests_failed=tests_failed, pytest_status=pytest_status, is_chosen=is_chosen)
        try:
            self.report = make(self._circumstances.described())
            self.files = self._written(self.report, junit_path)
        except OSError as error:
            self.warnings.append(f"the reports cannot be written: {error}")
            self.report = make({})
        return self.report.exit_status

    def show(self, report: Report, reporter: pytest.TerminalReporter) -> None:
        """Print the summary of the report that was made, and what a runner of GitHub Actions is to read."""
        options, service = self._session.options, self._session.service
        brought = any(request.is_brought for request in options.requests)
        screen = terminal.Screen(reporter)
        terminal.write(
            screen,
            report,
            kept=service.kept,
            files=self.files,
            brought=brought,
            left=service.refused,
        )
        for command in github.commands(report.document, options.dockerfile):
            screen.write_command(command)

    def _made(
        self, circumstances: Mapping[str, Any], *, tests_failed: int, pytest_status: int, is_chosen: bool
    ) -> Report:
        chosen = self._session.options
        return self.recorder.report(
            load_checks(),
            image=self._session.image_as_known,
            service=self._session.service.described(),
            profile=self.profile,
            gpu=chosen.gpu,
            strict=chosen.strict,
            expected=self._expected(),
            tests_failed=tests_failed,
            pytest_status=pytest_status,
            is_chosen=is_chosen,
            circumstances=circumstances,
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
            with directory.whole(chosen.report / name) as beside:
                beside.write_text(content, encoding="utf-8")
        return tuple(chosen.report / name for name in made)

    def _expected(self) -> Sequence[tuple[str, str]]:
        """Every check, with the request that it judges."""
        requests = self._session.options.requests
        return [
            (check.id, request.name if request else "")
            for check in load_checks()
            for request in requests_for(check.job, requests)
        ]
