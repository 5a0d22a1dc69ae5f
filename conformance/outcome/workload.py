"""Which process of a container does the work, below the shells and inits that only start it.

The rule:

1. The container's command is where to begin. A process that is no wrapper is the work, whatever it starts itself.
2. A wrapper hands its work on: an init, a change of user, `conda run` or `timeout` to its children, a shell to those of
   its children that are no common tools (`mkdir`, `tee`). A common tool that runs something else, as `xargs` does, is a
   wrapper too. A fork that became no other program is what its parent was.
3. Of the processes that are found so, those count that lived at least half as long as the longest; the one that began
   last is the work. Where another of them lived at the same time, that is a doubt.
4. A shell that starts nothing but common tools does the work itself, which is a doubt too.

Launchers that are programs of their own kind, such as `torchrun`, are not seen through: they are the work. What they
ran is told by `run_by`, for whoever needs to know that it may be the work instead; where they only waited for it, by
`waited_for`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace

from conformance.outcome.trace import Process, Trace
from conformance.shells import SHELLS

WRAPPERS = frozenset(
    {
        *("catatonit", "docker-init", "dumb-init", "init", "s6-svscan", "s6-supervise", "tini", "tini-static"),
        *("chroot", "gosu", "runuser", "setpriv", "su", "su-exec", "sudo", "unshare"),
        *(
            "chrt",
            "env",
            "flock",
            "ionice",
            "nice",
            "nohup",
            "script",
            "setsid",
            "stdbuf",
            "taskset",
            "time",
            "timeout",
        ),
    }
)

CONDA = frozenset({"conda", "mamba", "micromamba", "pixi", "uv"})
"""Managers of environments, whose command `run` starts a program in one."""

MULTIPLE = frozenset({"busybox", "busybox-static", "coreutils", "toybox"})
"""Executables that are many programs; the first argument says which."""

_COMMON = """
[ awk base64 basename cat chmod chown cmp comm cp curl cut date dd df diff dirname du echo egrep expand expr false
fgrep find fmt fold free gawk getent grep groups gunzip gzip head hostname id install join kill ldconfig less ln ls
mawk md5sum mkdir mkfifo mktemp more mv nl nproc numfmt od paste printenv printf ps pwd readlink realpath rm rmdir
sed seq sha256sum sha512sum shuf sleep sort split stat sync tac tail tar tee test touch tr true truncate tsort tty
ulimit uname uniq unzip wc wget which whoami xargs xz zcat
"""

TOOLS = frozenset(_COMMON.split())
"""Programs that scripts are made of: none of them is what a container is for."""

OF_SCRIPTS = TOOLS | SHELLS
"""What scripts are made of, and the shells that run them."""

WAITING = frozenset({"sleep", "tail"})
"""The tools with which a script waits for something."""

_WORKERS = ("from multiprocessing.", "from joblib.", "joblib.externals.")
"""How an argument begins by which Python's multiprocessing and joblib start a program's own workers."""

_LONG = 0.5
"""The part of the longest life that makes a life a long one."""

_DEEPEST = 100
"""So many wrappers below each other are looked through; a shell that runs itself makes more."""


@dataclass(frozen=True, slots=True)
class Workload:
    """The process that does the work, None where there is none; `doubt` says why it may be another one.

    `is_script` says that it is a shell which does the work with common tools, and not only waits, and that there is no
    other doubt.
    """

    process: Process | None
    doubt: str = ""
    is_script: bool = False

    @property
    def certain(self) -> bool:
        """Whether there is one, and no doubt about it."""
        return self.process is not None and not self.doubt


def find(trace: Trace, *, at: float | None = None) -> Workload:
    """The process that does the work: of the whole run, or of those that lived at a moment (see `Process.began`)."""
    trace = trace if at is None else _as_of(trace, at)
    first = trace.command
    if first is None:
        return Workload(None, trace.fault)
    found = [process for process in _below(trace, first, "") if at is None or _lives(process, at)]
    end = max((process.ended or process.began for process in trace.processes), default=first.began)
    long = _long_lived(found, end)
    if not long:
        doubt = "" if at is None else "only wrappers were running at that moment"
        return Workload(first, trace.fault or doubt)
    chosen = max(long, key=lambda process: process.began)
    alongside = trace.fault or _alongside(chosen, [other for other in long if other is not chosen])
    tools = frozenset() if alongside else _tools(trace, chosen)
    only = f"the shell in process {chosen.pid} only started {', '.join(sorted(tools))}" if tools else ""
    return Workload(chosen, alongside or only, is_script=bool(tools - WAITING))


def others(trace: Trace, process: Process) -> tuple[Process, ...]:
    """What the wrappers started besides a process that does the work, common tools of shells left out."""
    found = () if trace.command is None else _below(trace, trace.command, "")
    return tuple(each for each in found if each != process)


def running(trace: Trace, at: float) -> tuple[Process, ...]:
    """What kept the container running at a moment: the programs that wrappers had started, common tools among them.

    Where there was none, it is the process that began last of those that lived.
    """
    trace = _as_of(trace, at)
    first = trace.command
    found = () if first is None else _below(trace, first, "", tools=frozenset())
    programs = tuple(process for process in found if _lives(process, at))
    return programs or tuple(process for process in trace.processes if _lives(process, at))[-1:]


def finished(trace: Trace, at: float) -> Process | None:
    """The process that did the work and had ended by a moment, where a wrapper had started it; None where none had.

    A shell that became another program in the end had started something before, too.
    """
    first = trace.command
    if first is None:
        return None
    found = list(_below(trace, first, ""))
    former = program(replace(first, executions=first.executions[:-1]))
    if former in SHELLS and found == [first]:
        before = (child for child in trace.children_of(first) if child.began < first.executions[-1].at)
        found = [each for child in before if program(child) not in TOOLS for each in _below(trace, child, former)]
    ended = [process for process in found if process.ended is not None and process.ended <= at]
    return max(_long_lived(ended, at), key=lambda process: process.began, default=None)


def run_by(trace: Trace, process: Process, *, at: float | None = None) -> tuple[Process, ...]:
    """The programs that a process which is no wrapper ran, ever or at a moment, without common tools and own workers.

    It may do the work itself and have them for helpers, or only wait for them, as `subprocess.run` does: nothing in a
    trace tells which.
    """
    trace = trace if at is None else _as_of(trace, at)
    return tuple(
        each
        for child in trace.children_of(process)
        if program(child)
        for each in _below(trace, child, "")
        if program(each) not in OF_SCRIPTS and (at is None or _lives(each, at)) and not _is_worker(each)
    )


def _as_of(trace: Trace, at: float) -> Trace:
    """The trace without what processes became after a moment: a shell that ends with `exec` is a shell before.

    A fork that is just about to become its first program counts as that one.
    """
    return replace(
        trace,
        processes=tuple(
            replace(
                process, executions=tuple(run for run in process.executions if run.at <= at) or process.executions[:1]
            )
            for process in trace.processes
            if process.began <= at
        ),
    )


def waited_for(trace: Trace) -> Process | None:
    """The program for which the one that seems to do the work only waits, as `subprocess.run` does.

    None where that is unclear. In a whole run it was all that the other one ran, for at least half of its life, and
    ended well and unasked.
    """
    work = find(trace).process
    ran = () if work is None else run_by(trace, work)
    if work is None or work.ended is None or work.status or len(ran) != 1:
        return None
    (program,) = ran
    if program.ended is None or program.status or trace.signals_to(program):
        return None
    return program if program.ended - program.began >= _LONG * (work.ended - work.began) else None


def _long_lived(found: list[Process], end: float) -> list[Process]:
    """Those that lived at least half as long as the longest, until they ended or this moment came."""
    lives = {process: (end if process.ended is None else process.ended) - process.began for process in found}
    longest = max(lives.values(), default=0.0)
    return [process for process in found if lives[process] >= _LONG * longest]


def _below(
    trace: Trace, process: Process, inherited: str, depth: int = 0, *, tools: frozenset[str] = TOOLS
) -> Iterator[Process]:
    """The first processes on each way down that are no wrappers, nor these tools where a shell started them."""
    name = program(process) or inherited
    if depth == _DEEPEST or not (_is_wrapper(process, name) or _is_running_tool(trace, process, name)):
        yield process
        return
    handed_on = [
        (child, program(child) or name)
        for child in trace.children_of(process)
        if name not in OF_SCRIPTS
        or (program(child) or name) not in tools
        or _is_running_tool(trace, child, program(child) or name)
    ]
    found = [each for child, _ in handed_on for each in _below(trace, child, name, depth + 1, tools=tools)]
    if found or name not in SHELLS:
        yield from found
    elif not inherited or process.executions:
        yield process  # a script, and not the fork of one


def program(process: Process) -> str:
    """The name of the program that a process became last, empty where it never became another one."""
    if not process.executions:
        return ""
    name = posixpath.basename(process.executable)
    arguments = process.argv
    if not name or name in MULTIPLE:
        name = posixpath.basename(arguments[0]).lstrip("-") if arguments else name
        if name in MULTIPLE and len(arguments) > 1:
            name = arguments[1]
    return name


def _is_wrapper(process: Process, name: str) -> bool:
    if name in SHELLS or name in WRAPPERS:
        return True
    called = {posixpath.basename(argument) for argument in process.argv[:2]}
    return bool(called & CONDA) and "run" in process.argv[1:4]


def _is_running_tool(trace: Trace, process: Process, name: str) -> bool:
    """Whether it is a common tool that runs a program which is none."""
    return name in TOOLS and any({program(child)} - TOOLS - {""} for child in trace.children_of(process))


def _is_worker(process: Process) -> bool:
    return any(argument.startswith(_WORKERS) for argument in process.argv)


def _lives(process: Process, at: float) -> bool:
    return process.began <= at and (process.ended is None or at < process.ended)


def _alongside(chosen: Process, others: list[Process]) -> str:
    beside = [other for other in others if other.ended is None or other.ended > chosen.began]
    named = ", ".join(f"{other.pid} ({program(other) or 'a fork'})" for other in beside)
    return f"process {chosen.pid} ({program(chosen) or 'a fork'}) ran alongside {named}" if beside else ""


def _tools(trace: Trace, chosen: Process) -> frozenset[str]:
    is_shell = program(chosen) in SHELLS
    return frozenset({program(child) for child in trace.children_of(chosen)} - {""}) if is_shell else frozenset()
