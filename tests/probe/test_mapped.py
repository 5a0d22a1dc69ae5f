"""The probe tells which file a process had in its memory at its end, of those that it was told to look for."""

from __future__ import annotations

import pytest

from conformance.probe.bundle import trace
from tests.support.probing import run

pytestmark = pytest.mark.engine

LOAD = "import ctypes, os\nif not os.fork():\n    ctypes.CDLL('libanl.so.1')\n    os._exit(0)\nos.wait()\n"


@pytest.mark.parametrize("end", ["", "os.kill(os.getpid(), 9)\n", "os.execv('/bin/true', ['true'])\n"])
def test_a_library_that_was_loaded_is_told_of_its_process(end: str) -> None:
    """With the path of the file, links resolved; and of no other process, whichever way that ends."""
    ran = run("python3", "-c", LOAD + end, plan=trace(mapped="/libanl.so"))
    command, child = ran.trace.processes[:2]

    assert ("", "/libanl.so") == (command.mapped, f"/{child.mapped.rpartition('/')[2]}"[:10])
    assert child.mapped.startswith("/")


def test_nothing_is_looked_for_where_nothing_is_asked() -> None:
    """It would take time at every end."""
    ran = run("python3", "-c", LOAD)

    assert [""] * 2 == [process.mapped for process in ran.trace.processes]


def test_every_thread_may_be_the_last() -> None:
    """Also where the first one has ended long before, which leaves no memory to look at by its number."""
    code = (
        "import ctypes, threading, time\n"
        "ctypes.CDLL('libanl.so.1')\n"
        "threading.Thread(target=lambda: time.sleep(0.3)).start()\n"
        "ctypes.CDLL(None).syscall(60, 0)\n"
    )
    ran = run("python3", "-c", code, plan=trace(mapped="/libanl.so"))
    (command,) = ran.trace.processes

    assert "/libanl.so" in command.mapped
