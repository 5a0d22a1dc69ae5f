"""Calls to the outside and the environment of a program, in real containers."""

import uuid
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.probing import Ran, engine, run

pytestmark = pytest.mark.engine

REACH = """
import socket
for family, kind, address, port in {calls}:
    with socket.socket(family, kind) as opened:
        print(opened.connect_ex((address, port)))
"""
"""A workload that prints what the kernel tells it of each call, to be compared with the record."""

SEND = """
import socket
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.53", 53))
except OSError as error:
    print(error.errno)
"""

STREAM, DATAGRAM = 1, 2
FOUR, SIX = 2, 10


@pytest.fixture(scope="module")
def network() -> Iterator[str]:
    """A network without a way out, on which nobody else is: to connect to a neighbour waits for seconds, and fails."""
    with engine() as client:
        name = f"conformance-test-{uuid.uuid4().hex}"
        client.create_network(name, internal=True)
        try:
            yield name
        finally:
            client.remove_network(name)


def test_each_way_out_is_recorded_with_what_became_of_it() -> None:
    """Addresses of either family, by either kind of socket; one of IPv4 within IPv6 is told as what it is."""
    calls = [
        (FOUR, STREAM, "192.0.2.1", 443),
        (FOUR, DATAGRAM, "192.0.2.53", 53),
        (SIX, STREAM, "2001:db8::1", 8080),
        (SIX, STREAM, "::ffff:192.0.2.9", 5),
    ]
    ran = run("python3", "-c", REACH.format(calls=calls) + SEND)

    assert [
        ("192.0.2.1", 443, "ENETUNREACH"),
        ("192.0.2.53", 53, "ENETUNREACH"),
        ("2001:db8::1", 8080, "EADDRNOTAVAIL"),
        ("192.0.2.9", 5, "ENETUNREACH"),
        ("192.0.2.53", 53, "ENETUNREACH"),
    ] == [(each.address, each.port, each.error) for each in ran.trace.connects]
    assert ["101", "101", "99", "101", "101"] == ran.output.split()
    assert (0, "", {1}) == (ran.status, ran.trace.fault, {each.pid for each in ran.trace.connects})


def test_what_stays_inside_is_not_recorded() -> None:
    """Loopback in each of its spellings, and sockets that are files; all of them go as they would."""
    calls = [
        (FOUR, STREAM, "127.0.0.1", 9),
        (FOUR, STREAM, "0.0.0.0", 9),  # noqa: S104 - nothing is bound
        (FOUR, DATAGRAM, "127.1.2.3", 9),
        (SIX, STREAM, "::ffff:127.0.0.1", 9),
    ]
    files = (
        "server, client = socket.socket(1, 2), socket.socket(1, 2)\n"
        "server.bind('/s'); client.sendto(b'hello', '/s'); client.connect('/s'); client.send(b'all')\n"
        "print(server.recv(9).decode(), server.recv(9).decode())\n"
    )
    ran = run("python3", "-c", REACH.format(calls=calls) + files)

    assert ["111", "111", "0", "111", "hello", "all"] == ran.output.split()
    assert ((), "", 0) == (ran.trace.connects, ran.trace.fault, ran.status)


def test_calls_from_threads_children_and_other_users_are_recorded() -> None:
    """Each has the process that made it; one that became another program as another user is looked into as well."""
    call = "import socket; socket.socket().connect_ex(('192.0.2.1', 7))"
    workload = (
        "import socket, subprocess, threading\n"
        "def reach(port): socket.socket().connect_ex(('192.0.2.1', port))\n"
        "threads = [threading.Thread(target=reach, args=(100 + each,)) for each in range(32)]\n"
        "[each.start() for each in threads]; [each.join() for each in threads]\n"
        f"subprocess.run(['python3', '-c', {call!r}], user=1000, group=1000, check=True)\n"
    )
    ran = run("python3", "-c", workload)
    child = ran.trace.processes[-1]
    expected = Counter([*((1, 100 + each) for each in range(32)), (child.pid, 7)])

    assert (0, "") == (ran.status, ran.trace.fault)
    assert expected == Counter((each.pid, each.port) for each in ran.trace.connects)
    assert {"ENETUNREACH"} == {each.error for each in ran.trace.connects}


def test_more_calls_than_are_recorded_are_all_made() -> None:
    """Past a thousand the record says that there were more, and the workload goes on."""
    calls = "import socket\nfor _ in range(1500): assert 101 == socket.socket().connect_ex(('192.0.2.1', 1))"
    ran = run("python3", "-c", f"{calls}\nprint('done')")

    assert ("done\n", 0, "") == (ran.output, ran.status, ran.trace.fault)
    assert (1000, True) == (len(ran.trace.connects), ran.trace.connects_left_out)


def test_a_call_that_waits_in_the_background_is_recorded_as_it_returned(network: str) -> None:
    """A socket that does not block tells that the call is in progress, which is no success."""
    call = (
        "import socket\n"
        "peer = socket.gethostbyname(socket.gethostname()).rpartition('.')[0] + '.250'\n"
        "opened = socket.socket(); opened.setblocking(False)\n"
        "print(opened.connect_ex((peer, 80)))"
    )
    ran = run("python3", "-c", call, network=network)

    assert "115\n" == ran.output
    assert [(80, "EINPROGRESS")] == [(each.port, each.error) for each in ran.trace.connects]


BLOCKED = """
import errno, os, signal, socket, sys, threading, time
peer = socket.gethostbyname(socket.gethostname()).rpartition('.')[0] + '.250'
def reach():
    try:
        socket.socket().connect((peer, 4000))
    except OSError as error:
        print(errno.errorcode[error.errno], flush=True)
child = os.fork()
if not child:
    signal.signal(signal.SIGUSR1, lambda *_: print("caught", flush=True))
    if sys.argv[1] == "thread":
        threading.Thread(target=reach, daemon=True).start()
        time.sleep(0.5)
        if sys.argv[2] == "exec":
            os.execv("/bin/true", ["true"])
    else:
        reach()
    os._exit(0)
time.sleep(0.25)
for name in sys.argv[2:]:
    if name.startswith("SIG"):
        os.kill(child, getattr(signal, name))
        time.sleep(0.05)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""A child is blocked in connect while something happens to it."""


@pytest.mark.parametrize(
    ("happens", "output", "errors"),
    [
        (["fork"], "EHOSTUNREACH 0", ["EHOSTUNREACH"]),
        (["fork", "SIGSTOP", "SIGCONT"], "EHOSTUNREACH 0", ["EINTR", "EHOSTUNREACH"]),
        (["fork", "SIGUSR1"], "caught EHOSTUNREACH 0", ["EINTR"]),
        (["fork", "SIGUSR1", "SIGKILL"], "caught -9", ["EINTR"]),
        (["fork", "SIGKILL"], "-9", [None]),
        (["thread", "exit"], "0", [None]),
        (["thread", "exec"], "0", [None]),
    ],
    ids=["left alone", "stopped", "caught", "caught and killed", "killed", "exit", "exec"],
)
def test_what_happens_to_a_blocked_call_happens_as_it_would(
    happens: list[str], output: str, errors: list[str | None], network: str
) -> None:
    """Signals are caught, stop it, let it go on and kill it, and the record has what became of the call."""
    watched = run("python3", "-c", BLOCKED, *happens, network=network)
    alone = run("python3", "-c", BLOCKED, *happens, network=network, traced=False)

    assert output.split() == alone.output.split() == watched.output.split()
    assert (0, "") == (watched.status, watched.trace.fault)
    assert errors == [each.error for each in watched.trace.connects]


def unbuffered(ran: Ran) -> list[list[bool | None]]:
    """What is told of each program that each process became."""
    return [[execution.unbuffered for execution in process.executions] for process in ran.trace.processes]


def test_the_environment_says_whether_python_buffers() -> None:
    """Each program is told apart; an empty variable is none, and so is one whose name only begins alike."""
    script = (
        "sh -c :; PYTHONUNBUFFERED= sh -c :; XPYTHONUNBUFFERED=1 sh -c :; PYTHONUNBUFFEREDX=1 sh -c :; "
        "PYTHONUNBUFFERED=0 sh -c :; exit 0"
    )
    plain = run("dash", "-c", script)
    with_it = run("dash", "-c", "sh -c :; env -u PYTHONUNBUFFERED sh -c :", environment=["A=1", "PYTHONUNBUFFERED=x"])

    assert [[False], [False], [False], [False], [False], [True]] == unbuffered(plain)
    assert [[True], [True], [True, False]] == unbuffered(with_it)


def test_the_environment_of_another_user_is_read() -> None:
    """A program that was begun as another user than the tracer shows its environment all the same."""
    change = "import os; os.setgid(1000); os.setuid(1000); os.execve('/bin/true', ['true'], {'PYTHONUNBUFFERED': '1'})"
    root, somebody = run("python3", "-c", change), run("python3", "-c", "", user="1000")

    assert [[[False, True]], [[False]]] == [unbuffered(ran) for ran in (root, somebody)]


def test_what_was_left_to_a_debugger_is_refused_its_calls() -> None:
    """A limit of the filter, which nobody can take back: the record says that the tracer has let go of a process."""
    debugger = (
        "import ctypes, os, signal, socket\n"
        "ptrace = ctypes.CDLL(None).ptrace\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    ptrace(0, 0, 0, 0); os.kill(os.getpid(), signal.SIGSTOP)\n"
        "    print(socket.socket().connect_ex(('127.0.0.1', 9)), flush=True); os._exit(0)\n"
        "os.waitpid(child, 0); ptrace(7, child, 0, 0); os.waitpid(child, 0)\n"
        "print(socket.socket().connect_ex(('127.0.0.1', 9)))\n"
    )
    ran = run("python3", "-c", debugger)

    assert "38\n111\n" == ran.output
    assert ran.trace.fault.startswith("left to a debugger in the container: process ")
