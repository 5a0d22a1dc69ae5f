"""Many images in one command: a session for each, in a process of its own, and one overview of all.

With `-n`, so many sessions run at a time; with `--tx`, one for each of these, whose variables may name another engine.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType

import pytest

from conformance import text
from conformance.errors import ConformanceError, EngineError, UsageError
from conformance.reports import directory, names, overview, overview_files
from conformance.reports.overview import Entry
from conformance.service import carrying
from conformance.service.engine import Engine
from conformance.session import project, tx
from conformance.session.turns import SHARED
from conformance.verdict.profiles import INTERNAL_ERROR, INTERRUPTED, ExitStatus

LOG = "session.log"
"""What a session printed, beside its report."""


@dataclass(frozen=True)
class Lane:
    """Sessions that run one after another; `environment` has variables of their own, which may name an engine."""

    environment: Mapping[str, str] = field(default_factory=dict)
    engine: Engine | None = None


def is_asked_for(config: pytest.Config) -> bool:
    """Whether there are several images, or a file of them."""
    return config.getoption("--images-from") is not None or len(config.getoption("--image") or ()) > 1


def run(config: pytest.Config) -> int:
    """Run all sessions and write the overview; returns the exit status of all.

    Raises:
        UsageError: an option cannot be meant, or nothing can be written.
        EngineError: an engine that is named by `--tx` does not respond.
    """
    project.complete(config)
    images, further = _read(config)
    place = config.invocation_params.dir / str(config.getoption("--image-report"))
    lanes = _lanes(config)
    own = _own_engine() if any(lane.engine for lane in lanes) else None
    try:
        place.mkdir(parents=True, exist_ok=True)
        _clear(place)
        entries = Fleet(place, further, own, echoes=len(lanes) == 1).run(images, lanes)
        files = overview_files.write(place, entries)
    except OSError as error:
        raise UsageError(f"--image-report: {error.filename} cannot be written to: {error.strerror}") from error
    _print("", "overview", *overview.lines(entries), f"overview: {', '.join(map(str, files))}")
    return overview.exit_status(entries)


class Fleet:
    """The sessions, and what came of each."""

    def __init__(self, place: Path, further: Sequence[str], own: Engine | None, *, echoes: bool) -> None:
        """Report below `place`; `further` are the arguments of each session, and `own` has images to carry."""
        self._place = place
        self._further = further
        self._own = own
        self._echoes = echoes
        self._running: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._is_over = False

    def run(self, images: Sequence[str], lanes: Sequence[Lane]) -> list[Entry]:
        """Run a session for each image; what was not begun when a signal came is told as interrupted.

        What has to run alone runs beside no other session's runs that are on the same engine.
        """
        with tempfile.TemporaryDirectory(prefix="conformance-turns-") as turns:
            places = {url: Path(turns, str(number)) for number, url in enumerate(map(self._url, lanes))}
            for place in places.values():
                place.mkdir()
            return self._run(images, [(lane, places[self._url(lane)]) for lane in lanes])

    def _url(self, lane: Lane) -> str:
        reached = lane.engine or self._own
        return reached.url if reached else ""

    def _run(self, images: Sequence[str], lanes: Sequence[tuple[Lane, Path]]) -> list[Entry]:
        waiting: SimpleQueue[tuple[int, str, Path]] = SimpleQueue()
        folders: list[str] = []
        for number, image in enumerate(images):
            folders.append(overview.folder(image, folders))
            waiting.put((number, image, self._place / folders[-1]))
        found = {number: Entry(image, INTERNAL_ERROR, said="it has no result") for number, image in enumerate(images)}
        with self._stopped_by_signals():
            threads = [threading.Thread(target=self._work, args=(waiting, *lane, found)) for lane in lanes]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return [found[number] for number in sorted(found)]

    def _work(
        self, waiting: SimpleQueue[tuple[int, str, Path]], lane: Lane, turns: Path, found: dict[int, Entry]
    ) -> None:
        while True:
            try:
                number, image, place = waiting.get_nowait()
            except Empty:
                return
            try:
                found[number] = self._session(image, place, lane, turns)
            except (ConformanceError, OSError) as error:
                found[number] = Entry(image, ExitStatus.INCOMPLETE, said=str(error))
            if not self._echoes:
                _print(f"conformance: {image}: {found[number].word}")

    def _session(self, image: str, place: Path, lane: Lane, turns: Path) -> Entry:
        place.mkdir(parents=True, exist_ok=True)
        # A session that ends before it can do so would leave the report of an earlier one.
        directory.clear(place, None)
        if self._own is not None and lane.engine is not None and (how := carrying.carry(image, self._own, lane.engine)):
            _print(f"conformance: {image} was {how} {lane.environment.get('DOCKER_HOST', lane.engine)}")
        arguments = [*self._further, f"--image={image}", f"--image-report={place}"]
        with self._lock:
            if self._is_over:
                return Entry(image, INTERRUPTED, said="it was not begun")
            process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *arguments],
                env={**os.environ, SHARED: str(turns), **lane.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                # Ctrl-C on a terminal is for this process, which passes it on once.
                start_new_session=True,
            )
            self._running.append(process)
        if self._is_over:
            # The signal came when it was not yet among those that run.
            process.send_signal(signal.SIGTERM)
        last = self._copy(process, place / LOG)
        status = process.wait()
        with self._lock:
            self._running.remove(process)
        if self._is_over and status == -signal.SIGTERM:
            # It had only begun, and could not yet take a signal.
            return Entry(image, INTERRUPTED, said="it was not begun")
        return _came_of(image, place, status, last)

    def _copy(self, process: subprocess.Popen[bytes], log: Path) -> str:
        """Keep what a session prints, and print it if there is no other one; returns its last line."""
        last = b""
        with log.open("wb") as kept, process:
            for line in process.stdout or ():
                kept.write(line)
                last = line if line.strip() else last
                if self._echoes:
                    sys.stdout.buffer.write(line)
                    sys.stdout.flush()
        return text.line(last.decode("utf-8", "backslashreplace").strip())

    @contextmanager
    def _stopped_by_signals(self) -> Iterator[None]:
        """Have Ctrl-C and SIGTERM end all sessions, each of which removes what it made."""
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        # Not with the lock, which the thread that is interrupted may hold.
        self._is_over = True
        for process in list(self._running):
            process.send_signal(signal.SIGTERM)


def _clear(place: Path) -> None:
    """Remove what an earlier command left there, perhaps of other images."""
    for name in overview_files.ALL:
        (place / name).unlink(missing_ok=True)
    for log in place.glob(f"*/{LOG}"):
        directory.clear(log.parent, None)
        log.unlink()


def _came_of(image: str, place: Path, status: int, last: str) -> Entry:
    if not (place / names.REPORT).is_file():
        bad = status or ExitStatus.INCOMPLETE
        return Entry(image, bad if bad > 0 else INTERNAL_ERROR, said=last or f"ended by signal {-status}")
    entry = overview.of_report(place)
    # The process has the last word: it may have ended otherwise after the report was written.
    if entry.exit_status == status:
        return entry
    if status < 0:
        return overview.ended(entry, INTERNAL_ERROR, f"by signal {-status}")
    return overview.ended(entry, status)


def _read(config: pytest.Config) -> tuple[tuple[str, ...], list[str]]:
    """The images, and the arguments that each session gets besides its own."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("--image", "--images-from", "--tx"):
        parser.add_argument(name, action="append", default=[])
    for name in ("--image-report", "--junitxml", "--junit-xml", "-n", "--numprocesses", "--dist"):
        parser.add_argument(name)
    typed, further = parser.parse_known_args(list(map(str, config.invocation_params.args)))
    given = list(config.getoption("--image") or ())
    if given != typed.image or config.getoption("--images-from") != (typed.images_from or [None])[-1]:
        raise UsageError("--image: expected several images on the command line itself, and not in addopts")
    if len(typed.images_from) > 1:
        raise UsageError(f"--images-from: expected one file, got {len(typed.images_from)}")
    for name in typed.images_from:
        given += overview.images_in(config.invocation_params.dir / name)
    images = tuple(dict.fromkeys(each.strip() for each in given))
    for image in images:
        if not image or image.startswith("-"):
            raise UsageError(f"--image: expected an image reference or id, got {image!r}")
    # Of waivers it is known only in the end which are for none of the images.
    further.append("--image-waivers-shared")
    return images, [*further, *(["-n0"] if config.pluginmanager.hasplugin("xdist") else [])]


def _lanes(config: pytest.Config) -> tuple[Lane, ...]:
    """As pytest-xdist would have workers, which sets `tx` by `-n`, perhaps after this."""
    named = tuple(map(tx.environment, tx.expanded(config.getoption("tx", None) or ())))
    count = config.getoption("numprocesses", None) or 1
    lanes = tuple(Lane(each, carrying.connect(each) if each else None) for each in named)
    return lanes or (Lane(),) * (count if isinstance(count, int) else os.cpu_count() or 1)


def _own_engine() -> Engine | None:
    """The engine of this environment, which may have images to carry; None if there is none."""
    try:
        return carrying.connect({})
    except EngineError:
        return None


def _print(*lines: str) -> None:
    # One write for each, since several threads print.
    sys.stdout.write("".join(f"{text.line(line)}\n" for line in lines))
    sys.stdout.flush()
