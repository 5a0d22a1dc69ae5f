"""How the container is started."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from conformance.image.image import Image
from conformance.image.shell import hands_on_arguments, shell_command
from conformance.job.request import JobRequest
from conformance.job.variation import DEFAULT_COMMAND, OVERRIDDEN, STAND_IN
from conformance.outcome import workload
from conformance.outcome.outcome import Host, Outcome
from conformance.outcome.standin import Witness
from conformance.rule.command import as_run, uses_command
from conformance.rule.contract import BYOC
from conformance.rule.declaration import DOCUMENTED, MUST, OBSERVED, SHOULD, DoesNotApply, NotJudged, check
from conformance.rule.evidence import end_of, lines, missing_outputs, named, program_of, shortfalls, succeeded
from conformance.rule.sight import Sight

EXEC_FAILED = re.compile(
    r"(standard_init_linux\.go:\d+: )?exec (user process caused:? |[^:]*/[^:]*: )"
    r".*(no such file or directory|exec format error|permission denied)\W*"
)
"""What the container's runtime writes when the program that it was to become cannot be executed."""

STARTS = (
    "image.has-command",
    "image.platform",
    "image.entrypoint-exists",
    "image.entrypoint-executable",
    "image.entrypoint-shebang",
    "image.entrypoint-machine",
    "image.entrypoint-loader",
    "image.user-resolvable",
    "reserved.is-a-directory",
)
"""The checks of the image alone that say why a container may not start."""


@check(
    "launch.default-command",
    MUST,
    "The container starts when nothing is overridden",
    job=DEFAULT_COMMAND,
    sees={Sight.ENDS, Sight.LOGS},
    clause="Processing runs the image as `docker run` does, with the image's ENTRYPOINT and CMD where the request "
    "overrides neither.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Run the image by hand and read the engine's message: a missing `#!` line, interpreter, loader, user or "
    "working directory keeps it from starting.",
    explained_by=(*STARTS, "reserved.nothing-required"),
)
def default_command(image: Image, outcome: Outcome, requests: Sequence[JobRequest]) -> Iterator[str]:
    """What the program does once it runs is not judged here.

    A start that fails is nobody's where each request runs another program, or looks for it in a PATH of its own.
    """
    if not image.argv:
        raise DoesNotApply("the image has no command; see image.has-command")
    for host in outcome.hosts:
        refusal = start_failure(host)
        if not refusal:
            continue
        if requests and not any(uses_command(image, each) and "PATH" not in each.environment for each in requests):
            raise DoesNotApply("no request that was given starts the image's own command by the image's own PATH")
        yield f"Expected {list(host.argv)} to start, and {refusal}."


@check(
    "launch.arguments-need-an-entrypoint",
    MUST,
    "ContainerArguments alone come after an ENTRYPOINT",
    job=None,
    clause="With ContainerArguments alone, Processing runs ENTRYPOINT with them; they take the place of CMD.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Give the image an ENTRYPOINT in exec form in the place of its CMD, or name the program in "
    "ContainerEntrypoint.",
    reproduce="docker image inspect --format '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' IMAGE",
)
def arguments_need_an_entrypoint(image: Image, requests: tuple[JobRequest, ...]) -> Iterator[str]:
    """Without an ENTRYPOINT the first argument is started, which may be meant so where there is such a program.

    The engine looks for it in the PATH of the container, which the request's Environment may set.
    """
    alone = [request for request in requests if request.arguments and request.entrypoint is None]
    if image.entrypoint:
        raise DoesNotApply("the image has an ENTRYPOINT")
    if not alone:
        raise DoesNotApply("no request gives ContainerArguments alone")
    for request in alone:
        first = (request.arguments or ("",))[0]
        if as_run(image, request).executable(first).file is None:
            yield (
                f"Expected an ENTRYPOINT for the ContainerArguments of job {request.name}, and the image has none, so "
                f"that {first!r} is to be started, which is no program of the image."
            )


@check(
    "launch.arguments-reach-the-program",
    SHOULD,
    "ContainerArguments reach the program that does the work, as they were given",
    job=STAND_IN,
    sees={Sight.ENDS, Sight.LOGS, Sight.PROCESSES, Sight.WITNESSES},
    clause="With ContainerArguments, Processing runs the image's ENTRYPOINT with them, as `docker run IMAGE ARGUMENTS` "
    "does.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy='End a wrapper script with `exec python3 /program.py "$@"`: with the quotes, and neither `$@` nor `$*`; '
    "what `sh -c` runs gets them only as `$0`, `$1` and so on.",
    explained_by=("image.entrypoint-exec-form",),
)
def arguments_reach_the_program(image: Image, good: Outcome, seen: Outcome) -> Iterator[str]:
    """Judged by a stand-in for the program, below the image's own ENTRYPOINT."""
    command = shell_command(image.entrypoint, image.shell)
    if good.request.entrypoint is None and command is not None and not hands_on_arguments(command):
        # One flaw is told once, also where that check only advises against it.
        raise NotJudged("the shell that ENTRYPOINT starts swallows them", see="image.entrypoint-exec-form")
    if good.request.entrypoint is not None or not image.entrypoint:
        raise DoesNotApply("it is not the image's ENTRYPOINT that gets ContainerArguments")
    own = len(image.cmd if good.request.arguments is None else good.request.arguments)
    given = (seen.request.arguments or ())[own:]
    if not given:
        raise DoesNotApply(
            "the job cannot be given further ContainerArguments: it has as many as it may have, or CMD is nothing that "
            "the API takes for them"
        )
    for before, host in zip(good.hosts, seen.hosts, strict=True):
        got = witness_of(before, host).argv
        # Where several programs are run by one interpreter, they may be for any of them.
        if any(_in_a_row(given, witness.argv) for witness in host.witnesses):
            continue
        _needs_one_program(before)
        lost = [word for word in given if word not in got]
        some = str(len(given) - len(lost)) if len(lost) < len(given) else "none"
        what = f"{some} of them: {lost[0]!r} is not among its arguments" if lost else "them in another order"
        yield f"Expected {len(given)} unusual arguments to reach {list(got[:2])} on {host.name}, and it got {what}."


@check(
    "launch.program-runs-by-itself",
    SHOULD,
    "The program works when ContainerEntrypoint names it",
    job=OVERRIDDEN,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.TIMES},
    clause="With ContainerEntrypoint, Processing runs that in the place of the image's ENTRYPOINT, and what a wrapper "
    "script would have prepared is not there.",
    spec=BYOC / "byoc-run-image",
    basis=OBSERVED,
    remedy="Prepare the environment when the image is built: `ENV PATH=...` instead of `conda activate` or `source` in "
    "the ENTRYPOINT's script, `WORKDIR` instead of `cd`.",
)
def program_runs_by_itself(image: Image, good: Outcome, overridden: Outcome) -> Iterator[str]:
    """The same job, without the image's ENTRYPOINT."""
    entrypoint = list(overridden.request.entrypoint or ())
    left_out = missing_outputs(good, overridden)
    if left_out and succeeded(overridden):
        raise DoesNotApply(f"ENTRYPOINT does a part of the job itself, since without it {named(left_out)} got nothing")
    for shortfall in shortfalls(good, overridden):
        yield f"Expected {entrypoint} to do the job where ContainerEntrypoint names it, and {shortfall}."


def witness_of(before: Host, host: Host) -> Witness:
    """What the stand-in found in the program's place.

    Raises:
        NotJudged: it was not started there.
    """
    program, trace = program_of(before)
    runs = (run for process in trace.processes for run in process.executions)
    # The same interpreter may run other programs too: a witness stands for that one which it is most like.
    others = [run.argv for run in runs if run.executable == program.executable]
    for witness in reversed(host.witnesses):
        likest = max((program.argv, *others), key=lambda argv: _alike(argv, witness.argv))
        if likest == program.argv and witness.argv[:2] == program.argv[:2]:
            return witness
    raise DoesNotApply(
        f"with further arguments and variables {host.name} did not start {list(program.argv[:2])}, and {end_of(host)}"
    )


def _needs_one_program(before: Host) -> None:
    """Blame no program for arguments that may be for another one, which nothing stood in for."""
    program, trace = program_of(before)
    others = [other for other in workload.others(trace, program) if other.executable != program.executable]
    if others:
        raise DoesNotApply(f"ENTRYPOINT starts {list(others[0].argv)} too, and ContainerArguments may be for that one")


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """With how many of the same words two commands begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _in_a_row(wanted: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether words hold all the wanted ones one after the other."""
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))


def start_failure(host: Host) -> str:
    """Why the program did not come to run, or nothing where it did."""
    if not host.started:
        return f"the engine refused: {host.start_error}"
    # A program that never ran said nothing else.
    said = lines(host)
    if host.exit_code and said and all(EXEC_FAILED.fullmatch(line) for line in said):
        return f"it could not be executed (exit code {host.exit_code}): {said[0]}"
    return ""


def needs_start(outcome: Outcome) -> None:
    """Leave it to another check where a container did not start: what it would have done cannot be told."""
    if not all(host.started for host in outcome.hosts):
        raise NotJudged("the container did not start", see="exit.zero-on-success")
