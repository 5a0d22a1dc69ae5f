"""The runs that rest on what the undisturbed one showed: which program does the work, and how long it takes.

Each function gives what the service is asked for next, or raises why such a run would show nothing. None runs anything.
All hosts are started with one command; where it makes one thing of the first host and another of the next, no other
command can stand for it.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TypeVar

from conformance.files.tree import Kind
from conformance.image.image import Image
from conformance.image.interpreter import invocation
from conformance.job.conditions import Lifted
from conformance.job.request import RESERVED, SHARDED, JobRequest
from conformance.job.validation import model_faults, service_faults
from conformance.outcome import workload
from conformance.outcome.outcome import Outcome
from conformance.outcome.trace import Process
from conformance.rule.declaration import DoesNotApply
from conformance.rule.evidence import failed_by_itself, needs_success, program_of, succeeded

SHORTEST_STOPPED_SECONDS = 2.0
"""A job that ends sooner may end, or still begin, when its signal comes."""

LATEST_STOP_SECONDS = 3.0
"""A long job is stopped this soon: half of an hour would be waited for in vain."""

FAILURE_SECONDS = 60.0
"""How long hosts may take to see that a peer is gone, beyond twice the time of the whole job: as long as AWS's own
Spark image tries to reach one (contract, N23)."""

SILENCE_SECONDS = 15.0
"""How long hosts may take to see that a peer has become silent, beyond twice the time of the whole job. Nobody judges
it, so that it is to be waited for less long than for a failure."""

TMP = "/tmp"  # noqa: S108 - a path of the container

EARLY_STOP_SECONDS = 0.1
"""When wrappers begin, and programs have no handlers yet."""

MOST_WORDS = 100
LONGEST_WORD = 256
"""What the API model takes of ContainerEntrypoint, of ContainerArguments, and of variables and their values."""

ODD_WORDS = (
    "two words",
    " before and after ",
    "it's",
    'say "so"',
    "$HOME",
    "${PATH}",
    "$(id)",
    "`id`",
    "*",
    "/*",
    "?",
    "[a-z]",
    "{a,b}",
    "~",
    "a\\b",
    "a;b",
    "a&b",
    "a|b",
    "a>b",
    "#a",
    "!a",
    "tab\there",
    "=",
    "--",
    "--name=value",
    "-",
    "%s",
    "Grüße, 京都 🦀",
)
"""Arguments that a shell changes unless it is told not to, and that options end with."""

ODD_VALUES = (*ODD_WORDS, "two\nlines\n", "", "a=b=c", "\\n", "\r\n")
"""The same for variables, whose values may have line feeds and may be empty."""

What = TypeVar("What", str, tuple[str, ...])


@dataclass(frozen=True)
class Rerun:
    """What is run next: a request, and what becomes of it.

    When it is stopped, when its last host is cut from the network, and the file of the image that the probe stands in
    for.
    """

    request: JobRequest
    stop_after_seconds: float | None = None
    cut_off_after_seconds: float | None = None
    stand_in: str = ""


def stopped(good: Outcome, *, early: bool = False) -> Rerun:
    """Stop it half-way, or soon; `early` is as soon as it has started."""
    needs_success(good)
    shortest = min(host.seconds for host in good.hosts)
    if shortest < SHORTEST_STOPPED_SECONDS:
        raise DoesNotApply(
            f"the job ended after {shortest:.1f} s, too soon to be stopped in the middle of its work; a job of "
            f"more than {SHORTEST_STOPPED_SECONDS:g} s shows it"
        )
    seconds = EARLY_STOP_SECONDS if early else min(shortest / 2, LATEST_STOP_SECONDS)
    return Rerun(good.request, stop_after_seconds=seconds)


def on_one_host(good: Outcome) -> Rerun | None:
    """Run it on one host; None where it was so anyway."""
    if len(good.hosts) == 1:
        return None
    needs_success(good)
    return Rerun(good.request.on_hosts(1))


def with_empty_tmp(image: Image, good: Outcome) -> Rerun:
    """Mount an empty file system at /tmp, where the image ships something there."""
    needs_success(good)
    if all(file.kind is Kind.DIRECTORY for file in image.files.below(TMP)):
        raise DoesNotApply(f"the image ships no files in {TMP}")
    return Rerun(good.request)


def with_true_hostnames(decoyed: Outcome) -> Rerun | None:
    """Let each container's hostname be its host's name; None where the run could only end as the other one did."""
    if len(decoyed.hosts) == 1 or succeeded(decoyed):
        return None
    return Rerun(decoyed.request)


def with_a_failing_peer(good: Outcome) -> Rerun:
    """Let the last host fail, and give the others some time to find that out."""
    needs_success(good)
    took = max(host.seconds for host in good.hosts)
    return Rerun(good.request, stop_after_seconds=FAILURE_SECONDS + 2 * took)


def with_a_peer_cut_off(good: Outcome) -> Rerun:
    """Cut the last host from the network half-way, and give all of them some time to find that out."""
    needs_success(good)
    shortest = min(host.seconds for host in good.hosts)
    took = max(host.seconds for host in good.hosts)
    return Rerun(good.request, stop_after_seconds=SILENCE_SECONDS + 2 * took, cut_off_after_seconds=shortest / 2)


def with_fewer_objects(good: Outcome) -> Rerun:
    """Let some hosts get nothing of what is sharded."""
    needs_success(good)
    if not any(item.distribution == SHARDED for item in good.request.inputs):
        raise DoesNotApply(f"no input of the request has S3DataDistributionType {SHARDED}")
    return Rerun(good.request)


def with_stand_in(image: Image, good: Outcome) -> Rerun:
    """Put the probe in the program's place, and give it as many arguments and variables as a request may have."""
    needs_success(good)
    executables = {host.name: program_of(host)[0].executable for host in good.hosts}
    if not all(executables.values()):
        raise DoesNotApply("what does the work is no program of its own, in whose place another could be put")
    program = _same_everywhere(executables)
    request = good.request
    environment = {**odd_environment(MOST_WORDS - len(request.environment)), **request.environment}
    changed = request.overriding(entrypoint=request.entrypoint, arguments=request.arguments, environment=environment)
    # Arguments of a request's own entrypoint are not for ENTRYPOINT, and without one the first is the program.
    if request.entrypoint is None and image.entrypoint:
        own = image.cmd if request.arguments is None else request.arguments
        given = own + odd_arguments(MOST_WORDS - len(own))
        further = request.overriding(arguments=given, environment=environment)
        # What stands in CMD need be nothing that a request may have.
        changed = changed if _fault(further) else further
    return Rerun(changed, stand_in=program)


def overridden(image: Image, good: Outcome) -> Rerun:
    """Name the program in ContainerEntrypoint, so that the image's ENTRYPOINT is not run."""
    needs_success(good)
    if good.request.entrypoint is not None:
        raise DoesNotApply("the request names a ContainerEntrypoint of its own, so ENTRYPOINT is not run")
    commands = {}
    for host in good.hosts:
        program, trace = program_of(host)
        if program == trace.command and len(program.executions) == 1:
            raise DoesNotApply("ENTRYPOINT starts the program itself and nothing before it")
        if workload.others(trace, program):
            raise DoesNotApply("ENTRYPOINT starts several programs, of which none is the job by itself")
        commands[host.name] = _command(image, program)
    command = _same_everywhere(commands)
    request = good.request.overriding(entrypoint=command, environment=good.request.environment)
    fault = _fault(request)
    if fault:
        raise DoesNotApply(f"the program's command is no ContainerEntrypoint that the API takes: {fault}")
    return Rerun(request)


def with_own_reserved(image: Image, replaced: Outcome) -> Rerun | None:
    """Leave what the image ships below /opt/ml; None where the run could only end as the other one did."""
    failed = any(failed_by_itself(host) for host in replaced.hosts)
    if not failed or not any(image.files.below(RESERVED)) or Lifted.MOUNTS in replaced.conditions.lifted:
        return None
    return Rerun(replaced.request)


def odd_arguments(count: int) -> tuple[str, ...]:
    """So many arguments, the odd ones first, one as long as may be, all different."""
    words = (*ODD_WORDS, "x" * LONGEST_WORD)
    return (*words, *(f"argument {number}" for number in range(len(words), count)))[: max(count, 0)]


def odd_environment(count: int) -> dict[str, str]:
    """So many variables, most of them as long as may be."""
    return {f"CONFORMANCE_{number}": _padded(number) for number in range(max(count, 0))}


def _same_everywhere(started: dict[str, What]) -> What:
    """What ENTRYPOINT starts, by host; one request has one command for all of them."""
    first, *others = started.items()
    for name, what in others:
        if what != first[1]:
            raise DoesNotApply(f"ENTRYPOINT starts {_shown(what)} on {name}, and {_shown(first[1])} on {first[0]}")
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


def _padded(number: int) -> str:
    value = ODD_VALUES[number % len(ODD_VALUES)]
    # The first of each kind as it is, a value in which nothing else stands; the others as long as may be.
    return value if number < len(ODD_VALUES) else (value or "x").ljust(LONGEST_WORD, "x")
