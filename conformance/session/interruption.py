"""SIGTERM ends a session as Ctrl-C does: what CI sends where a pipeline is cancelled, and `timeout` when time is up.

The workers of pytest-xdist end with their controller, however that ends: each waits for a lock that it holds.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from conformance.errors import ConformanceError
from conformance.reports.terminal import Screen
from conformance.session.collect import session_key

HELD = "conformance_held"
"""The key of the lock's path in a worker's input."""


class Interruption:
    """Hooks that see a session to its end when a signal interrupts it."""

    def __init__(self, config: pytest.Config, report: Path) -> None:
        """Take the place of the signal's default action; a handler of somebody else's stays.

        The lock is a file in the directory of the report while the session runs.
        """
        self._config = config
        self._report = report
        self._worker: dict[str, Any] = getattr(config, "workerinput", {})
        self._lock: int | None = None
        self._finished = False
        self._said = ""
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._terminate)
            config.add_cleanup(self._give_back)
        if HELD in self._worker:
            threading.Thread(target=self._await_controller, name="controller", daemon=True).start()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist ships no types for it
        """Let a worker know what to wait for."""
        path = self._report / f".{node.workerinput['testrunuid']}"
        if self._lock is None:
            self._lock = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            self._config.add_cleanup(lambda: self._release(path))
        node.workerinput[HELD] = str(path)

    @pytest.hookimpl(trylast=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remove everything before the reports say so."""
        # GitHub sends SIGINT, and SIGTERM some seconds later, when this is well under way.
        self._pass_on()
        by = str(excinfo.value) or ("interrupted by Ctrl-C" if excinfo.type is KeyboardInterrupt else "interrupted")
        self._said = f"conformance: {by}{self._closed()}"
        if self._config.pluginmanager.get_plugin("terminalreporter") is None and not self._worker:
            sys.stderr.write(f"{self._said}\n")

    def pytest_sessionfinish(self) -> None:
        """A worker that has come so far ends by itself."""
        self._finished = True

    def pytest_unconfigure(self) -> None:
        """Let the session be closed in any case; nothing else is left to do."""
        self._ignore()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say by what the session was interrupted."""
        if self._said:
            Screen(terminalreporter).write_line(self._said)

    def _closed(self) -> str:
        session = self._config.stash.get(session_key, None)
        if session is None:
            return ""
        try:
            session.close()
        except ConformanceError as error:
            return f"; {error}"
        kept = "kept" if session.options.keep else "removed"
        return f"; containers {kept}" if session.aws is None else f"; jobs stopped, their objects {kept}"

    def _terminate(self, _number: int, _frame: FrameType | None) -> None:
        self._pass_on()
        raise KeyboardInterrupt("interrupted by SIGTERM")

    def _pass_on(self) -> None:
        """Have the workers interrupted, and let no further SIGTERM interrupt what follows."""
        self._ignore()
        if self._lock is not None:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _ignore(self) -> None:
        if signal.getsignal(signal.SIGTERM) == self._terminate:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def _release(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _await_controller(self) -> None:
        path = Path(self._worker[HELD])
        with path.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_SH)
        path.unlink(missing_ok=True)
        if not self._finished:
            os.kill(os.getpid(), signal.SIGTERM)

    def _give_back(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
