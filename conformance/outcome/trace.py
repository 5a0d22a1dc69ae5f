"""What a container's processes did, as the tracer recorded it: who ran what, who got which signal, who ended how.

`Trace.parse` takes the bytes of a record and looks at nothing else; `workload.py` tells which process does the work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from conformance.outcome.activity import ActivityReader, Connect, Use, work_began
from conformance.outcome.event import FIELDS
from conformance.outcome.record import Event, Record, maybe_text, to_text

_NAMES = """
HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT
CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS
"""

SIGNALS = {number: f"SIG{name}" for number, name in enumerate(_NAMES.split(), start=1)}
"""The signals of Linux on x86_64: the suite may run where they have other numbers."""

UNBEGUN = "the tracer did not begin"
UNENDED = "the record ends before the command does: the tracer was killed, or the container still runs"

_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Execution:
    """A program that a process became; `time` is in seconds since the epoch, `at` on a clock that never jumps.

    `withheld` says that the program's file would have given it another user or capabilities, which the kernel gives to
    no traced process: untraced it might behave otherwise. `unbuffered` says whether PYTHONUNBUFFERED is in its
    environment and not empty; None where the environment could not be read.
    """

    time: float
    at: float
    argv: tuple[str, ...]
    executable: str = ""
    cwd: str = ""
    withheld: bool = False
    unbuffered: bool | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """A process, which is all of its threads; `ended` is None where it still lived when the record ended.

    A number may be given to several processes, one after another; `began` tells them apart. `blocked` are the signals
    that it blocked at its end: those it may fetch by itself, with sigwait(2) or signalfd(2), and no tracer sees that.
    `mapped` is the file that it had in its memory at its end, of those that the tracer was told to look for.
    """

    pid: int
    parent: int
    began: float
    executions: tuple[Execution, ...] = ()
    ended: float | None = None
    exit_code: int | None = None
    killed_by: int | None = None
    threads: int = 1
    blocked: frozenset[int] = frozenset()
    mapped: str = ""

    @property
    def argv(self) -> tuple[str, ...]:
        """The command line of what it became last; empty where it never became another program."""
        return self.executions[-1].argv if self.executions else ()

    @property
    def executable(self) -> str:
        """The file of that program, links resolved."""
        return self.executions[-1].executable if self.executions else ""

    @property
    def status(self) -> int | None:
        """How a shell tells its end: the exit code, or 128 and the signal's number."""
        return self.exit_code if self.killed_by is None else 128 + self.killed_by


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that reached a process; `sender` is 0 for one outside of the container, None where nobody sent it.

    `action` is what the process had it do: `caught`, `ignored` or `default`. By default process 1 drops it. Signals
    that a process fetches by itself are not among them; see `Process.blocked`. Nor is the SIGCHLD by which the kernel
    tells what became of a child: that stands with the child.
    """

    time: float
    at: float
    number: int
    sender: int | None
    receiver: int
    action: str

    @property
    def name(self) -> str:
        """Its name: `SIGINT`."""
        return SIGNALS.get(self.number, f"signal {self.number}")


@dataclass(frozen=True, slots=True)
class Release:
    """A process that was left to a debugger of the container, after which nothing is known of it."""

    time: float
    pid: int
    tracer: int


@dataclass(frozen=True)
class Trace:
    """All processes, in the order in which they began, and all signals, in the order in which they arrived.

    `fault` says why it is not complete; `failed_command` and `failed_errno` tell of a command that could not begin;
    `unfiltered` says that a debugger of the container would not have been noticed, nor a call to the outside.
    `connects` are such calls; there were more where `connects_left_out` says so. `uses` are the first uses of the
    directories below /opt/ml/processing. `halted_seconds` is for how long all processes were halted at their work.
    """

    processes: tuple[Process, ...] = ()
    signals: tuple[Signal, ...] = ()
    releases: tuple[Release, ...] = ()
    tracer: int | None = None
    command_pid: int = 1
    fault: str = ""
    failed_command: str = ""
    failed_errno: int | None = None
    unfiltered: bool = False
    connects: tuple[Connect, ...] = ()
    connects_left_out: bool = False
    uses: tuple[Use, ...] = ()
    halted_seconds: float = 0.0

    @classmethod
    def parse(cls, content: bytes, key: bytes = b"") -> Trace:
        """Read a record, sealed with this key; see `Record.parse` for what a damaged one gives."""
        record = Record.parse(content, key)
        reader = _Reader()
        for event in record.named(*FIELDS):
            reader.read(event)
        trace = reader.trace()
        return replace(trace, fault=record.fault or _fault(record, trace, has_last_line=bool(key)))

    def killed_from_outside(self) -> Trace:
        """The same trace of a container that SIGKILL ended: its record ends with it, which is no fault of either."""
        return replace(self, fault="") if self.fault == UNENDED else self

    @property
    def complete(self) -> bool:
        """Whether everything was recorded, from the beginning to the end of process 1."""
        return not self.fault

    @property
    def disturbed(self) -> tuple[Process, ...]:
        """Processes that may have behaved otherwise because they were traced."""
        return tuple(process for process in self.processes if any(run.withheld for run in process.executions))

    @property
    def work_began(self) -> float | None:
        """When the first input or output was used, on the clock that never jumps; None where that was not seen."""
        runs = (run for process in self.processes for run in process.executions)
        return work_began(self.uses, ((run.argv, run.cwd) for run in runs))

    @cached_property
    def _by_parent(self) -> dict[int, list[Process]]:
        children: dict[int, list[Process]] = {}
        for process in self.processes:
            children.setdefault(process.parent, []).append(process)
        return children

    @cached_property
    def _by_receiver(self) -> dict[int, list[Signal]]:
        arrivals: dict[int, list[Signal]] = {}
        for arrival in self.signals:
            arrivals.setdefault(arrival.receiver, []).append(arrival)
        return arrivals

    @property
    def command(self) -> Process | None:
        """The process that the container's command is: process 1, unless the engine put an init before it."""
        return next((process for process in self.processes if process.pid == self.command_pid), None)

    def process(self, pid: int) -> Process | None:
        """The process of this number; the last one where the number was given several times."""
        return next((process for process in reversed(self.processes) if process.pid == pid), None)

    def children_of(self, parent: Process) -> tuple[Process, ...]:
        """The processes that it started, in the order in which they began."""
        return tuple(
            child
            for child in self._by_parent.get(parent.pid, ())
            if child.began >= parent.began and (parent.ended is None or child.began <= parent.ended)
        )

    def signals_to(self, process: Process, number: int | None = None) -> tuple[Signal, ...]:
        """The signals that reached it, or those of one number."""
        return tuple(
            arrival
            for arrival in self._by_receiver.get(process.pid, ())
            if number in {None, arrival.number}
            and process.began <= arrival.at
            and (process.ended is None or arrival.at <= process.ended)
        )


def _fault(record: Record, trace: Trace, *, has_last_line: bool) -> str:
    """Why a trace is not complete; a record that is sealed has a last line, or its end may have been taken away."""
    for event in record.named("untraced"):
        return f"the tracer could not attach: {to_text(event['error'])}"
    for _ in record.named("left"):
        return "the tracer left, because process 1 waited for it with __WALL"
    if trace.tracer is None:
        return UNBEGUN
    if left := sorted({str(release.pid) for release in trace.releases}):
        return f"left to a debugger in the container: process {', '.join(left)}"
    is_cut = has_last_line and next(record.named("end"), None) is None
    return UNENDED if is_cut or (trace.command is not None and trace.command.ended is None) else ""


def _numbers(mask: int) -> frozenset[int]:
    """The signals in a mask of the kernel's, whose first bit stands for signal 1."""
    return frozenset(bit + 1 for bit in range(64) if mask >> bit & 1)


class _Reader:
    """Puts the events together, in their order."""

    def __init__(self) -> None:
        self._facts: dict[str, Any] = {}
        self._processes: list[Process] = []
        self._signals: list[Signal] = []
        self._releases: list[Release] = []
        self._activity = ActivityReader()
        self._index: dict[int, int] = {}
        self._executions: list[list[Execution]] = []

    def trace(self) -> Trace:
        pairs = zip(self._processes, map(tuple, self._executions), strict=True)
        processes = tuple(replace(process, executions=ran) for process, ran in pairs)
        return Trace(processes, tuple(self._signals), tuple(self._releases), **self._facts, **self._activity.facts())

    def read(self, event: Event) -> None:
        time, at = event["time_ns"] / _NANOSECONDS, event["monotonic_ns"] / _NANOSECONDS
        match event["event"]:
            case "trace":
                self._facts |= {"tracer": event["tracer"], "command_pid": event["pid"]}
                self._begin(event["pid"], 0, at)
            case "fork":
                self._begin(event["pid"], event["parent"], at)
            case "exec":
                process = self._process(event["pid"], at)
                execution = Execution(
                    time,
                    at,
                    tuple(to_text(argument) for argument in event["argv"]),
                    executable=maybe_text(event["executable"]),
                    cwd=maybe_text(event["cwd"]),
                    withheld=bool(event.get("withheld")),
                    unbuffered=None if (variable := event.get("unbuffered")) is None else bool(variable),
                )
                # Where a second thread becomes another program, the first one's end was not the end of the process.
                self._put(replace(process, ended=None, exit_code=None, killed_by=None))
                self._executions[self._index[process.pid]].append(execution)
            case "exit":
                process = self._process(event["pid"], at)
                blocked = _numbers(event["blocked"]) or process.blocked
                ended = replace(process, ended=at, exit_code=event["code"], killed_by=event["signal"], blocked=blocked)
                self._put(replace(ended, threads=event["threads"], mapped=maybe_text(event.get("mapped"))))
            case "alive":
                self._put(replace(self._process(event["pid"], at), blocked=_numbers(event["blocked"])))
            case "signal":
                action = to_text(event["action"])
                self._signals.append(Signal(time, at, event["number"], event["sender"], event["pid"], action))
            case "released":
                self._releases.append(Release(time, event["pid"], event["tracer"]))
            case "exec-failed":
                self._facts |= {"failed_command": to_text(event["command"]), "failed_errno": event["errno"]}
            case "unfiltered":
                self._facts["unfiltered"] = True
            case _:
                self._activity.read(event)

    def _begin(self, pid: int, parent: int, at: float) -> Process:
        process = Process(pid, parent, at)
        self._index[pid] = len(self._processes)
        self._processes.append(process)
        self._executions.append([])
        return process

    def _process(self, pid: int, at: float) -> Process:
        # Where its beginning was lost, so was its parent.
        return self._processes[self._index[pid]] if pid in self._index else self._begin(pid, 0, at)

    def _put(self, process: Process) -> None:
        self._processes[self._index[process.pid]] = process
