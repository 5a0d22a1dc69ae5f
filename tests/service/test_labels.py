"""A thing is the suite's own by its name, and is whose process made it, if that can be told."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.service.labels import HIGHEST_PID, KEPT, OWNER, RUN, Owner, is_own, new_name, run_labels

SAY_WHO = """
import sys
from conformance.service.labels import Owner
print(Owner.current(), flush=True)
sys.stdin.read()
"""

UNDER_HIDEPID = """
import os, subprocess, sys
from conformance.service.labels import Owner
Owner.current()  # imports what this process may not read afterwards
subprocess.run(["mount", "-t", "proc", "-o", "hidepid=2", "proc", "/proc"], check=True)
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
print(os.path.exists(f"/proc/{os.getppid()}"), Owner.parse(sys.argv[1]).lives())
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


@given(field, field, st.integers(1, HIGHEST_PID), field)
def test_an_owner_is_read_as_it_was_written(machine: str, namespace: str, pid: int, started: str) -> None:
    """Whatever the machine calls itself."""
    owner = Owner(machine, namespace, pid, started)

    assert owner == Owner.parse(str(owner))


@pytest.mark.parametrize(
    "text", ["", "a/b/1", "a/b/x/2", "a/b/1/2/3", "a/b//2", "a/b/-1/2", "a/b/²/2", "a/b/0/2", f"a/b/{2**31}/2"]
)
def test_anything_else_is_no_owner(text: str) -> None:
    """A label that somebody else wrote is no reason to fail."""
    assert Owner.parse(text) is None


def test_this_process_lives() -> None:
    """It asks."""
    assert Owner.current().lives()


def test_a_process_lives_until_it_has_ended(child: tuple[subprocess.Popen[str], Owner]) -> None:
    """Whether or not anybody has waited for it then."""
    process, owner = child
    before = owner.lives()
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    unreaped = owner.lives()
    process.wait()

    assert (True, False, False) == (before, unreaped, owner.lives())


def test_a_number_may_be_used_again() -> None:
    """Another process of that number has started at another time."""
    assert replace(Owner.current(), started="1").lives() is False


@pytest.mark.parametrize("elsewhere", [{"machine": "another"}, {"namespace": "pid:[1]"}])
def test_nothing_is_told_of_a_process_elsewhere(
    child: tuple[subprocess.Popen[str], Owner], elsewhere: dict[str, str]
) -> None:
    """Its number means nothing on this machine, or outside of its container."""
    process, owner = child
    process.communicate()

    assert replace(owner, **elsewhere).lives() is None  # type: ignore[arg-type] # only the two that are text


@pytest.mark.skipif(os.getuid() != 0, reason="mounts a file system")
def test_what_cannot_be_read_is_not_gone() -> None:
    """With `hidepid`, /proc shows the processes of other users to nobody."""
    seen = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", UNDER_HIDEPID, str(Owner.current())],
        capture_output=True,
        text=True,
        check=False,
    )
    if "permitted" in seen.stderr or "denied" in seen.stderr:
        pytest.skip("this machine lets nobody mount a file system")

    assert "False None\n" == seen.stdout, seen.stderr


@pytest.mark.parametrize("kept", [True, False])
def test_the_labels_of_a_run(kept: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Its id, this process, and whether it is to be kept, be that not so: a container inherits what is not said."""
    assert {RUN: "abc", OWNER: str(Owner.current()), KEPT: str(kept).lower()} == run_labels("abc", kept=kept)


@given(st.text(), st.booleans())
def test_a_new_thing_is_known_by_its_name(what: str, slash: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Which is one for an engine, whatever the host is called; the engine lists containers with a slash before it."""
    marked = run_labels("0123456789ab", kept=False)
    name = new_name(marked, what)

    assert name.startswith("conformance-0123456789ab-")
    assert name.isascii()
    assert is_own("/" * slash + name, marked)


@pytest.mark.parametrize("name", ["", "/eager_curie", "conformance", "conformance-zzz", "conformance-abc-algo-1-1"])
def test_labels_alone_make_nothing_our_own(name: str) -> None:
    """An image may bring any, and whoever runs it has them on a container of their own."""
    assert not is_own(name, {RUN: "zzz", OWNER: "a/b/1/2", KEPT: "false"})


@pytest.mark.parametrize("marked", [{}, {RUN: ""}, {RUN: "abc"}, {OWNER: "a/b/1/2"}, {RUN: "", OWNER: "a/b/1/2"}])
def test_a_name_alone_makes_nothing_our_own(marked: dict[str, str]) -> None:
    """Somebody else's project may be called the same."""
    assert not is_own("conformance-abc-algo-1-1", marked)
    assert not is_own("conformance--algo-1-1", marked)
