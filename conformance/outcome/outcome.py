"""What was observed in one run: frozen, complete, and the only thing besides the image that a check may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from conformance.files.stream import Fault
from conformance.files.tree import File, FileTree, Kind
from conformance.job.conditions import AS_CHOSEN, Conditions
from conformance.job.request import JobRequest, ProcessingOutput
from conformance.job.standin import StandIn
from conformance.job.variation import Variation
from conformance.outcome.calls import Calls
from conformance.outcome.feed import Feed
from conformance.outcome.gpu import NO_GPUS, Gpus, Look, Utilization
from conformance.outcome.resolution import Queries
from conformance.outcome.standin import Witness
from conformance.outcome.timeline import Moment
from conformance.outcome.trace import Trace

MESSAGE_PATH = "/opt/ml/output/message"
"""Where a container may leave text for `ExitMessage`."""

MESSAGE_LIMIT_BYTES = 1024
"""How much of it `ExitMessage` contains: 1 KB."""


SECRETS = ("the path to its role's credentials", "its role's SecretAccessKey", "its role's session token")
"""What is secret of a host, in the order of `Host.secrets`."""


class JobStatus(StrEnum):
    """`ProcessingJobStatus`; a job stopped at the suite's own limit was still in progress."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPED = "Stopped"


class End(StrEnum):
    """How a container ended."""

    EXITED = "exited by itself"
    MAX_RUNTIME = "stopped at MaxRuntimeInSeconds"
    SUITE_LIMIT = "stopped at the suite's own time limit"
    STOPPED = "stopped while running"
    NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True)
class Log:
    """One stream of a container: its size in bytes, and its first and last bytes if it was too long to keep.

    `found` are those of the searched words that occur anywhere in it. `complete` is False if the engine may have
    dropped its start, which nobody has seen then. `times` are when its last lines were written, in seconds after the
    container's start.
    """

    head: bytes = b""
    tail: bytes = b""
    size: int = 0
    found: frozenset[str] = frozenset()
    complete: bool = True
    times: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        """The stream as text; bytes that are not UTF-8 are shown as escapes, a gap as a line that says so."""
        left_out = self.size - len(self.head) - len(self.tail)
        gap = f"\n[... {left_out} bytes left out ...]\n".encode() if left_out > 0 else b""
        return (self.head + gap + self.tail).decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop while running: which signal, and after how many seconds the container had ended.

    `killed` means that it had to be killed by SIGKILL, after a grace period of that many seconds.
    """

    signal: str
    seconds: float
    killed: bool


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file of a continuous output as it was uploaded, this many seconds after the start."""

    seconds: float
    path: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Host:
    """One host's container: what was run, how it ended, what it said and what it left below /opt/ml.

    `argv` is what the engine was told to run; `exit_code` is None where there was no process. `message` holds the
    first bytes of `/opt/ml/output/message`, and None where there is no such file; `message_fault` and `message_found`
    tell of the whole file the first byte that is not UTF-8, and the words among those that were looked for that stand
    in it. `seconds` is from start to end.
    `trace` tells what its processes did, and is None where that was not asked or could not be seen: then `untraced`
    says why. `stop` is there where it was stopped in the middle of its work. `secrets` are nobody
    else's: the path to the credentials of its role, which stood in its environment, and where it could fetch these,
    what is secret of them. `witnesses` is what the probe found where it stood in for a program, once
    for each time that it was started. `changed` are files that it made or changed outside of /opt/ml, in a run as
    requested. `address` is its own on the network of the job's hosts; a job of one host has no network.
    `cut_off_seconds` is when it was cut from that network, in seconds after its start, and None where it was not.
    `processor_seconds` is how much processor time its processes took in the last second before a limit ended it; None
    where no limit did, or the engine does not know. `sightings` are what was uploaded of continuous outputs while it
    ran, each file once for each content. `feeds` are the FIFOs of Pipe inputs that were opened. `look` is what the
    probe saw of a GPU where it looked for one. `memory_bytes` is the limit of its memory, 0 where it had none.
    """

    name: str
    argv: tuple[str, ...]
    end: End
    exit_code: int | None = None
    start_error: str = ""
    out_of_memory: bool = False
    stdout: Log = field(default_factory=Log)
    stderr: Log = field(default_factory=Log)
    files: FileTree = field(default_factory=FileTree)
    message: bytes | None = None
    message_fault: Fault | None = None
    message_found: frozenset[str] = frozenset()
    seconds: float = 0.0
    trace: Trace | None = None
    untraced: str = ""
    stop: Stop | None = None
    secrets: tuple[str, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    changed: tuple[str, ...] = ()
    address: str = ""
    cut_off_seconds: float | None = None
    sightings: tuple[Sighting, ...] = ()
    feeds: tuple[Feed, ...] = ()
    look: Look | None = None
    processor_seconds: float | None = None
    memory_bytes: int = 0

    def leaks(self, found: frozenset[str]) -> str:
        """Which of its secrets are among the words that were found somewhere, as part of a sentence; empty for none."""
        named = (name for name, word in zip(SECRETS, self.secrets, strict=False) if word in found)
        return " and ".join(named)

    @property
    def started(self) -> bool:
        """Whether the image's own program started."""
        return self.end is not End.NOT_STARTED

    @property
    def message_file(self) -> File | None:
        """The entry at `/opt/ml/output/message`, whatever its kind."""
        return self.files.get(MESSAGE_PATH)


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded object: from which output, host and path, to which URI, of what size.

    `digest` is the content's SHA-256.
    """

    output: str
    host: str
    path: str
    uri: str
    size: int
    digest: str = ""


@dataclass(frozen=True)
class Trial:
    """One of several runs of the same job, which are made to find out why it failed: under which conditions, and how.

    `alone` says that nothing else ran on the engine for the suite. `said` is how the first host that failed did.
    `limited` says that it ended at a limit or for want of memory. `asked` are the names of the outside that it asked
    for.
    """

    conditions: Conditions
    alone: bool
    succeeded: bool
    said: str = ""
    limited: bool = False
    asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """One finished job: as `DescribeProcessingJob` would report it, and what its hosts did.

    `queries` is what several hosts asked their name server. `gpus` is what their containers had of GPUs, and
    `utilization` how busy those of the machine were meanwhile, if that can be measured. `calls` are those of AWS,
    None where there was none for the job. `conditions` are those of this run. `trials` are all runs of the job in their
    order, this one among them, where it failed at first; `unsteady` says that one and the same run failed and
    succeeded.
    `stand_in` is the program whose part the probe played, where the request is the suite's own. `emulated_on` is the
    architecture of the engine's machine, where that had to emulate the image's. `timeline` is when what was done.
    `on_aws` says that AWS ran it, which shows less: see `conformance.rule.outside`.
    """

    request: JobRequest
    variation: Variation
    status: JobStatus
    hosts: tuple[Host, ...]
    uploads: tuple[Upload, ...] = ()
    exit_message: str | None = None
    queries: Queries | None = None
    failure_reason: str | None = None
    seconds: float = 0.0
    gpus: Gpus = NO_GPUS
    utilization: Utilization | None = None
    calls: Calls | None = None
    conditions: Conditions = AS_CHOSEN
    trials: tuple[Trial, ...] = ()
    unsteady: bool = False
    stand_in: StandIn | None = None
    emulated_on: str = ""
    timeline: tuple[Moment, ...] = ()
    on_aws: bool = False

    @property
    def uploads_by_output(self) -> Mapping[str, tuple[Upload, ...]]:
        """The uploaded objects of each declared output, including those that got none."""
        return {
            output.name: tuple(upload for upload in self.uploads if upload.output == output.name)
            for output in self.request.outputs
        }

    @property
    def shortest_seconds(self) -> float:
        """The seconds that the host took which ended first."""
        return min(host.seconds for host in self.hosts)

    @property
    def longest_seconds(self) -> float:
        """The seconds that the host took which ended last."""
        return max(host.seconds for host in self.hosts)

    @property
    def was_halted(self) -> bool:
        """Whether the tracer halted a host at its work, so that it could be stopped there."""
        return any(host.trace is not None and host.trace.halted_seconds > 0 for host in self.hosts)

    def written(self, host: Host, output: ProcessingOutput) -> tuple[File, ...]:
        """What a host wrote below an output's LocalPath, or in its place, without directories."""
        left = (host.files.get(output.directory), *host.files.below(output.directory))
        return tuple(file for file in left if file is not None and file.kind is not Kind.DIRECTORY)
