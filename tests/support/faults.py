"""Fail each call of a session to the engine in turn, in each of some ways, and see what the session makes of it.

    python -m tests.support.faults [SESSION ...]

prints a line for each and a table of all, and exits with 1 if any was wrong: the image is not to be blamed, nothing may
be left on the engine, and the session ends in time, with a line that says what happened.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import docker
from docker.utils import kwargs_from_env

from conformance.service.engine import CALL_TIMEOUT_SECONDS
from conformance.verdict.profiles import ExitStatus
from images.builder import build
from tests.conftest import clean_environment, reference_job
from tests.support.engine_faults import Call, Fault, FaultyEngine
from tests.support.leftovers import owned_by

AT_ONCE = 3

CALL_SECONDS = 6
"""The longest silence of the engine within one call where one fails: with the suite's own, all would take hours."""

PROGRAM = (
    "import sys, pytest; from conformance.service import engine;"
    "engine.CALL_TIMEOUT_SECONDS = {call_seconds}; sys.exit(pytest.main())"
)

SESSION_SECONDS = 200.0
"""A session that takes longer hangs."""

RESIDUE_SECONDS = 60.0

SHOWN = 150
"""How many characters are printed of what a session says."""

ONE_RUN = (
    "no-process-left or nothing-written-elsewhere or outputs.regular-files-only or outputs.declared-outputs-written"
    " or outputs.no-symlinks or message.plain-text or on-stdout-or-stderr"
)
"""Checks that look at all that is seen of a run, and need no other."""

SESSIONS: Mapping[str, tuple[str, ...]] = {
    "run": (*reference_job(), "-k", ONE_RUN),
    "stop": (*reference_job(), "-k", "stop"),
    "hosts": (*reference_job(), "--image-hosts=2", "-k", "exit.zero-on-success or hosts.isolated"),
    "image": (),
}
"""The options of each session: one run of one host, one that is stopped, several hosts, and an image without a job."""

BLAMES = frozenset({"violates", "advised"})

TRACES = ("Traceback (most recent call last)", "INTERNALERROR", "the check itself failed")


class Ending(StrEnum):
    """What a session made of a call that failed."""

    ERROR = "error"
    """Something has no result, or could not be removed, and a line says why: exit status 6."""
    REFUSED = "refused"
    """There was no session, and a line says why: exit status 4."""
    HEALTHY = "as healthy"
    """The call was made again, or nothing depended on it."""
    NOT_MADE = "not made"
    """Another session of the same kind had one call less of those that are alike."""
    WRONG = "WRONG"

    @property
    def letter(self) -> str:
        """In the table."""
        return {"error": "e", "refused": "r", "as healthy": "h", "not made": "-", "WRONG": "W"}[self]


@dataclass(frozen=True)
class Session:
    """How a session ended: `verdicts` are by check, `left` is what was on the engine in the end."""

    status: int | None
    verdicts: Mapping[str, str]
    reasons: tuple[str, ...]
    output: str
    left: tuple[str, ...]
    seconds: float
    calls: tuple[Call, ...] = ()
    struck: bool = True

    @property
    def blamed(self) -> set[str]:
        """The checks by which the image is found at fault."""
        return {check for check, word in self.verdicts.items() if word in BLAMES}

    def wrong(self, healthy: Session) -> tuple[str, ...]:
        """All that is not as it should be where the engine is at fault, beside a session on one that is not."""
        found = []
        if self.status is None:
            found.append("hangs")
        if self.left:
            found.append(f"leaves {', '.join(self.left)}")
        if blamed := self.blamed - healthy.blamed:
            found.append(f"blames {', '.join(sorted(blamed))}")
        found += [f"prints {trace!r}" for trace in TRACES if trace in self.output]
        same = self.verdicts == healthy.verdicts
        told = self.status in {ExitStatus.USAGE, ExitStatus.INCOMPLETE} and bool(self.reasons)
        if self.status is not None and not (told or (same and self.status == healthy.status)):
            found.append(f"ends with {self.status} and {dict(Counter(self.verdicts.values()))}")
        return tuple(found)

    def end(self, healthy: Session) -> Ending:
        """How it ended beside that one, in one word."""
        if self.wrong(healthy):
            return Ending.WRONG
        if not self.struck:
            return Ending.NOT_MADE
        if self.status == ExitStatus.USAGE:
            return Ending.REFUSED
        return Ending.HEALTHY if self.status == healthy.status else Ending.ERROR

    def told(self, healthy: Session) -> str:
        """How long it took, how it ended, and what it says, on one line."""
        said = "; ".join(self.wrong(healthy)) or next(iter(self.reasons), "")
        return f"{self.seconds:5.1f} s  {self.end(healthy):10} {said.replace(chr(10), ' ')[:SHOWN]}"


@dataclass(frozen=True)
class Failing:
    """A call that failed in a session, and what came of it beside the healthy session."""

    session: str
    call: Call
    fault: Fault
    ended: Session
    healthy: Session

    @property
    def end(self) -> Ending:
        """How it ended, in one word."""
        return self.ended.end(self.healthy)

    def __str__(self) -> str:
        """On one line."""
        return f"{self.session:5} {self.call!s:62} {self.fault:7} {self.ended.told(self.healthy)}"


def ran(options: Iterable[str], call: Call | None = None, fault: Fault | None = None) -> Session:
    """A session of the reference, in which a call fails so."""
    client = docker.APIClient(version="auto", timeout=60, **kwargs_from_env())
    with (
        contextlib.closing(client),
        tempfile.TemporaryDirectory() as place,
        FaultyEngine(Path(place, "socket"), call, fault) as engine,
    ):
        # A busy engine may take longer for a call than this, which is no fault of the healthy session's.
        seconds = CALL_TIMEOUT_SECONDS if call is None else CALL_SECONDS
        ended = session(
            "conformance/reference", ("--image-timeout=60", *options), engine.address, client, call_seconds=seconds
        )
        return replace(ended, calls=tuple(engine.calls), struck=engine.struck)


def session(
    image: str,
    options: Iterable[str],
    address: str,
    client: docker.APIClient,
    meanwhile: Callable[[subprocess.Popen[bytes]], None] = lambda _: None,
    at_the_end: Callable[[], None] = lambda: None,
    call_seconds: int = CALL_TIMEOUT_SECONDS,
) -> Session:
    """A session on the engine at this address, which `client` reaches without trouble; `meanwhile` something happens.

    `at_the_end` something happens before it is looked for what is left.
    """
    with tempfile.TemporaryDirectory() as directory:
        here = Path(directory)
        begun = time.monotonic()
        with (here / "output").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM.format(call_seconds=call_seconds), f"--image={image}", *options],
                cwd=here,
                env=clean_environment() | {"DOCKER_HOST": address},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        status = None
        try:
            meanwhile(process)
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(SESSION_SECONDS)
        finally:
            seconds = time.monotonic() - begun
            if status is None:
                process.kill()
                process.wait()
        at_the_end()
        until = time.monotonic() + RESIDUE_SECONDS
        while (left := owned_by(client, process.pid)) and time.monotonic() < until:
            time.sleep(0.2)
        said = (here / "output").read_text(encoding="utf-8", errors="replace")
        verdicts = _verdicts(here)
    reasons = tuple(line for line in said.splitlines() if line.startswith(("ERROR: ", "warning: ")))
    for word in ("not judged", "error"):
        reasons = tuple(each["reason"] for each in verdicts if each["verdict"] == word and each["applies"]) or reasons
    words = {each["check"]: each["verdict"] for each in verdicts}
    return Session(status, words, reasons, said, tuple(left), seconds)


def _verdicts(here: Path) -> list[dict[str, Any]]:
    try:
        report = json.loads((here / "conformance-report/report.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    found: list[dict[str, Any]] = report["verdicts"]
    return found


def tried(session: str, healthy: Session, call: Call, fault: Fault) -> Failing:
    """The session with this call failing."""
    return Failing(session, call, fault, ran(SESSIONS[session], call, fault), healthy)


def healthy(session: str) -> Session:
    """The session with no call failing, in which nothing may be left open."""
    build.build("reference", docker.from_env())
    found = ran(SESSIONS[session])
    if found.status != 0:
        raise SystemExit(f"the healthy session {session!r} ended with {found.status}:\n{found.output}")
    return found


def failures(session: str, without: Collection[str] = ()) -> Iterator[Failing]:
    """Each call of a session in turn, in each way, a few at once; calls that are named in `without` are left out."""
    sound = healthy(session)
    calls = [call for call in dict.fromkeys(sound.calls) if call.what not in without]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        trying = [pool.submit(tried, session, sound, call, fault) for call in calls for fault in Fault]
        yield from (each.result() for each in trying)


def table(found: Collection[Failing]) -> Iterator[str]:
    """A line for each kind of call: how its failures ended, whatever the fault, and which were wrong."""
    yield f"{'call':62}" + "".join(f"{fault:>14}" for fault in Fault)
    for what in dict.fromkeys(each.call.what for each in found):
        cells = []
        for fault in Fault:
            ends = Counter(each.end for each in found if (each.call.what, each.fault) == (what, fault))
            cells.append(" ".join(f"{count}{end.letter}" for end, count in ends.items()))
        yield f"{what:62}" + "".join(f"{cell:>14}" for cell in cells)


def main(sessions: Sequence[str]) -> int:
    """Print all of them and the table, and return 1 where any was wrong."""
    found: list[Failing] = []
    for session in sessions or SESSIONS:
        for each in failures(session, without={each.call.what for each in found}):
            print(each, flush=True)
            found.append(each)
    print(*table(found), sep="\n")
    wrong = [each for each in found if each.end is Ending.WRONG]
    for each in wrong:
        print(f"\n{each}\n{each.ended.output}")
    ends = Counter(each.end for each in found)
    print(f"{len(found)} failing calls: {', '.join(f'{count} {end}' for end, count in ends.items())}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
