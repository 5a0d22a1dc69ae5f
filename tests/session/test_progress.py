"""A session that waits says what runs, on a terminal and in a log, and leaves pytest's own lines as they are."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.job.variation import Variation
from conformance.session import progress
from conformance.session.progress import Progress
from tests.support.outcomes import request


def test_what_runs_is_told_with_its_limit() -> None:
    """The oldest run gives the seconds; a run that has ended is not told of."""
    shown = Progress(45.0)
    with shown.running(request(), Variation.AS_REQUESTED):
        with shown.running(request(), Variation.EMPTY_INPUTS, again=True):
            both = shown.told()
        one = shown.told()

    assert "s (limit 45 s): as requested, empty inputs again" == both.partition(" ")[2]
    assert "s (limit 45 s): as requested" == one.partition(" ")[2]
    assert "waiting for the engine" == shown.told()


def test_a_job_is_named_where_there_are_several_and_a_shorter_limit_is_its_own() -> None:
    """MaxRuntimeInSeconds bounds a run as well."""
    shown = Progress(300.0, names_jobs=True)
    with shown.running(request(StoppingCondition={"MaxRuntimeInSeconds": 20}), Variation.AS_REQUESTED):
        told = shown.told()

    assert "s (limit 20 s): example as requested" == told.partition(" ")[2]


def test_many_runs_are_counted() -> None:
    """A line of a terminal is short."""
    shown = Progress(300.0)
    with (
        shown.running(request(), Variation.AS_REQUESTED),
        shown.running(request(), Variation.EMPTY_INPUTS),
        shown.running(request(), Variation.CORRUPT_INPUTS),
        shown.running(request(), Variation.STAND_IN),
        shown.running(request(), Variation.EMPTY_TMP),
    ):
        told = shown.told()

    assert told.endswith("as requested, empty inputs, corrupt inputs and 2 more")


def test_what_is_left_is_told_by_what_has_been_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten more like the two that took 6 s and 8 s take 17.5 s, four at a time; of one run nothing is concluded."""
    clock = iter([0.0, 6.0, 6.0, 14.0])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    shown = Progress(300.0, 4)
    with shown.running(request(), Variation.AS_REQUESTED):
        pass
    one = shown.told_among(12, done=1)
    with shown.running(request(), Variation.EMPTY_INPUTS):
        pass

    assert "waiting for the engine; 1 of 12 runs done" == one
    assert "waiting for the engine; 2 of 12 runs done, about 20 s left" == shown.told_among(12, done=2)
    assert "waiting for the engine; 12 of 12 runs done" == shown.told_among(12, done=12)


def test_only_the_main_thread_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others wait in silence, since two threads on one terminal would write over each other."""
    monkeypatch.setattr(progress, "TICK_SECONDS", 0.01)
    shown = Progress(300.0)
    threads: list[threading.Thread] = []
    futures: list[Future[int]] = [Future(), Future()]
    ready = threading.Event()

    def watch() -> None:
        threads.append(threading.current_thread())
        futures[0].set_result(1)

    shown.watch = watch

    def wait_in_silence() -> None:
        ready.set()
        shown.await_result(futures[1])

    other = threading.Thread(target=wait_in_silence)
    other.start()
    ready.wait()
    found = shown.await_result(futures[0])
    futures[1].set_result(2)
    other.join()

    assert (1, [threading.main_thread()]) == (found, threads)


WAITING = """
import time
import pytest
from conformance.session import progress

class Waits:
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item):
        line = progress.StatusLine(item.config)
        line.show("12 s: as requested")
        line.show("13 s: as requested")
        line.clear()
        return (yield)

def pytest_configure(config):
    progress.LINE_SECONDS = 0.0
    config.pluginmanager.register(Waits())
"""


def project(here: Path) -> list[str]:
    """The command of a session with one test, before which a text is shown twice."""
    (here / "conftest.py").write_text(WAITING)
    (here / "test_own.py").write_text("def test_own():\n    print('captured')\n")
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]


def on_terminal(command: list[str], here: Path, **environment: str) -> str:
    """What a session writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command,
        cwd=here,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": "80", "TERM": "xterm", **environment},
    ) as process:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 1 << 16)
            except OSError:
                break
            if not part:
                break
            parts.append(part)
        process.wait()
    os.close(ours)
    return b"".join(parts).decode()


@pytest.mark.parametrize("options", [(), ("-v",), ("-q",), ("-s",), ("--color=no",)])
def test_a_terminal_shows_it_and_keeps_nothing_of_it(options: tuple[str, ...], tmp_path: Path) -> None:
    """It stands behind what pytest has written, and is erased before pytest goes on."""
    written = on_terminal([*project(tmp_path), *options], tmp_path)

    shown = re.findall(r"\x1b7\x1b\[K ([^\x1b]*)\x1b8", written)
    assert ["12 s: as requested", "13 s: as requested"] == shown
    erased = re.sub(r"\x1b7\x1b\[K [^\x1b]*\x1b8|\x1b\[K|\x1b\[\d*m", "", written)
    assert re.search(r"test_own\.py(::test_own PASSED| \.)|^\.", erased.replace("captured\r\n", ""), re.MULTILINE)
    assert "1 passed" in erased


def test_a_log_has_it_as_lines_of_their_own(tmp_path: Path) -> None:
    """Also on a terminal that knows no control characters, and never where everything is to be quiet."""
    command = project(tmp_path)
    plain = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    quiet = subprocess.run([*command, "-qq"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    dumb = on_terminal(command, tmp_path, TERM="dumb")

    lines = ["conformance: 12 s: as requested", "conformance: 13 s: as requested"]
    assert lines == [line for line in plain.splitlines() if line.startswith("conformance: 1")]
    assert lines == [line for line in dumb.splitlines() if line.startswith("conformance: 1")]
    assert "as requested" not in quiet


def test_a_worker_of_xdist_has_it_on_stderr(tmp_path: Path) -> None:
    """The controller waits for results without a hook in which it could write; the worker is named."""
    command = [*project(tmp_path), "-n", "1"]
    noisy = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    quiet = subprocess.run([*command, "-qq"], cwd=tmp_path, capture_output=True, text=True, check=True)

    lines = ["conformance: gw0: 12 s: as requested", "conformance: gw0: 13 s: as requested"]
    assert lines == [line for line in noisy.stderr.splitlines() if line]
    assert "1 passed" in noisy.stdout
    assert not quiet.stderr
