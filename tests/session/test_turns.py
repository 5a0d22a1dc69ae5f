"""Which runs may be made at the same time, in one process and in several."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from conformance.session.turns import Turns

LONG = 30.0
"""Seconds after which a test has failed, however slow the machine is."""


class Holder:
    """A thread that takes a turn, says so, and keeps it until it is told to go."""

    def __init__(self, turn: Callable[[], AbstractContextManager[None]]) -> None:
        """Begin to wait for the turn."""
        self.has_it, self.go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold, args=(turn,), daemon=True)
        self._thread.start()

    def _hold(self, turn: Callable[[], AbstractContextManager[None]]) -> None:
        with turn():
            self.has_it.set()
            self.go.wait(LONG)

    def end(self) -> None:
        """Give the turn back."""
        self.go.set()
        self._thread.join(LONG)


def free(directory: Path) -> list[bool]:
    """Whether another one could have a turn together with others, and one alone, without waiting."""
    found = []
    for how in (fcntl.LOCK_SH, fcntl.LOCK_EX):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            found.append(True)
        except BlockingIOError:
            found.append(False)
        finally:
            os.close(descriptor)
    return found


def test_a_turn_keeps_those_away_that_it_must(tmp_path: Path) -> None:
    """Seen without any waiting."""
    turns = Turns(tmp_path)
    with turns.together():
        beside_others = free(tmp_path)
    with turns.alone():
        beside_one_alone = free(tmp_path)

    assert [[True, False], [False, False], [True, True]] == [beside_others, beside_one_alone, free(tmp_path)]


def test_runs_are_made_together(tmp_path: Path) -> None:
    """All of these have their turns at once."""
    turns = Turns(tmp_path)
    holders = [Holder(turns.together) for _ in range(4)]

    assert [True] * 4 == [holder.has_it.wait(LONG) for holder in holders]
    for holder in holders:
        holder.end()


@pytest.mark.parametrize("others", ["together", "alone"])
def test_one_that_is_alone_waits_for_the_others(tmp_path: Path, others: str) -> None:
    """It has its turn when theirs is over, and not before; nor do others have theirs while it runs."""
    turns = Turns(tmp_path)
    order: list[str] = []
    first = Holder(getattr(turns, others))
    assert first.has_it.wait(LONG)

    def alone() -> None:
        with turns.alone():
            order.append("alone")

    waiting = threading.Thread(target=alone, daemon=True)
    waiting.start()
    order.append("first")
    first.end()
    waiting.join(LONG)

    assert ["first", "alone"] == order


def test_others_wait_for_one_that_is_alone(tmp_path: Path) -> None:
    """Also where they would go together."""
    turns = Turns(tmp_path)
    order: list[str] = []
    with turns.alone():
        waiting = Holder(turns.together)
        order.append("alone" if not waiting.has_it.is_set() else "both")
    assert waiting.has_it.wait(LONG)
    waiting.end()

    assert ["alone"] == order


def test_a_turn_ends_with_an_error(tmp_path: Path) -> None:
    """Else all the others would wait for ever."""
    turns = Turns(tmp_path)
    with pytest.raises(RuntimeError, match="engine is gone"), turns.alone():
        raise RuntimeError("engine is gone")
    next_one = Holder(turns.alone)

    assert next_one.has_it.wait(LONG)
    next_one.end()


def test_turns_leave_nothing_behind(tmp_path: Path) -> None:
    """The directory is that of the reports."""
    with Turns(tmp_path).together():
        assert [] == [*tmp_path.iterdir()]
    with Turns(tmp_path).alone():
        assert [] == [*tmp_path.iterdir()]


OTHER = """
import sys
from pathlib import Path
from conformance.session.turns import Turns

with getattr(Turns(Path(sys.argv[1])), sys.argv[2])():
    print("has it", flush=True)
    sys.stdin.readline()
"""


def other(directory: Path, turn: str) -> subprocess.Popen[str]:
    """Another process that takes a turn, says so, and keeps it until it gets a line; as a worker of pytest-xdist."""
    return subprocess.Popen(
        [sys.executable, "-c", OTHER, str(directory), turn],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.parametrize(
    ("theirs", "ours", "waits"),
    [
        ("together", "together", False),
        ("together", "alone", True),
        ("alone", "together", True),
        ("alone", "alone", True),
    ],
)
def test_workers_share_their_turns(tmp_path: Path, theirs: str, ours: str, waits: bool) -> None:  # noqa: FBT001 - a case
    """By the directory, which all of them have."""
    worker = other(tmp_path, theirs)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "has it\n"
    holder = Holder(getattr(Turns(tmp_path), ours))
    had_it_at_once = not waits and holder.has_it.wait(LONG)
    early = holder.has_it.is_set()
    worker.communicate("go\n", timeout=LONG)

    assert holder.has_it.wait(LONG)
    holder.end()
    assert (not waits, not waits) == (had_it_at_once, early)


def test_a_worker_that_is_killed_gives_its_turn_back(tmp_path: Path) -> None:
    """The kernel sees to it."""
    worker = other(tmp_path, "alone")
    assert worker.stdout is not None
    assert worker.stdout.readline() == "has it\n"
    worker.kill()
    worker.communicate(timeout=LONG)
    holder = Holder(Turns(tmp_path).alone)

    assert holder.has_it.wait(LONG)
    holder.end()
