"""The probe, in real containers: it sees everything, and changes nothing that a workload can tell from the inside."""

import json
import signal
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from conformance.outcome import workload
from conformance.outcome.trace import Trace
from conformance.probe import PROGRAM, RECORD, WITNESS
from conformance.probe.bundle import beginning, bundle, read_record, report, trace, trace_and_report, words
from images.builder.layers import File
from tests.support.probing import Ran, engine, run, shells
from tests.support.standin import full_witness

pytestmark = pytest.mark.engine

NOTE = """
import os, signal, sys
def note(number, frame):
    os.write(truth, b"%d\\n" % number)
    os._exit(0)
truth = os.open("/truth", os.O_WRONLY | os.O_APPEND)
signal.signal(signal.SIGINT, note)
signal.signal(signal.SIGTERM, note)
print("ready", flush=True)
while True:
    signal.pause()
"""
"""A workload that writes down each signal that reaches it."""

SEEN = """
import json, os, pathlib, signal, sys
read = lambda path: pathlib.Path(path).read_bytes().decode("latin-1")
status = dict(line.split(":\\t", 1) for line in read("/proc/self/status").splitlines())
names = ("Uid", "Gid", "Groups", "Umask", "SigBlk", "SigIgn", "SigPnd", "CapEff", "CapPrm", "CapBnd", "NSpid", "PPid")
listed = sorted(int(name) for name in os.listdir("/proc/self/fd"))
seen = {
    "cmdline": read("/proc/1/cmdline"),
    "environ": [each for each in read("/proc/self/environ").split("\\0") if not each.startswith("HOSTNAME=")],
    "cwd": os.getcwd(),
    "exe": os.readlink("/proc/self/exe"),
    "pid": os.getpid(),
    "group": os.getpgrp(),
    "session": os.getsid(0),
    "descriptors": [number for number in listed if os.path.exists(f"/proc/self/fd/{number}")],
    "status": {name: status[name] for name in names},
    "limits": read("/proc/self/limits"),
}
print(json.dumps(seen))
"""
"""A workload that prints everything by which it could tell how it was started."""


def all_of(*calls: "partial[Ran]") -> list[Ran]:
    """Run several containers side by side."""
    with ThreadPoolExecutor(4) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


@pytest.mark.parametrize("user", ["", "1000:1000"], ids=["root", "somebody"])
def test_a_workload_finds_itself_as_if_it_were_not_watched(user: str) -> None:
    """Arguments, environment, directory, user, descriptors, signals and limits are the same, byte for byte."""
    arguments = ("", " a\tb ", "ü\n\\")
    call = partial(run, "python3", "-c", SEEN, *arguments, user=user, directory="/opt", environment=["Ä=ö="])
    watched, alone = all_of(call, partial(call, traced=False))

    assert json.loads(alone.output) == json.loads(watched.output)


@pytest.mark.parametrize("code", [0, 1, 42, 125, 126, 127, 130, 137, 255])
def test_an_exit_code_is_kept(code: int) -> None:
    """Process 1's own exit code is the container's, and the trace has it too."""
    ran = run("sh", "-c", f"exit {code}")
    first = ran.trace.process(1)
    assert first is not None

    assert (code, code, None) == (ran.status, first.exit_code, first.killed_by)


def test_every_exit_code_of_a_child_is_kept() -> None:
    """A parent gets each of the 256 codes from wait(), and the trace shows the same."""
    ran = run(
        "python3",
        "-c",
        "import os\nfor code in range(256):\n"
        "    child = os.fork() or os._exit(code)\n"
        "    assert code == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n",
    )
    children = ran.trace.processes[1:]

    assert (0, list(range(256))) == (ran.status, [child.exit_code for child in children])


DEATHS: dict[str, tuple[Sequence[str], int]] = {
    "killed from outside": (("python3", "-c", "import time; print(1, flush=True); time.sleep(60)"), 137),
    "segmentation fault": (("python3", "-c", "import ctypes; print(1, flush=True); ctypes.string_at(0)"), 139),
    "abort": (("python3", "-c", "import os; print(1, flush=True); os.abort()"), 139),
    "fault in a thread": (
        ("python3", "-c", "import ctypes, threading; threading.Thread(target=ctypes.string_at, args=(0,)).start()"),
        139,
    ),
    "abort below an init": (("tini", "--", "python3", "-c", "import os; print(1, flush=True); os.abort()"), 134),
    "a child that was killed": (("sh", "-c", "echo 1; sh -c 'kill -9 $$'"), 137),
}


@pytest.mark.parametrize("death", DEATHS)
def test_a_death_by_signal_is_kept(death: str) -> None:
    """A container that died of a signal has the status that it has without a tracer, and the trace names it."""
    argv, status = DEATHS[death]
    call = partial(run, *argv, send="SIGKILL" if "outside" in death else "")
    watched, alone = all_of(call, partial(call, traced=False))

    assert (status, status) == (alone.status, watched.status)
    assert status - 128 in {process.killed_by for process in watched.trace.processes}


def test_every_short_lived_child_is_recorded() -> None:
    """Of 200 children that live for a millisecond none is missed, in none of three runs."""
    script = "i=0; while [ $i -lt 200 ]; do /usr/bin/true $i; i=$((i+1)); done"
    expected = [("/usr/bin/true", str(number)) for number in range(200)]
    for ran in all_of(*[partial(run, "dash", "-c", script)] * 3):
        children = ran.trace.processes[1:]
        assert ran.trace.complete, ran.trace.fault

        assert expected == [child.argv for child in children]
        assert {0} == {child.exit_code for child in children}


def test_a_storm_of_forks_is_recorded() -> None:
    """Two thousand processes that are there at once are all seen, with their parents and their exit codes."""
    storm = (
        "import os, time\n"
        "children = [os.fork() or (time.sleep(0.5), os._exit(number % 256)) for number in range(1000)]\n"
        "assert 1000 == sum(1 for child in children if os.waitpid(child, 0)[0] == child)\n"
        "for number in range(1000):\n"
        "    os.waitpid(os.fork() or os._exit(number % 256), 0)\n"
    )
    ran = run("python3", "-c", storm)
    children = ran.trace.processes[1:]

    assert (0, "") == (ran.status, ran.trace.fault)
    assert {1: 2000} == Counter(child.parent for child in children)
    assert Counter(number % 256 for number in range(1000)) + Counter(number % 256 for number in range(1000)) == Counter(
        child.exit_code for child in children
    )


def test_children_that_end_before_their_makers_go_on_are_counted_once() -> None:
    """Eight processes make four hundred each, on fewer processors: a child has often ended when its fork is told of."""
    storm = (
        "import os\n"
        "def make():\n"
        "    for number in range(400):\n"
        "        os.waitpid(os.fork() or os._exit(number % 256), 0)\n"
        "    os._exit(0)\n"
        "for child in [os.fork() or make() for number in range(8)]:\n"
        "    os.waitpid(child, 0)\n"
    )
    ran = run("python3", "-c", storm)

    assert (0, "") == (ran.status, ran.trace.fault)
    assert 1 + 8 + 8 * 400 == len(ran.trace.processes)


def test_threads_are_no_processes() -> None:
    """A process of nine threads is one process; a fork that one of the threads makes is its child."""
    threads = (
        "import os, threading\n"
        "def fork(): os.waitpid(os.fork() or os._exit(5), 0)\n"
        "threads = [threading.Thread(target=fork) for _ in range(8)]\n"
        "[thread.start() for thread in threads]; [thread.join() for thread in threads]\n"
    )
    ran = run("python3", "-c", threads)
    first = ran.trace.process(1)
    assert first is not None

    assert (0, 9) == (ran.status, first.threads)
    assert [5] * 8 == [child.exit_code for child in ran.trace.children_of(first)]
    assert 9 == len(ran.trace.processes)


def test_a_thread_that_becomes_another_program_is_the_process() -> None:
    """Execution from a second thread ends the other threads and not the process, which keeps its number."""
    call = "import os, threading; threading.Thread(target=os.execv, args=('/bin/sh', ['sh', '-c', 'exit 7'])).start()"
    ran = run("python3", "-c", f"{call}\nimport time; time.sleep(30)")
    first = ran.trace.process(1)
    assert first is not None

    assert (7, 7) == (ran.status, first.exit_code)
    assert ["python3", "sh"] == [execution.argv[0] for execution in first.executions]
    assert 1 == len(ran.trace.processes)


def test_a_pipeline_shows_the_child_that_failed() -> None:
    """`run | tee log` ends with 0, and the trace shows which process ended with 1, and that it is the work."""
    ran = run("sh", "-c", "python3 -c 'import sys; sys.exit(1)' | tee /tmp/log")
    found = workload.find(ran.trace)
    assert found.process is not None

    assert (0, 1, "python3") == (ran.status, found.process.exit_code, found.process.argv[0])
    assert found.certain, found.doubt


@pytest.mark.parametrize(
    ("argv", "output"),
    [
        (("python3", "-c", "import os\ntry: os.wait()\nexcept ChildProcessError as error: print(error.errno)"), "10\n"),
        (("bash", "-c", "sleep 0.05 & wait; wait -n; echo $?"), "127\n"),
        (("sh", "-c", "sleep 0.05 & wait; echo done"), "done\n"),
        (("tini", "--", "sh", "-c", "(sleep 0.05 &) ; echo done"), "done\n"),
    ],
    ids=["python", "bash", "dash", "tini"],
)
def test_waiting_for_all_children_does_not_wait_for_the_tracer(argv: Sequence[str], output: str) -> None:
    """Process 1 neither gets the tracer from wait() nor waits for it."""
    ran = run(*argv)

    assert (0, output) == (ran.status, ran.output)
    assert ran.seconds < 5


def test_the_tracer_leaves_where_it_is_waited_for() -> None:
    """A process 1 that waits for each child there is, as a debugger does, gets its children and comes to an end."""
    wait = (
        "import ctypes, os\n"
        "wait = ctypes.CDLL(None).waitpid\n"
        "child = os.fork() or os._exit(3)\n"
        "found = []\n"
        "while (each := wait(-1, None, 0x40000000)) > 0: found.append(each)\n"
        "assert child == found[0]\n"
    )
    ran = run("python3", "-c", wait)

    assert (0, "") == (ran.status, ran.output)
    assert "the tracer left, because process 1 waited for it with __WALL" == ran.trace.fault
    assert 3 == ran.trace.processes[1].exit_code


def test_a_container_ends_with_its_process_1() -> None:
    """Neither the tracer nor a child that sleeps for a minute keeps it alive, and the child is shown as living."""
    ran = run("sh", "-c", "sleep 60 & sleep 0.1; exit 3")
    sleeper = next(process for process in ran.trace.processes if process.argv == ("sleep", "60"))

    assert (3, None) == (ran.status, sleeper.ended)
    assert ran.seconds < 5


def test_a_daemon_is_followed() -> None:
    """A process that forks twice and begins a session of its own is seen to its end."""
    daemon = "import os, time\nif not os.fork():\n os.setsid()\n if not os.fork():\n  os._exit(9)\n os._exit(8)"
    ran = run("python3", "-c", f"{daemon}\ntime.sleep(0.2)")
    first = ran.trace.process(1)
    assert first is not None
    (child,) = ran.trace.children_of(first)
    (grandchild,) = ran.trace.children_of(child)

    assert (8, 9, ()) == (child.exit_code, grandchild.exit_code, ran.trace.children_of(grandchild))


def test_a_stopped_process_stays_stopped_until_it_is_continued() -> None:
    """SIGSTOP stops a watched process, signals wait for it, its parent is told, and SIGCONT lets it go on."""
    stop = (
        "import os, signal, time\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    signal.signal(signal.SIGUSR1, lambda *_: os._exit(6))\n"
        "    os.kill(os.getpid(), signal.SIGSTOP); time.sleep(9)\n"
        "state = lambda: open(f'/proc/{child}/stat').read().rpartition(')')[2].split()[0]\n"
        "assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])\n"
        "os.kill(child, signal.SIGUSR1); time.sleep(0.2)\n"
        "assert state() in 'Tt', state()\n"
        "os.kill(child, signal.SIGCONT)\n"
        "assert os.WIFCONTINUED(os.waitpid(child, os.WCONTINUED)[1])\n"
        "assert 6 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
    )
    ran = run("python3", "-c", stop)
    child = ran.trace.processes[1]

    assert (0, "") == (ran.status, ran.output)
    assert {"SIGSTOP", "SIGUSR1", "SIGCONT"} == {arrival.name for arrival in ran.trace.signals_to(child)}


def test_what_the_kernel_tells_of_a_child_is_no_signal_of_the_trace() -> None:
    """SIGCHLD is recorded where a process sent it, and not for each child that ended."""
    ran = run("python3", "-c", "import os; os.waitpid(os.fork() or os._exit(0), 0); os.kill(1, 17)")

    assert [("SIGCHLD", 1, 1)] == [(arrival.name, arrival.sender, arrival.receiver) for arrival in ran.trace.signals]


def test_process_1_is_not_stopped_from_within() -> None:
    """SIGSTOP from its own container does nothing to process 1, watched or not."""
    ran = run("sh", "-c", "kill -STOP 1; kill -TSTP 1; kill -9 1; exit 5")

    assert 5 == ran.status


@pytest.mark.parametrize("request_name", ["PTRACE_TRACEME", "PTRACE_ATTACH", "PTRACE_SEIZE"])
def test_a_workload_may_trace_its_own_child(request_name: str) -> None:
    """A debugger gets its process, which is let go of, and the record says that it was."""
    debugger = (
        "import ctypes, os, signal, sys, time\n"
        "ptrace = ctypes.CDLL(None).ptrace\n"
        "TRACEME, CONT, ATTACH, SEIZE, INTERRUPT = 0, 7, 16, 0x4206, 0x4207\n"
        "how = sys.argv[1]\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    if how == 'PTRACE_TRACEME':\n"
        "        assert 0 == ptrace(TRACEME, 0, 0, 0); os.kill(os.getpid(), signal.SIGSTOP)\n"
        "    time.sleep(0.2); os._exit(4)\n"
        "if how != 'PTRACE_TRACEME':\n"
        "    time.sleep(0.05)\n"
        "    assert 0 == ptrace(ATTACH if how == 'PTRACE_ATTACH' else SEIZE, child, 0, 0)\n"
        "    assert how == 'PTRACE_ATTACH' or 0 == ptrace(INTERRUPT, child, 0, 0)\n"
        "assert os.WIFSTOPPED(os.waitpid(child, 0)[1])\n"
        "assert 0 == ptrace(CONT, child, 0, 0)\n"
        "assert 4 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
    )
    ran = run("python3", "-c", debugger, request_name)
    child = ran.trace.processes[1]

    assert (0, "") == (ran.status, ran.output)
    assert [(child.pid, 1)] == [(release.pid, release.tracer) for release in ran.trace.releases]
    assert f"left to a debugger in the container: process {child.pid}" == ran.trace.fault


SPIES = """
import ctypes, os, pathlib
tracer = next(int(each) for each in os.listdir("/proc") if each.isdigit() and "probe" == pathlib.Path(
    f"/proc/{each}/comm").read_text().strip())
def tried(attempt):
    try:
        return attempt()
    except OSError as error:
        return type(error).__name__
word = ctypes.create_string_buffer(8)
vector = (ctypes.c_size_t * 2)(ctypes.addressof(word), 8)
libc = ctypes.CDLL(None, use_errno=True)
print(
    os.path.getsize("/.conformance/key"),
    tried(lambda: open(f"/proc/{tracer}/mem", "rb").read(1)),
    tried(lambda: open(f"/proc/{tracer}/maps").read(1)),
    tried(lambda: os.listdir(f"/proc/{tracer}/map_files")),
    libc.process_vm_readv(tracer, vector, 1, vector, 1, 0),
    libc.ptrace(0x4206, tracer, 0, 0),
)
"""


@pytest.mark.parametrize("user", ["", "1000"])
def test_no_program_of_the_container_finds_the_key(user: str) -> None:
    """It is taken away before any of them runs, and the tracer's memory is closed to them, its own user's as well."""
    ran = run("python3", "-c", SPIES, user=user)

    assert ("0 PermissionError PermissionError PermissionError -1 -1\n", "") == (ran.output, ran.trace.fault)


@pytest.mark.parametrize(
    ("argv", "status", "number"),
    [
        (("no-such-program",), 127, 2),
        (("/no/such/program",), 127, 2),
        (("/etc/passwd",), 126, 13),
        (("/usr/bin",), 126, 13),
        (("passwd",), 127, 2),
        (("/empty",), 126, 8),
    ],
)
def test_a_command_that_cannot_be_executed_says_why(argv: Sequence[str], status: int, number: int) -> None:
    """The status is a shell's, and the record has the command and the error number."""
    files = {"empty": File(mode=0o755, data=b"\x7f")}
    ran = run(*argv, environment=["PATH=/usr/bin:/etc"], files=files)

    assert (status, argv[0], number) == (ran.status, ran.trace.failed_command, ran.trace.failed_errno)


def test_a_command_is_found_as_the_engine_finds_it() -> None:
    """PATH is the container's own, a path with a slash is taken from the working directory, argv[0] stays as it was."""
    script = File(mode=0o755, data=b"#!/bin/sh\nexec python3 -c 'import sys' $0\n")
    files = {"opt/tool": script, "opt/inner/tool": script}
    named = partial(run, "tool", environment=["PATH=/nowhere:/opt:/usr/bin"], files=files)
    relative = partial(run, "./tool", directory="/opt/inner", files=files)
    found = [ran.trace.processes[0] for ran in all_of(named, relative)]

    assert [("/bin/sh", "/opt/tool"), ("/bin/sh", "./tool")] == [process.executions[0].argv for process in found]
    assert ["/", "/opt/inner"] == [process.executions[0].cwd for process in found]


def test_bytes_that_are_not_utf8_come_through() -> None:
    """An argument of any bytes stands in the trace as Python has it for names of files."""
    ran = run("python3", "-c", r"import os; os.execv('/bin/true', [b'true', b'\xff\x80\x7f\x01', b'', 'ü'])")
    first = ran.trace.process(1)
    assert first is not None

    assert ("true", "\udcff\udc80\x7f\x01", "", "ü") == first.argv


def test_a_user_that_a_file_would_have_given_is_noted() -> None:
    """The kernel withholds it from a traced process; that is the one thing that may differ, and the trace says so."""
    watched, root = all_of(partial(run, "as-root", user="1000"), partial(run, "as-root"))

    assert [1] == [process.pid for process in watched.trace.disturbed]
    assert () == root.trace.disturbed


def test_a_process_that_left_root_behind_is_known() -> None:
    """What an entrypoint runs as another user has its executable and its directory in the trace all the same."""
    change = "import os; os.chdir('/usr/bin'); os.setgid(1000); os.setuid(1000); os.execv('/bin/sleep', ['sleep', '0'])"
    ran = run("python3", "-c", change)
    last = ran.trace.processes[0].executions[-1]

    assert (("sleep", "0"), "/usr/bin/sleep", "/usr/bin") == (last.argv, last.executable, last.cwd)


def test_a_signal_that_is_fetched_is_known_to_be_blocked() -> None:
    """A tracer does not see what sigwait() takes; the trace tells that the process blocked it, dead or alive."""
    fetch = "import signal as s, time; s.pthread_sigmask(0, [15]); print(1, flush=True); "
    died = partial(run, "tini", "--", "python3", "-c", f"{fetch} s.sigwait([15])", send="SIGTERM", grace_seconds=9)
    lived = partial(run, "bash", "-c", f"python3 -c '{fetch} time.sleep(60)'; true", send="SIGTERM", grace_seconds=0)
    found = [ran.trace.processes[-1] for ran in all_of(died, lived)]

    assert [True, False] == [process.ended is not None for process in found]
    assert [True, True] == [signal.SIGTERM in process.blocked for process in found]


def test_the_stand_in_tells_what_it_finds() -> None:
    """It reports argv, environment, directory, user, descriptors, mounts and files, byte for byte."""
    plan = report(words("exit", 3))
    ran = run("a", "", "ü\n", plan=plan, user="1000:7", directory="/opt", environment=["X=ö", "Y=a=b"])
    witness = full_witness(ran.record)

    assert (3, "") == (ran.status, ran.output)
    assert ((PROGRAM, "a", "", "ü\n"), "/opt", PROGRAM) == (witness.argv, witness.cwd, witness.executable)
    assert ("ö", "a=b") == (witness.environment["X"], witness.environment["Y"])
    assert (1000, 1000, 7, 7) == (witness.uid, witness.euid, witness.gid, witness.egid)
    assert [0, 1, 2] == sorted(descriptor.number for descriptor in witness.descriptors)
    assert (64 << 20, "exit") == (witness.shared_memory_bytes, witness.unfinished)
    assert {"/", "/proc", "/dev/shm"} <= set(witness.mounts)  # noqa: S108 - the container's
    assert b"localhost" in (witness.files["/etc/hosts"] or b"")
    assert witness.files["/opt/ml/config/resourceconfig.json"] is None


def test_the_stand_in_stands_in_for_a_program() -> None:
    """In the place of the image's own program it sees the very argv that the engine made of ENTRYPOINT and CMD."""
    with engine() as client:
        container = client.create_container(shells(), entrypoint=["true", "--x"], command=["y"])["Id"]
        try:
            client.put_archive(container, "/", bundle(report(), copies=["/usr/bin/true"]))
            client.start(container)
            client.wait(container, timeout=30)
            witness = full_witness(read_record(client.get_archive(container, RECORD)[0]))
        finally:
            client.remove_container(container, force=True)

    assert (("true", "--x", "y"), "/usr/bin/true") == (witness.argv, witness.executable)


def test_the_stand_in_does_what_it_is_told() -> None:
    """Each verb is done in its order, any bytes included, and what fails says why; a signal is waited for."""
    lines = [
        words("resolve", "localhost"),
        words("resolve", b"\xff\n %41", 2, 10),
        words("sleep", 50),
        words("no-such-verb"),
        words("catch", 65),
        words("catch", signal.SIGUSR1),
        words("waitsignal"),
        words("exit", 9),
    ]
    waits = f"until [[ $(<{RECORD}) == *waitsignal* ]]; do sleep 0.05; done"
    ran = run("bash", "-c", f"{PROGRAM} & {waits}; kill -USR1 $!; wait $!", plan=report(*lines), traced=False)
    witness = full_witness(ran.record)
    failed = {action.line: action.errno for action in witness.actions if action.errno}

    assert (9, "exit") == (ran.status, witness.unfinished)
    assert {2: 113, 4: 38, 5: 22} == failed
    assert [("localhost", 1, ("127.0.0.1",)), ("\udcff\n %41", 1, ()), ("\udcff\n %41", 2, ())] == [
        (lookup.name, lookup.attempt, lookup.addresses) for lookup in witness.lookups
    ]
    assert [(signal.SIGUSR1, 1)] == [(caught.number, caught.sender) for caught in witness.caught]
    assert witness.actions[2].seconds >= 0.05


def test_a_record_that_is_full_says_so() -> None:
    """Past its limit nothing is recorded, the workload goes on, and the trace is not complete."""
    ran = run("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do /usr/bin/true; done; exit 5", plan=trace(2000))

    assert (5, "the record reached its size limit, or the container's disk was full") == (ran.status, ran.trace.fault)
    assert len(ran.record) < 2200


def test_where_tracing_is_forbidden_the_command_runs_all_the_same() -> None:
    """A profile that forbids ptrace leaves the container as it is, and the trace says why it is empty."""
    profile = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO"}],
    }
    ran = run("sh", "-c", "echo hi; exit 4", security=[f"seccomp={json.dumps(profile)}"])

    assert (4, "hi\n") == (ran.status, ran.output)
    assert "the tracer could not attach: Operation not permitted" == ran.trace.fault


WORK = "python3 /work.py"
SCRIPTS = {
    "plain.sh": f"#!/bin/sh\n{WORK}\n",
    "exec.sh": f"#!/bin/sh\nexec {WORK}\n",
    "trap.sh": f"#!/bin/sh\n{WORK} &\ntrap 'kill -TERM $!' TERM\ntrap 'kill -INT $!' INT\nwait\nwait\n",
    "background.sh": f"#!/bin/sh\n{WORK} &\nwait\n",
}
FORMS: dict[str, Sequence[str]] = {
    "exec form": ("python3", "/work.py"),
    "dash": ("dash", "-c", WORK),
    "dash, more to do": ("dash", "-c", f"{WORK}; true"),
    "bash": ("bash", "-c", WORK),
    "bash, more to do": ("bash", "-c", f"{WORK}; true"),
    "bash, pipeline": ("bash", "-c", f"{WORK} | cat"),
    "ash": ("ash", "-c", WORK),
    "script": ("/plain.sh",),
    "script with exec": ("/exec.sh",),
    "script with trap": ("/trap.sh",),
    "script with background": ("/background.sh",),
    "tini": ("tini", "--", "python3", "/work.py"),
    "dumb-init": ("dumb-init", "python3", "/work.py"),
    "tini and dash": ("tini", "--", "dash", "-c", f"{WORK}; true"),
    "timeout": ("timeout", "30", "python3", "/work.py"),
}
REACHED = {
    *("exec form", "bash", "ash", "script with exec", "script with trap", "tini", "dumb-init", "timeout"),
}
"""The forms in which a signal from outside gets to the workload."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("form", FORMS)
def test_the_trace_tells_whether_a_signal_reached_the_workload(form: str, number: signal.Signals) -> None:
    """What the trace says of the workload is what the workload noted itself, and what is known of the form."""
    files = {name: File(mode=0o755, data=text.encode()) for name, text in SCRIPTS.items()}
    files |= {"work.py": File(data=NOTE.encode()), "truth": File(mode=0o666)}
    ran = run(*FORMS[form], files=files, read=["/truth"], send=number.name, grace_seconds=0.3)
    found = workload.find(ran.trace)
    assert found.process is not None
    truth = {int(line) for line in ran.files["/truth"].split()}

    # `timeout` sends it twice, and the workload may be gone before it can write down the second.
    assert truth == {arrival.number for arrival in ran.trace.signals_to(found.process, number)}
    assert ({number} if form in REACHED else set()) == truth
    assert ("python3", "/work.py", "") == (*found.process.argv, found.doubt)


def test_the_sender_of_a_signal_is_known() -> None:
    """A signal from the engine has the sender 0; one that an init hands on has the init's number."""
    files = {"work.py": File(data=NOTE.encode()), "truth": File(mode=0o666)}
    call = partial(run, files=files, send="SIGTERM")
    direct, handed_on = all_of(partial(call, "python3", "/work.py"), partial(call, "tini", "--", "python3", "/work.py"))
    senders = []
    for ran in (direct, handed_on):
        found = workload.find(ran.trace)
        assert found.process is not None
        senders += [(arrival.sender, arrival.action) for arrival in ran.trace.signals_to(found.process, signal.SIGTERM)]

    assert [(0, "caught"), (1, "caught")] == senders


def test_the_stand_in_fails_where_a_program_would() -> None:
    """From `must` on, a line that cannot be done is said on stderr, and nothing after it is done."""
    lines = [
        words("write", "/tmp/data/a", "name\n1\n"),  # noqa: S108 - the container's
        words("must", 3),
        words("say", 1, "works\n"),
        words("read", "/etc/ssl-of-nobody", "name"),
        words("say", 1, "never\n"),
    ]
    ran = run("a", plan=report(*lines))

    said = ["conformance: read /etc/ssl-of-nobody: No such file or directory", "works"]
    assert (3, said) == (ran.status, sorted(ran.output.splitlines()))


def test_the_stand_in_beside_a_tracer_gives_way_to_other_uses_of_its_file() -> None:
    """It plays one command; what else runs the same file runs the image's own program, and both are traced."""
    part = report(words("say", 1, "stands in\n"), words("exit", 7), command=["/usr/bin/printf", "%s"])
    plan = trace_and_report(trace(), part)
    script = "/usr/bin/printf own; /usr/bin/printf %s given"
    with engine() as client:
        container = client.create_container(shells(), entrypoint=[PROGRAM, "bash", "-c", script])["Id"]
        try:
            client.put_archive(container, "/", beginning(plan, copies=["/usr/bin/printf"], keeps=True) + bytes(1024))
            client.start(container)
            status = client.wait(container, timeout=30)["StatusCode"]
            output = client.logs(container)
            witness = full_witness(read_record(client.get_archive(container, WITNESS)[0]))
            traced = Trace.parse(read_record(client.get_archive(container, RECORD)[0]))
        finally:
            client.remove_container(container, force=True)

    assert (7, b"ownstands in\n") == (status, output)
    assert ("/usr/bin/printf", "%s", "given") == witness.argv
    assert traced.complete
    assert [0, 7] == sorted(process.exit_code or 0 for process in traced.processes)
