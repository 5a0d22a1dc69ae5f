"""How the container is started."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.contract import BYOC
from conformance.declaration import DOCUMENTED, MUST, OBSERVED, SHOULD, DoesNotApply, NotJudged, check
from conformance.evidence import last_words, program_of, shortfalls
from conformance.image import Image
from conformance.job import DEFAULT_COMMAND, OVERRIDDEN, STAND_IN, JobRequest
from conformance.outcome import Host, Outcome
from conformance.standin import Witness

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
    clause="Processing runs the image as `docker run` does, with the image's ENTRYPOINT and CMD where the request "
    "overrides neither.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Run the image by hand and read the engine's message: a missing `#!` line, interpreter, loader, user or "
    "working directory keeps it from starting.",
    explained_by=(*STARTS, "reserved.nothing-required"),
)
def default_command(image: Image, outcome: Outcome) -> Iterator[str]:
    """What the program does once it runs is not judged here."""
    if not image.argv:
        raise DoesNotApply("the image has no command; see image.has-command")
    for host in outcome.hosts:
        refusal = start_failure(host)
        if refusal:
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
    """Without an ENTRYPOINT the first argument is started, which may be meant so where there is such a program."""
    alone = [request for request in requests if request.arguments and request.entrypoint is None]
    if image.entrypoint or not alone:
        raise DoesNotApply("the image has an ENTRYPOINT, or no request gives it ContainerArguments alone")
    for request in alone:
        first = (request.arguments or ("",))[0]
        if image.executable(first).file is None:
            yield (
                f"Expected an ENTRYPOINT for the ContainerArguments of job {request.name}, and the image has none, so "
                f"that {first!r} is to be started, which is no program of the image."
            )


@check(
    "launch.arguments-reach-the-program",
    SHOULD,
    "ContainerArguments reach the program that does the work, as they were given",
    job=STAND_IN,
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
    if good.request.entrypoint is not None or not image.entrypoint:
        raise DoesNotApply("it is not the image's ENTRYPOINT that gets ContainerArguments")
    own = len(image.cmd if good.request.arguments is None else good.request.arguments)
    given = (seen.request.arguments or ())[own:]
    for before, host in zip(good.hosts, seen.hosts, strict=True):
        got = witness_of(before, host).argv
        if _in_a_row(given, got):
            continue
        lost = [word for word in given if word not in got]
        some = f"{len(given) - len(lost)} of them" if len(lost) < len(given) else "none of them"
        which = f"{lost[0]!r} is not among its arguments" if lost else "they are in another order"
        program = list(got[:2])
        yield f"Expected {len(given)} odd arguments to reach {program} on {host.name}, and it got {some}: {which}."


@check(
    "launch.program-runs-by-itself",
    SHOULD,
    "The program works when ContainerEntrypoint names it",
    job=OVERRIDDEN,
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
    for shortfall in shortfalls(good, overridden):
        yield f"Expected {entrypoint} to do the job where ContainerEntrypoint names it, and {shortfall}."


def witness_of(before: Host, host: Host) -> Witness:
    """What the stand-in found in the program's place.

    Raises:
        NotJudged: it was not started there.
    """
    program, _ = program_of(before)
    # An interpreter may run other programs too.
    found = [witness for witness in host.witnesses if witness.argv[:2] == program.argv[:2]]
    if not found:
        raise DoesNotApply(
            f"with further arguments and variables {host.name} did not start {list(program.argv[:2])}: it exited with "
            f"{host.exit_code}{last_words(host)}"
        )
    return found[-1]


def _in_a_row(wanted: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether words hold all the wanted ones one after the other."""
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))


def start_failure(host: Host) -> str:
    """Why the program did not come to run, or nothing where it did."""
    if not host.started:
        return f"the engine refused: {host.start_error}"
    # A program that never ran said nothing else.
    said = [line.strip() for line in (host.stdout.text + host.stderr.text).splitlines() if line.strip()]
    if host.exit_code and said and all(EXEC_FAILED.fullmatch(line) for line in said):
        return f"it could not be executed (exit code {host.exit_code}): {said[0]}"
    return ""


def needs_start(outcome: Outcome) -> None:
    """Leave it to another check where a container did not start: what it would have done cannot be told."""
    if not all(host.started for host in outcome.hosts):
        raise NotJudged("the container did not start", see="exit.zero-on-success")
