"""What runs now, since when and for how long at most, so that a session which waits does not look dead."""

from __future__ import annotations

import contextlib
import math
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from conformance import text
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.reports.terminal import Screen

if TYPE_CHECKING:
    import pytest

Result = TypeVar("Result")

TICK_SECONDS = 1.0
LINE_SECONDS = 30.0
"""How often a line is written where there is no terminal, such as in the log of a CI job."""

SHORTEST_LINE = 24
"""In less room than this a terminal's line is left as it is."""

FEW_RUNS = 2
"""How many runs have to have ended before they tell how long others take."""

ROUND_SECONDS = 5
"""What an estimate is rounded up to."""

SHOWN_RUNS = 3
"""How many runs one line names."""


@dataclass(frozen=True)
class _Run:
    name: str
    begun: float
    limit_seconds: float


class Progress:
    """The runs of a session, from the threads that make them; times are monotonic."""

    def __init__(self, time_limit_seconds: float, at_a_time: int = 1, *, names_jobs: bool = False) -> None:
        """Begin with none; the limit is `--image-timeout`, and only with several jobs is a run named after its job.

        `at_a_time` is how many runs are made at once.
        """
        self._limit_seconds = time_limit_seconds
        self._at_a_time = at_a_time
        self._names_jobs = names_jobs
        self._lock = threading.Lock()
        self._runs: dict[int, _Run] = {}
        self._took_seconds: list[float] = []
        self.watch: Callable[[], None] = lambda: None
        """Called about every second while the main thread waits."""

    @contextlib.contextmanager
    def running(self, request: JobRequest, variation: Variation, *, again: bool = False) -> Iterator[None]:
        """Know of a run as long as it is being made; `again` if it is repeated to find out or confirm something."""
        name = f"{f'{request.name} ' if self._names_jobs else ''}{variation}{' again' if again else ''}"
        run = _Run(name, time.monotonic(), min(self._limit_seconds, request.max_runtime_seconds))
        with self._lock:
            self._runs[id(run)] = run
        try:
            yield
        finally:
            with self._lock:
                del self._runs[id(run)]
                self._took_seconds.append(time.monotonic() - run.begun)

    def await_result(self, future: Future[Result]) -> Result:
        """The result of a future; watched if it is the main thread that waits, which alone may write."""
        watched = threading.current_thread() is threading.main_thread()
        while watched and not wait([future], timeout=TICK_SECONDS).done:
            self.watch()
        return future.result()

    def told(self) -> str:
        """What runs now and how long the oldest has, such as `12 s (limit 300 s): as requested, empty inputs`."""
        with self._lock:
            runs = sorted(self._runs.values(), key=lambda run: run.begun)
        if not runs:
            return "waiting for the engine"
        names = [run.name for run in runs[:SHOWN_RUNS]]
        more = f" and {len(runs) - SHOWN_RUNS} more" if len(runs) > SHOWN_RUNS else ""
        limit = max(run.limit_seconds for run in runs)
        return f"{time.monotonic() - runs[0].begun:.0f} s (limit {limit:.0f} s): {', '.join(names)}{more}"

    def told_among(self, runs: int, *, done: int) -> str:
        """The same with how many of all runs are done, and about how long the others take if they are like those."""
        with self._lock:
            took = self._took_seconds[:]
        told = f"{self.told()}; {done} of {runs} runs done"
        if len(took) < FEW_RUNS or done == runs:
            return told
        left = (runs - done) * statistics.fmean(took) / self._at_a_time
        return f"{told}, about {max(1, math.ceil(left / ROUND_SECONDS)) * ROUND_SECONDS} s left"


class StartLine:
    """Where progress is written before pytest has a reporter: on stderr, where pytest writes its usage errors."""

    def __init__(self) -> None:
        """Begin with nothing shown."""
        self._shown_at: float | None = None

    def show(self, said: str) -> None:
        """Show a text, unless another one has just been shown."""
        now, terminal, shown = time.monotonic(), _is_terminal(sys.stderr), text.line(f"conformance: {said}")
        if self._shown_at is None or now - self._shown_at >= (TICK_SECONDS if terminal else LINE_SECONDS):
            sys.stderr.write(f"\r\x1b[K{shown}" if terminal else f"{shown}\n")
            sys.stderr.flush()
            self._shown_at = now

    def close(self) -> None:
        """Erase it on a terminal."""
        if self._shown_at is not None and _is_terminal(sys.stderr):
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal that knows control characters."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


class StatusLine:
    """Where progress is written: behind what stands on the terminal's line, or now and then as a line of its own.

    It is used only while pytest does not capture, so that `sys.stdout` is where pytest itself writes.
    """

    def __init__(self, config: pytest.Config) -> None:
        """Write beside pytest's own reporter, or now and then on stderr for an xdist worker, whose stdout is lost."""
        self._config = config
        self._worker = getattr(config, "workerinput", {}).get("workerid", "")
        self._last = time.monotonic()
        self._is_shown = False

    def show(self, said: str) -> None:
        """Show a text until the next one or `clear`."""
        shown = text.line(said)
        reporter: Any = self._config.pluginmanager.getplugin("terminalreporter")
        if reporter is None or self._config.option.verbose < -1:
            return
        if self._worker:
            self._show_of_worker(shown)
        elif _is_terminal(sys.stdout):
            writer = self._config.get_terminal_writer()
            room = writer.fullwidth - writer.width_of_current_line - 2
            if room >= SHORTEST_LINE:
                # Save the cursor, erase up to the end of the line, restore the cursor: pytest writes on where it was.
                sys.stdout.write(f"\x1b7\x1b[K {shown[:room]}\x1b8")
                sys.stdout.flush()
                self._is_shown = True
        elif time.monotonic() - self._last >= LINE_SECONDS:
            self.say(said)

    def _show_of_worker(self, shown: str) -> None:
        """Write a line, since the controller writes the dots and waits for results without a hook."""
        if time.monotonic() - self._last >= LINE_SECONDS:
            # The line that the controller is writing may not have ended yet.
            sys.stderr.write(f"\nconformance: {self._worker}: {shown}\n")
            sys.stderr.flush()
            self._last = time.monotonic()

    def say(self, said: str) -> None:
        """Write a line that stays."""
        reporter: Any = self._config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None:
            self.clear()
            reporter.ensure_newline()
            screen = Screen(reporter)
            screen.write_line(f"conformance: {text.line(said)}")
            reporter.flush()
            self._last = time.monotonic()

    def clear(self) -> None:
        """Erase it, so that pytest's line reads on as if it had not been there."""
        if self._is_shown:
            sys.stdout.write("\x1b[K")
            sys.stdout.flush()
            self._is_shown = False
