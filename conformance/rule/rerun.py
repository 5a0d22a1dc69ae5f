"""The runs that depend on the undisturbed one: on which program does the work, and how long it takes.

Each function returns what to run next, or raises the reason why such a run would show nothing; none runs anything. All
hosts are started with the same command; if it does different things on different hosts, no other command can replace
it.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TypeVar

from conformance.files.tree import Kind
from conformance.image.image import Image
from conformance.image.interpreter import invocation
from conformance.job.conditions import Lifted
from conformance.job.model import model_faults
from conformance.job.request import RESERVED, SHARDED, JobRequest
from conformance.job.validation import service_faults
from conformance.outcome import workload
from conformance.outcome.calls import Calls
from conformance.outcome.outcome import Outcome
from conformance.outcome.trace import Process
from conformance.rule import odd_words
from conformance.rule.declaration import DoesNotApply
from conformance.rule.evidence import did_well, failed_by_itself, needs_success, program_of, succeeded

PATIENCE_SECONDS = 60.0
"""How long a host may try to reach a peer: as long as AWS's own Spark image does (contract, N23)."""

FAILURE_SECONDS = 1.5 * PATIENCE_SECONDS
"""How long hosts may take to notice that a peer is gone, beyond twice the time of the whole job: clearly more than they
may try to reach it, since they also have to start and to end, which on a busy machine takes many seconds."""

SILENCE_SECONDS = 15.0
"""How long hosts may take to notice that a peer is silent, beyond twice the time of the whole job. It is informational,
so the wait is shorter than for a failure."""

TMP = "/tmp"  # noqa: S108 - a path of the container

OVERRIDING_WORDS = 3
"""How many arguments a stand-in gets beside a ContainerEntrypoint."""

NO_AWS = "the job has no AWS here; --image-aws gives it one"

What = TypeVar("What", str, tuple[str, ...])


@dataclass(frozen=True)
class Rerun:
    """What to run next: a request, and how.

    When it is stopped, or at whose work before that; when its last host is disconnected from the network, and the file
    in the image that the probe stands in for.
    """

    request: JobRequest
    stop_after_seconds: float | None = None
    stop_at_work: tuple[str, ...] | None = None
    cut_off_after_seconds: float | None = None
    stand_in: str = ""


def throttled(good: Outcome) -> Rerun:
    """Turn its first call of AWS away, once.

    Raises:
        NotJudged: the job fails by itself.
        DoesNotApply: it makes none.
    """
    needs_success(good)
    calls_of(good)
    return Rerun(good.request)


def calls_of(good: Outcome) -> Calls:
    """What a job called of AWS; raises `DoesNotApply` if it had none, or called nothing."""
    if good.calls is None:
        raise DoesNotApply(NO_AWS)
    if not good.calls.of_aws:
        raise DoesNotApply("the job made no calls of AWS")
    return good.calls


def on_one_host(good: Outcome) -> Rerun | None:
    """Run it on one host; None if it has only one anyway."""
    if len(good.hosts) == 1:
        return None
    needs_success(good)
    return Rerun(good.request.on_hosts(1))


def with_empty_tmp(image: Image, good: Outcome) -> Rerun:
    """Mount an empty file system at /tmp, if the image ships files there."""
    needs_success(good)
    if all(file.kind is Kind.DIRECTORY for file in image.files.below(TMP)):
        raise DoesNotApply(f"the image ships no files in {TMP}")
    return Rerun(good.request)


def with_true_hostnames(decoyed: Outcome) -> Rerun | None:
    """Set each container's hostname to its host's name; None if the run could only end like the other one."""
    if len(decoyed.hosts) == 1 or succeeded(decoyed):
        return None
    return Rerun(decoyed.request)


def with_a_failing_peer(good: Outcome) -> Rerun:
    """Let the last host fail, and give the others time to notice."""
    needs_success(good)
    return Rerun(good.request, stop_after_seconds=FAILURE_SECONDS + 2 * good.longest_seconds)


def with_a_peer_cut_off(good: Outcome) -> Rerun:
    """Disconnect the last host half-way, and give all of them time to notice."""
    needs_success(good)
    noticed = SILENCE_SECONDS + 2 * good.longest_seconds
    return Rerun(good.request, stop_after_seconds=noticed, cut_off_after_seconds=good.shortest_seconds / 2)


def with_fewer_objects(good: Outcome) -> Rerun:
    """Give some hosts an empty shard."""
    needs_success(good)
    if not any(item.distribution == SHARDED for item in good.request.inputs):
        raise DoesNotApply(f"no input has S3DataDistributionType {SHARDED}")
    return Rerun(good.request)


def with_stand_in(image: Image, good: Outcome) -> Rerun:
    """Replace the program by the probe, with as many arguments and variables as a request may have."""
    needs_success(good)
    executables = {host.name: program_of(host)[0].executable for host in good.hosts}
    if not all(executables.values()):
        raise DoesNotApply("the program that does the work has no executable that could be replaced")
    program = _same_everywhere(executables)
    request = good.request
    environment = {**odd_words.odd_environment(odd_words.MOST_WORDS - len(request.environment)), **request.environment}
    changed = request.overriding(entrypoint=request.entrypoint, arguments=request.arguments, environment=environment)
    # Arguments of a request's own entrypoint are not for ENTRYPOINT, and without one the first is the program.
    if request.entrypoint is None and image.entrypoint:
        own = image.cmd if request.arguments is None else request.arguments
        given = own + odd_words.odd_arguments(odd_words.MOST_WORDS - len(own))
        further = request.overriding(arguments=given, environment=environment)
        # What stands in CMD need be nothing that a request may have.
        changed = changed if _fault(further) else further
    return Rerun(changed, stand_in=program)


def overridden(image: Image, good: Outcome) -> Rerun:
    """Name the program in ContainerEntrypoint, so that the image's ENTRYPOINT is not run."""
    needs_success(good)
    if good.request.entrypoint is not None:
        raise DoesNotApply("the request has its own ContainerEntrypoint, so ENTRYPOINT is not run")
    commands = {}
    for host in good.hosts:
        program, trace = program_of(host)
        if program == trace.command and len(program.executions) == 1:
            raise DoesNotApply("ENTRYPOINT starts the program directly")
        if workload.others(trace, program):
            raise DoesNotApply("ENTRYPOINT starts several programs, none of which is the whole job")
        if program.status and did_well(host):
            raise DoesNotApply(f"ENTRYPOINT makes something of the exit code of {list(program.argv)}")
        commands[host.name] = _command(image, program)
    command = _same_everywhere(commands)
    request = good.request.overriding(entrypoint=command, environment=good.request.environment)
    fault = _fault(request)
    if fault:
        raise DoesNotApply(f"the program's command is not a valid ContainerEntrypoint: {fault}")
    return Rerun(request)


def overridden_both(image: Image, good: Outcome) -> Rerun | None:
    """The same with ContainerArguments; None if the program is the image's, which may not know them."""
    if good.stand_in is None:
        return None
    request = overridden(image, good).request
    arguments = odd_words.ODD_WORDS[:OVERRIDING_WORDS]
    return Rerun(
        request.overriding(entrypoint=request.entrypoint, arguments=arguments, environment=request.environment)
    )


def with_own_reserved(image: Image, replaced: Outcome) -> Rerun | None:
    """Keep what the image ships below /opt/ml; None if the run could only end like the other one."""
    failed = any(failed_by_itself(host) for host in replaced.hosts)
    if not failed or not any(image.files.below(RESERVED)) or Lifted.MOUNTS in replaced.conditions.lifted:
        return None
    return Rerun(replaced.request)


def _same_everywhere(started: dict[str, What]) -> What:
    """What ENTRYPOINT starts, by host; one request has one command for all of them."""
    first, *others = started.items()
    for name, what in others:
        if what != first[1]:
            raise DoesNotApply(f"ENTRYPOINT starts {_shown(what)} on {name}, but {_shown(first[1])} on {first[0]}")
    return first[1]


def _shown(what: str | tuple[str, ...]) -> str:
    return what if isinstance(what, str) else str(list(what))


def _command(image: Image, program: Process) -> tuple[str, ...]:
    """Its command line, which has to mean the same in the image's WORKDIR.

    By its file where its name is one that no file has, such as `-bash` or that of `exec -a`; and with the whole path of
    a script that it named relative to a directory which ENTRYPOINT went to.
    """
    name = posixpath.basename(program.argv[0]) if program.argv else ""
    named = [file.path for file in image.files if posixpath.basename(file.path) == name]
    found = [image.files.resolve(path).file for path in named]
    is_named = any(file is not None and file.path == program.executable for file in found)
    argv = program.argv if is_named else (program.executable, *program.argv[1:])
    asked = invocation(argv)
    script = asked.script if asked is not None else ""
    if not script or script.startswith("/"):
        return argv
    whole = posixpath.normpath(posixpath.join(program.executions[-1].cwd or "/", script))
    if image.files.resolve(whole).file is None:
        return argv
    at = argv.index(script)
    return (*argv[:at], whole, *argv[at + 1 :])


def _fault(request: JobRequest) -> str:
    """Why the API would not take a request; empty where it would."""
    document = dict(request.document)
    return next(model_faults(document), "") or next(service_faults(document), "")
