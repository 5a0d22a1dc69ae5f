"""`--image-engine-check`: what sessions can rely on of the engine, one line for each thing that was tried."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import pytest

from conformance import text
from conformance.errors import UsageError
from conformance.files.tree import File
from conformance.outcome.means import Failed, Tried
from conformance.outcome.outcome import End, Outcome
from conformance.service import engine, trial
from conformance.session.progress import StartLine
from conformance.verdict.profiles import ExitStatus

CLOCK_SECONDS = 5.0
"""By how much the engine's clock may differ from this machine's, before dates of files seem odd."""


class Use(StrEnum):
    """What a line comes to."""

    OK = "ok"
    NOTE = "note"
    """Every check can be judged, but the user should know."""
    NOT_JUDGED = "not judged"
    """Some checks get no verdict on this engine."""
    UNUSABLE = "unusable"
    """Verdicts on this engine would be wrong, or there would be none at all."""


@dataclass(frozen=True)
class Line:
    """One thing that was tried: `said` is what was found, or what is not judged because of it."""

    name: str
    use: Use
    said: str


OPTION = "--image-engine-check"

OTHERS = ("--image", "--image-init", "--image-init-from", "--image-job")
"""Options that somebody may expect to have an effect beside it."""


def run(config: pytest.Config) -> tuple[str, ExitStatus]:
    """Try the engine that the environment names; the table, and the exit status.

    Raises:
        UsageError: there is an option besides that has no effect then.
        EngineError: no engine responds.
        JobError: not even an image can be loaded.
    """
    for other in OTHERS:
        if config.getoption(other):
            raise UsageError(f"{OPTION}: expected no other option, got {other}")
    reached = engine.connect()
    with contextlib.closing(StartLine()) as line:
        line.show("trying the engine")
        tried = trial.run(reached)
    lines = tuple(judged(tried))
    return table(lines), status(lines)


def status(lines: Sequence[Line]) -> ExitStatus:
    """0 if sessions can judge everything, 6 if they cannot judge some checks, 4 if they cannot use the engine."""
    uses = {line.use for line in lines}
    if Use.UNUSABLE in uses:
        return ExitStatus.USAGE
    return ExitStatus.INCOMPLETE if Use.NOT_JUDGED in uses else ExitStatus.CONFORMS


CLOSING = {
    ExitStatus.CONFORMS: "conformance: sessions can judge every check on this engine",
    ExitStatus.INCOMPLETE: "conformance: sessions cannot judge every check on this engine",
    ExitStatus.USAGE: "conformance: sessions cannot use this engine",
}


def table(lines: Sequence[Line]) -> str:
    """The lines and what they come to, as they are printed."""
    names, uses = max(len(line.name) for line in lines), max(len(use) for use in Use)
    rows = [f"{line.name:{names}}  {line.use:{uses}}  {text.line(line.said)}".rstrip() for line in lines]
    return "\n".join([*rows, CLOSING[status(lines)]])


def judged(tried: Tried) -> Iterator[Line]:
    """Every line, from what came of trying an engine."""
    facts = tried.facts
    security = f", {', '.join(facts.security)}" if facts.security else ""
    told = f"{facts.name} {facts.version}, API {facts.api_version}, {facts.architecture}{security}"
    yield Line("engine", Use.OK, told)
    yield Line("images", Use.OK, f"image store: {facts.store} ({facts.storage})")
    yield _job(tried.job)
    yield _tracer(tried.job, facts.architecture)
    yield _volumes(tried.job)
    yield _archives(tried)
    yield _logs(tried)
    yield _signals(tried.stopped)
    yield _hosts(tried.hosts)
    yield _limit("memory limit", tried.memory_is_limited, facts.cgroups, "take all memory of the engine")
    yield _limit("process limit", tried.processes_are_limited, facts.cgroups, "start any number of processes")
    yield _gpus(tried)
    yield _clock(tried.clock_seconds)


def _job(job: Outcome | Failed) -> Line:
    if isinstance(job, Failed):
        return Line("jobs", Use.UNUSABLE, job.why)
    (host,) = job.hosts
    if host.exit_code != 0:
        why = host.start_error or host.stderr.text.strip() or f"it {host.end}"
        return Line(
            "jobs", Use.UNUSABLE, f"a stand-in cannot do the suite's own job (exit code {host.exit_code}): {why}"
        )
    expected = {"written-by-the-stand-in.csv"}
    found = {upload.path.rpartition("/")[2] for upload in job.uploads}
    if expected != found or len(job.uploads) != len(job.request.outputs):
        return Line(
            "jobs", Use.UNUSABLE, f"outputs are not read back: expected {expected}, but found {found or 'none'}"
        )
    return Line("jobs", Use.OK, "a stand-in did the suite's own job")


def _tracer(job: Outcome | Failed, architecture: str) -> Line:
    lost = "what the processes of a container do: "
    if architecture not in engine.PROBE_RUNS_ON:
        return Line("tracer", Use.NOT_JUDGED, f"{lost}the probe requires x86_64, but the engine runs on {architecture}")
    if isinstance(job, Failed):
        return Line("tracer", Use.NOT_JUDGED, f"{lost}no job could be run")
    (host,) = job.hosts
    if host.trace is None or host.untraced or host.trace.command is None:
        return Line("tracer", Use.NOT_JUDGED, f"{lost}{host.untraced or 'the tracer saw no command'}")
    return Line("tracer", Use.OK, "processes, signals and exit codes are seen")


def _volumes(job: Outcome | Failed) -> Line:
    if isinstance(job, Failed):
        return Line("volumes", Use.NOT_JUDGED, "what an image has below /opt/ml: no job could be run")
    if any(host.files.get(trial.SHIPPED) for host in job.hosts):
        said = "what an image has below /opt/ml stays in its container, unlike on AWS"
        return Line("volumes", Use.UNUSABLE, said)
    return Line("volumes", Use.OK, "a volume hides what an image has below /opt/ml")


def _archives(tried: Tried) -> Line:
    if isinstance(tried.unpacked, Failed):
        return Line("archives", Use.UNUSABLE, tried.unpacked.why)
    owned = False
    for file in tried.packed:
        found = tried.unpacked.get(file.path)
        if found is None or replace(found, uid=file.uid, gid=file.gid) != file:
            return Line("archives", Use.UNUSABLE, f"expected {_told(file)}, but read back {_told(found)}")
        owned |= found != file
    if owned:
        said = "modes, links and FIFOs are read back unchanged; owners are not, and no check looks at them"
        return Line("archives", Use.NOTE, said)
    return Line("archives", Use.OK, "owners, modes, links and FIFOs are read back unchanged")


def _told(file: File | None) -> str:
    if file is None:
        return "nothing"
    return (
        f"{file.kind} {file.path} of {file.size} bytes, mode {file.mode:o}, owner {file.uid}:{file.gid} {file.target}"
    )


def _logs(tried: Tried) -> Line:
    if isinstance(tried.said, Failed):
        return Line("logs", Use.NOT_JUDGED, f"what containers log: {tried.said.why}")
    if tried.said != tried.expected:
        return Line("logs", Use.NOT_JUDGED, f"what containers log: expected {tried.expected!r}, but got {tried.said!r}")
    if isinstance(tried.job, Outcome) and not all(host.stdout.size and host.stderr.size for host in tried.job.hosts):
        return Line("logs", Use.NOT_JUDGED, "what containers log: stdout and stderr are not told apart")
    return Line("logs", Use.OK, "stdout and stderr are kept byte for byte")


def _signals(stopped: Outcome | Failed) -> Line:
    if isinstance(stopped, Failed):
        return Line("signals", Use.NOT_JUDGED, f"how a job is stopped: {stopped.why}")
    (host,) = stopped.hosts
    if host.end is not End.STOPPED or host.stop is None or host.stop.killed:
        return Line("signals", Use.NOT_JUDGED, "how a job is stopped: SIGINT does not reach process 1")
    return Line("signals", Use.OK, "SIGINT reaches process 1")


def _hosts(hosts: Outcome | Failed) -> Line:
    if isinstance(hosts, Failed):
        return Line("hosts", Use.NOT_JUDGED, f"jobs of several hosts: {hosts.why}")
    if failing := [host.name for host in hosts.hosts if host.exit_code != 0]:
        return Line("hosts", Use.NOT_JUDGED, f"jobs of several hosts: {', '.join(failing)} failed")
    return Line("hosts", Use.OK, "two hosts share a network, and their name server is reached")


def _limit(name: str, is_limited: bool | Failed, cgroups: str, may: str) -> Line:  # noqa: FBT001 - what was found
    version = f" (cgroup v{cgroups})" if cgroups else ""
    if isinstance(is_limited, Failed):
        return Line(name, Use.NOTE, f"not tried: {is_limited.why}")
    if not is_limited:
        return Line(name, Use.NOTE, f"not enforced{version}: a container may {may}")
    return Line(name, Use.OK, f"enforced{version}")


def _gpus(tried: Tried) -> Line:
    if isinstance(tried.gpus, Failed):
        return Line("GPUs", Use.NOTE, f"none: {tried.gpus.why}")
    if tried.gpus.lack:
        return Line("GPUs", Use.NOTE, f"{tried.gpus.lack}; needed only for jobs on GPU instances")
    return Line("GPUs", Use.OK, f"by {tried.gpus.means}")


def _clock(seconds: float | Failed) -> Line:
    if isinstance(seconds, Failed):
        return Line("clock", Use.NOTE, seconds.why)
    if abs(seconds) > CLOCK_SECONDS:
        ahead = "ahead of" if seconds > 0 else "behind"
        return Line("clock", Use.NOTE, f"{abs(seconds):.0f} s {ahead} this machine's; dates of files are the engine's")
    return Line("clock", Use.OK, f"within {CLOCK_SECONDS:g} s of this machine's")
