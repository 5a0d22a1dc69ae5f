"""Only what belongs to a process that is surely gone, or whose time is over, counts as left behind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.service.labels import (
    EXPIRES,
    KEPT,
    LIFETIME_SECONDS,
    OWNER,
    RUN,
    Owner,
    is_left_behind,
    run_labels,
)

SAY_WHO = """
import sys
from conformance.service.labels import Owner
print(Owner.current(), flush=True)
sys.stdin.read()
"""

field = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]))


@pytest.fixture(name="child")
def _child() -> Iterator[tuple[subprocess.Popen[str], Owner]]:
    """Another process that lives until its input ends, and what it calls itself."""
    with subprocess.Popen(
        [sys.executable, "-c", SAY_WHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        owner = Owner.parse(process.stdout.readline().strip())
        assert owner is not None
        yield process, owner


def end(process: subprocess.Popen[str]) -> None:
    """Let the child end, and wait for it."""
    process.communicate()


@given(field, field, st.integers(0), field)
def test_an_owner_is_read_as_it_was_written(machine: str, namespace: str, pid: int, started: str) -> None:
    """Whatever the machine calls itself."""
    owner = Owner(machine, namespace, pid, started)

    assert owner == Owner.parse(str(owner))


@pytest.mark.parametrize("text", ["", "a/b/1", "a/b/x/2", "a/b/1/2/3", "a/b//2", "a/b/-1/2", "a/b/²/2"])
def test_anything_else_is_no_owner(text: str) -> None:
    """A label that somebody else wrote is no reason to fail."""
    assert Owner.parse(text) is None


def test_this_process_is_not_gone() -> None:
    """It asks, so it lives."""
    assert not Owner.current().is_gone()


def test_a_process_is_gone_when_it_has_ended(child: tuple[subprocess.Popen[str], Owner]) -> None:
    """And not before."""
    process, owner = child
    alive = owner.is_gone()
    end(process)

    assert (False, True) == (alive, owner.is_gone())


def test_a_number_may_be_used_again() -> None:
    """Another process of that number has started at another time."""
    assert replace(Owner.current(), started="1").is_gone()


@pytest.mark.parametrize("elsewhere", [{"machine": "another"}, {"namespace": "pid:[1]"}])
def test_a_process_elsewhere_is_never_judged_gone(
    child: tuple[subprocess.Popen[str], Owner], elsewhere: dict[str, str]
) -> None:
    """Its number means nothing on this machine, or outside of its container."""
    process, owner = child
    end(process)

    assert not replace(owner, **elsewhere).is_gone()  # type: ignore[arg-type] # only the two that are text


def test_what_a_living_process_made_is_not_left_behind(child: tuple[subprocess.Popen[str], Owner]) -> None:
    """It is left behind as soon as the process has ended."""
    process, owner = child
    labels = run_labels("1", kept=False) | {OWNER: str(owner)}
    before = is_left_behind(labels, now=0)
    end(process)

    assert (False, True) == (before, is_left_behind(labels, now=0))


def test_what_is_to_be_kept_is_kept(child: tuple[subprocess.Popen[str], Owner]) -> None:
    """Though its process is gone and its time is over."""
    process, owner = child
    end(process)
    labels = run_labels("1", kept=True) | {OWNER: str(owner)}

    assert not is_left_behind(labels, now=float(labels[EXPIRES]) + 1)


def test_nobody_elses_objects_are_touched() -> None:
    """An object without the run's label was not made here, whatever else it says."""
    assert not is_left_behind({EXPIRES: "1", OWNER: str(replace(Owner.current(), started="1"))}, now=2)


@pytest.mark.parametrize(("now", "expected"), [(999.0, False), (1000.0, False), (1001.0, True)])
def test_time_runs_out(now: float, expected: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """For what another machine made, this alone decides."""
    elsewhere = str(replace(Owner.current(), machine="another"))

    assert expected == is_left_behind({RUN: "1", OWNER: elsewhere, EXPIRES: "1000"}, now=now)


@pytest.mark.parametrize("expires", ["", "soon", "-1", "²", "1.5"])
def test_an_odd_date_never_runs_out(expires: str) -> None:
    """What cannot be read is no reason to remove anything."""
    assert not is_left_behind({RUN: "1", EXPIRES: expires}, now=1e12)


def test_the_labels_of_a_run() -> None:
    """Its id, this process, and a date that lies ahead by its lifetime."""
    labels = run_labels("abc", kept=False)

    assert ("abc", str(Owner.current())) == (labels[RUN], labels[OWNER])
    assert KEPT not in labels
    assert not is_left_behind(labels, now=float(labels[EXPIRES]) - LIFETIME_SECONDS)
    assert os.getpid() == Owner.current().pid
