"""The pytest hooks of a session with `--image`: collection, distribution under xdist, and reports."""

from __future__ import annotations

import atexit
import gc
import pickle
import sys
import traceback
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance import text
from conformance.checks import load_checks
from conformance.errors import ConformanceError
from conformance.reports import names, terminal
from conformance.rule.tried import may_show
from conformance.session import consent, header, options, project, workers
from conformance.session.certifying import Certifying
from conformance.session.circumstances import Circumstances
from conformance.session.collect import CheckFile, CheckItem, JobNode, session_key
from conformance.session.interruption import Interruption
from conformance.session.progress import StatusLine
from conformance.session.reporting import Reporting, escape
from conformance.session.selection import CHECKS, choose, is_chosen, is_selected
from conformance.session.session import Session
from conformance.verdict.profiles import ExitStatus
from conformance.verdict.verdict import error

WORKER_IMAGE = "conformance_image"
"""The key of the image in an xdist worker's input; the controller reads it once."""

WORKER_WARNINGS = "conformance_warnings"
"""The key of its warnings in an xdist worker's output."""

WORKER_SELECTED = "conformance_selected"
"""The same of the checks that it was given to choose from, each with the name of its job."""


class SessionHooks:
    """The hooks of one session, and the state that they share."""

    def __init__(
        self,
        config: pytest.Config,
        session: Session,
        named: Sequence[str],
        reporting: Reporting,
        *,
        worker: bool,
    ) -> None:
        """Keep the session, and the checks that were named, if any; `worker` is true in an xdist worker."""
        self._config = config
        self._session = session
        self._named = named
        self._worker = worker
        self._reporting = reporting
        self._told = ("",) if worker else (project.told(config), workers.limit(config, len(session.requests)))
        self._ended = False
        self._stopped_itself = False
        self._selected: set[tuple[str, str]] = set()
        self._status = StatusLine(config)
        session.progress.watch = lambda: self._status.show(session.told())

    @classmethod
    def begin(cls, config: pytest.Config) -> SessionHooks:
        """Validate the options, connect to the engine and find the image; an error is one line and exit status 4."""
        given: dict[str, Any] = getattr(config, "workerinput", {})
        fault = ""
        try:
            project.complete(config)
            chosen = options.read(config)
            named = choose(config)
            circumstances = Circumstances.of(chosen)
            # From here on there may be something on the engine.
            config.pluginmanager.register(Interruption(config, chosen.report), "conformance.interruption")
            handed = given.get(WORKER_IMAGE)
            # The bytes come from the controller of this very session.
            session = Session(chosen, pickle.loads(handed) if handed else None)  # noqa: S301
            certifying = Certifying.begin(config, session, named)
        except (ConformanceError, OSError) as caught:
            fault = text.lines(str(caught))
        if fault:
            raise pytest.UsageError(fault)
        config.stash[session_key] = session
        if config.option.xmlpath is None and not given and not config.option.collectonly:
            config.option.xmlpath = str(chosen.report / names.JUNIT)
        known = circumstances.with_job(session.options, session.brought.requests)
        reporting = Reporting(session, known, certifying)
        hooks = cls(config, session, named, reporting, worker=bool(given))
        config.add_cleanup(hooks.leave)
        # At its end Python would look through all objects for what nobody needs: a tenth of a session's processor time.
        atexit.register(gc.freeze)
        return hooks

    def end(self) -> None:
        """End what still runs and remove it, once; that this fails is a warning, and says nothing of the image."""
        if not self._ended:
            self._ended = True
            with self._reporting.as_warning():
                self._session.close()

    def leave(self) -> None:
        """End a session that did not come to its reports, too."""
        self.end()
        if self._reporting.report is None and not self._worker:
            sys.stderr.writelines(f"warning: {text.lines(warning)}\n" for warning in self._reporting.warnings)

    # Collection

    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect the package's directories as plain ones, so that pytest does not import them itself."""
        if path in {CHECKS, CHECKS.parent}:
            return pytest.Dir.from_parent(parent, path=path)
        return None

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect a chapter; its node id is the same from a checkout and from a wheel."""
        if file_path.parent != CHECKS or file_path.suffix != ".py" or file_path.stem == "__init__":
            return None
        return CheckFile.from_parent(parent, path=file_path, nodeid=f"processing/{file_path.stem}")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
        """Deselect the checks that are not among those that were named, and begin with what needs no run.

        Tests of others stay. A plugin that shuffles items, such as pytest-randomly, comes after this.
        """
        left_out = [item for item in items if isinstance(item, CheckItem) and not is_selected(item.nodeid, self._named)]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]
        items.sort(key=lambda item: isinstance(item, CheckItem) and item.needs_runs)
        fault = ""
        try:
            yield
        except AttributeError as error:
            if not isinstance(error.obj, CheckItem | JobNode | CheckFile):
                raise
            place = traceback.extract_tb(error.__traceback__)[-1]
            fault = f"{place.filename}:{place.lineno}: expected what every pytest.Item has, but {error}"
        if fault:
            raise pytest.UsageError(f"{fault} (`isinstance(item, pytest.Function)` tells checks from other tests)")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Start every run that the selected checks need; not under xdist, where the distribution is not known yet."""
        items = [item for item in session.items if isinstance(item, CheckItem)]
        self._selected |= {(item.check.id, item.request_name) for item in items}
        if self._worker or self._config.getoption("collectonly"):
            return
        if items:
            with self._reporting.as_warning():
                self._session.service.remove_left_behind()
            consent.ask(self._session, ((item.check, item.parent.request) for item in items))
            needed = (item for item in items if item.check in item.parent.needed)
            jobs = [(item.check.job, item.parent.request) for item in needed if item.check.job]
            if trial := self._session.trial:
                jobs += [(item.check.job, trial) for item in items if item.check.job and may_show(item.check)]
            self._session.start(jobs)

    # pytest-xdist

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist ships no types for it
        """Pass the image and its file list to a worker, so that it is exported only once."""
        fault = ""
        try:
            node.workerinput[WORKER_IMAGE] = pickle.dumps(self._session.image)
        except ConformanceError as caught:
            fault = str(caught)
        if fault:
            raise pytest.UsageError(fault)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401 - as above
        """Take over what a worker could not remove."""
        sent = getattr(node, "workeroutput", {})
        self._reporting.warnings += sent.get(WORKER_WARNINGS, [])
        self._selected |= set(map(tuple, sent.get(WORKER_SELECTED, [])))

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """A worker that was killed is trouble of the suite's own: its check is an error and no failure."""
        record = self._reporting.lost(crashitem, report.longreprtext)
        if record is not None:
            report.when = "setup"
            report.conformance = record  # type: ignore[attr-defined] # reports take extras

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:  # noqa: ANN401 - as above
        """Keep all checks of a request on one worker, so that each of its runs happens once."""
        from conformance.session.scheduling import RequestScheduling  # noqa: PLC0415 - imports xdist, which may not be there

        return RequestScheduling(config, log, load_checks())

    # Progress

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        """Wait for the runs of a check before pytest begins to capture, so that what runs can be shown."""
        if isinstance(item, CheckItem):
            try:
                item.prepare()
            finally:
                self._status.clear()
        return (yield)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Say at once what Ctrl-C does, since it takes some seconds."""
        # What pytest-xdist raises where there were as many failures as `--maxfail` allows.
        self._stopped_itself = issubclass(excinfo.type, KeyboardInterrupt) and excinfo.type is not KeyboardInterrupt
        if not self._worker:
            kept = self._session.options.keep
            what = "containers" if self._session.aws is None else "objects"
            self._status.say("interrupted; ending the runs" + ("" if kept else f" and removing their {what}"))

    # Reports

    def pytest_report_header(self) -> list[str]:
        """Name the image, the contract and the jobs."""
        return header.lines(self._session, self._reporting.profile, self._told)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the verdict to pytest's report, as plain data, which is all that xdist can transfer."""
        report = yield
        if isinstance(item, CheckItem):
            escape(report)
        if isinstance(item, CheckItem) and (call.when == "call" or (call.when == "setup" and report.failed)):
            verdict = item.verdict or error(item.check, report.longreprtext, request=item.request_name)
            report.conformance = self._reporting.recorder.record(  # type: ignore[attr-defined] # reports take extras
                verdict, item.parent.outcomes, seconds=report.duration, failed=report.failed
            )
            if report.skipped and isinstance(report.longrepr, tuple):
                # Not where the suite calls `skip`.
                path, line, _ = report.location
                report.longrepr = (path, (line or 0) + 1, report.longrepr[2])
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record a verdict; under xdist only the controller reports."""
        if not self._worker and hasattr(report, "conformance"):
            self._reporting.recorder.take(report.conformance, failed=report.failed)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str | tuple[str, Any]] | None:
        """Show the verdict's own word instead of pytest's."""
        record = getattr(report, "conformance", None)
        return terminal.test_status(record["verdict"], failed=report.failed) if record else None

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Write the reports after pytest has written its JUnit file, and set the exit status from the verdicts."""
        fault: OSError | None = None
        try:
            yield
        except OSError as caught:
            # Of pytest's own JUnit file, on a disk that is full.
            fault = caught
        self.end()
        if self._worker:
            sent: dict[str, Any] = self._config.workeroutput  # type: ignore[attr-defined] # xdist's own
            sent |= {WORKER_WARNINGS: self._reporting.warnings, WORKER_SELECTED: list(map(list, self._selected))}
        elif self._config.getoption("collectonly"):
            # Whoever types it wants a list; in `addopts` it would leave the gate open.
            if not {"--collect-only", "--co"} & set(self._config.invocation_params.args):
                session.exitstatus = session.exitstatus or ExitStatus.INCOMPLETE
        elif self._reporting.recorder.records:
            session.exitstatus = self._reporting.finish(
                Path(self._config.option.xmlpath),
                tests_failed=session.testsfailed,
                pytest_status=self._status_of(session),
                selected=(self._selected or None) if is_chosen(self._config, self._named) else None,
                fault=fault,
            )
        else:
            # Other tests may have passed, which says nothing of the image.
            session.exitstatus = session.exitstatus or ExitStatus.INCOMPLETE

    def _status_of(self, session: pytest.Session) -> int:
        """Pytest's own status; under xdist `--maxfail` is told as an interruption, but no other is one by itself."""
        most = self._config.getoption("maxfail")
        if self._stopped_itself and 0 < most <= session.testsfailed:
            return pytest.ExitCode.TESTS_FAILED
        return int(session.exitstatus)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print advice, what was not judged and why, the counts, and the closing line."""
        if (report := self._reporting.report) is not None:
            self._reporting.show(report, terminalreporter)
        elif not self._worker:
            terminal.write_without_verdict(terminal.Screen(terminalreporter), self._session.found.reference)
