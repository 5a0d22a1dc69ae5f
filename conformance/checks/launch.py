"""How the container is started."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from conformance.image.image import Image
from conformance.image.shell import hands_on_arguments, shell_command
from conformance.job.request import JobRequest
from conformance.job.variation import DEFAULT_COMMAND, OVERRIDDEN, STAND_IN
from conformance.outcome import workload
from conformance.outcome.outcome import Host, Outcome
from conformance.outcome.standin import Witness
from conformance.rule.command import as_run, uses_command
from conformance.rule.contract import BYOC
from conformance.rule.declaration import DOCUMENTED, MUST, OBSERVED, SHOULD, DoesNotApply, NotJudged, OnAws, check
from conformance.rule.evidence import (
    LINE_CHARACTERS,
    end_of,
    failed_by_itself,
    lines,
    missing_outputs,
    named,
    program_of,
    shortfalls,
    succeeded,
)
from conformance.rule.sight import Sight

EXEC_FAILED = re.compile(
    r"(standard_init_linux\.go:\d+: )?exec (user process caused:? |(?=[^:/]*/)[^:]*: )"
    r".*(no such file or directory|exec format error|permission denied)\W*"
    r"|(\{\"msg\":\")?exec container process (\([^()]*\) )?`[^`]*`: "
    r"(No such file or directory|Exec format error|Permission denied)(\",\"level\":\"error\".*\})?"
)
"""What the container runtime writes if the program cannot be executed: runc, or crun with the path in backticks.

Of a user's Podman, crun writes it as JSON.
"""

TAKEN_FOR_CODE = re.compile(r"\bsyntax error\b|\bunexpected EOF while looking for matching\b", re.IGNORECASE)
"""What a shell writes of arguments that it runs as code, by `eval` or within `sh -c "..."`."""

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
"""The checks of the image alone that explain why a container does not start."""


@check(
    "launch.default-command",
    MUST,
    "The container starts with its default command",
    job=DEFAULT_COMMAND,
    sees={Sight.ENDS, Sight.LOGS},
    on_aws=OnAws.YES,
    clause="Processing runs the image like `docker run`, with the image's ENTRYPOINT and CMD if the request overrides "
    "neither.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Run the image by hand and read the engine's error: usually a missing `#!` line, interpreter, loader, user "
    "or working directory.",
    explained_by=(*STARTS, "reserved.nothing-required"),
)
def default_command(image: Image, outcome: Outcome, requests: Sequence[JobRequest]) -> Iterator[str]:
    """What the program does once it runs is not checked here.

    A failed start does not matter if each request runs another program, or looks it up in its own PATH.
    """
    if not image.argv:
        raise DoesNotApply("the image has no command; see image.has-command")
    for host in outcome.hosts:
        refusal = start_failure(host)
        if not refusal:
            continue
        if requests and not any(uses_command(image, each) and "PATH" not in each.environment for each in requests):
            raise DoesNotApply("no request starts the image's own command with the image's own PATH")
        yield f"Expected {list(host.argv)} to start, but {refusal}."


@check(
    "launch.arguments-need-an-entrypoint",
    MUST,
    "ContainerArguments alone need an ENTRYPOINT",
    job=None,
    clause="With ContainerArguments alone, Processing runs ENTRYPOINT with them; they replace CMD.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Use an exec-form ENTRYPOINT instead of CMD, or name the program in ContainerEntrypoint.",
    reproduce="docker image inspect --format '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' IMAGE",
)
def arguments_need_an_entrypoint(image: Image, requests: tuple[JobRequest, ...]) -> Iterator[str]:
    """Without an ENTRYPOINT the first argument is executed, which may be intended if there is such a program.

    The engine looks it up in the container's PATH, which the request's Environment may set.
    """
    alone = [request for request in requests if request.arguments and request.entrypoint is None]
    if image.entrypoint:
        raise DoesNotApply("the image has an ENTRYPOINT")
    if not alone:
        raise DoesNotApply("no request has ContainerArguments without ContainerEntrypoint")
    for request in alone:
        first = (request.arguments or ("",))[0]
        if as_run(image, request).executable(first).file is None:
            yield (
                f"Expected an ENTRYPOINT for the ContainerArguments of job {request.name}, but the image has none, so "
                f"{first!r} would be executed, which is not a program in the image."
            )


@check(
    "launch.arguments-reach-the-program",
    SHOULD,
    "ContainerArguments reach the program unchanged",
    job=STAND_IN,
    sees={Sight.ENDS, Sight.LOGS, Sight.PROCESSES, Sight.WITNESSES},
    clause="With ContainerArguments, Processing runs the image's ENTRYPOINT with them, like `docker run IMAGE "
    "ARGUMENTS`.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy='End a wrapper script with `exec python3 /program.py "$@"`, including the quotes, not `$@` or `$*`; '
    "a `sh -c` command gets them only as `$0`, `$1` and so on.",
)
def arguments_reach_the_program(image: Image, good: Outcome, seen: Outcome) -> Iterator[str]:
    """Checked with a stand-in for the program, started by the image's own ENTRYPOINT."""
    if good.request.entrypoint is not None or not image.entrypoint:
        raise DoesNotApply("the image's ENTRYPOINT does not get ContainerArguments")
    command = shell_command(image.entrypoint, image.shell)
    if command is not None and not hands_on_arguments(command):
        # One flaw is reported once, even if that check only gives advice.
        raise NotJudged(
            "the shell that ENTRYPOINT starts swallows ContainerArguments", see="image.entrypoint-exec-form"
        )
    own = len(image.cmd if good.request.arguments is None else good.request.arguments)
    given = (seen.request.arguments or ())[own:]
    if not given:
        raise DoesNotApply(
            "no ContainerArguments can be added: the request has the maximum, or CMD is not valid as ContainerArguments"
        )
    for before, host in zip(good.hosts, seen.hosts, strict=True):
        if complaint := _taken_for_code(before, host):
            yield (
                f"Expected {len(given)} unusual arguments to reach {list(program_of(before)[0].argv[:2])} on "
                f"{host.name}, but a shell took them for code: {complaint[:LINE_CHARACTERS]!r}."
            )
            continue
        got = witness_of(before, host).argv
        # If one interpreter runs several programs, the arguments may be for any of them.
        if any(_in_a_row(given, witness.argv) for witness in host.witnesses):
            continue
        _needs_one_program(before)
        lost = [word for word in given if word not in got]
        some = str(len(given) - len(lost)) if len(lost) < len(given) else "none"
        what = f"{some} of them: {lost[0]!r} is missing" if lost else "them in a different order"
        yield f"Expected {len(given)} unusual arguments to reach {list(got[:2])} on {host.name}, but it got {what}."


@check(
    "launch.program-runs-by-itself",
    SHOULD,
    "The program works as ContainerEntrypoint",
    job=OVERRIDDEN,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.TIMES},
    clause="ContainerEntrypoint replaces the image's ENTRYPOINT, so what a wrapper script would have set up is "
    "missing.",
    spec=BYOC / "byoc-run-image",
    basis=OBSERVED,
    remedy="Set up the environment when the image is built: `ENV PATH=...` instead of `conda activate` or `source` in "
    "the ENTRYPOINT script, `WORKDIR` instead of `cd`.",
)
def program_runs_by_itself(image: Image, good: Outcome, both: Outcome, overridden: Outcome) -> Iterator[str]:
    """The same job, without the image's ENTRYPOINT; a stand-in does it with ContainerArguments as well."""
    entrypoint = list(overridden.request.entrypoint or ())
    left_out = missing_outputs(good, overridden)
    if left_out and succeeded(overridden):
        raise DoesNotApply(f"ENTRYPOINT does part of the job itself: without it, {named(left_out)} got no files")
    found = [*shortfalls(good, overridden)] or [f"with ContainerArguments {each}" for each in shortfalls(good, both)]
    for shortfall in found:
        yield f"Expected {entrypoint} to do the job as ContainerEntrypoint, but {shortfall}."


def witness_of(before: Host, host: Host) -> Witness:
    """What the stand-in saw in place of the program.

    Raises:
        NotJudged: it was not started.
    """
    program, trace = program_of(before)
    head = program.argv[:2]
    runs = (run for process in trace.processes for run in process.executions)
    # The same interpreter may run other programs too: a witness stands for that one which it is most like.
    others = [run.argv for run in runs if run.executable == program.executable]
    for witness in reversed(host.witnesses):
        likest = max((program.argv, *others), key=lambda argv: len(posixpath.commonprefix([argv, witness.argv])))
        if likest == program.argv and witness.argv[: len(head)] == head:
            return witness
    raise DoesNotApply(
        f"with additional arguments and variables {host.name} did not start {list(head)} and {end_of(host)}"
    )


def _needs_one_program(before: Host) -> None:
    """Blame no program for arguments that may be for another one, without a stand-in."""
    program, trace = program_of(before)
    others = [other for other in workload.others(trace, program) if other.executable != program.executable]
    if others:
        raise DoesNotApply(f"ENTRYPOINT also starts {list(others[0].argv)}, which the ContainerArguments may be for")


def _taken_for_code(before: Host, host: Host) -> str:
    """What a shell said of it, where the program was not started; empty if none did or the job has it say so anyway."""
    if host.witnesses or not failed_by_itself(host):
        return ""
    usual = lines(before)
    return next((line for line in lines(host) if TAKEN_FOR_CODE.search(line) and line not in usual), "")


def _in_a_row(wanted: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether the words contain all the wanted ones in sequence."""
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words)))


def start_failure(host: Host) -> str:
    """Why the program did not start; empty if it did."""
    if not host.started:
        return f"the engine reported: {host.start_error}"
    # A program that never ran said nothing else.
    said = lines(host)
    unread = _unread(host.argv[0]) if host.argv else EXEC_FAILED
    if host.exit_code and said and all(EXEC_FAILED.fullmatch(line) or unread.fullmatch(line) for line in said):
        return f"it could not be executed (exit code {host.exit_code}): {said[0]}"
    return ""


def _unread(word: str) -> re.Pattern[str]:
    """What an interpreter writes if USER may not read the script that the command names: dash, bash, Python, Perl.

    Docker 28 starts such a script, with rights that its interpreter does not have; an engine before it refuses to. Of
    what the script itself does, a shell would name the line.
    """
    path = rf"(?:[^:'\"]*/)?{re.escape(posixpath.basename(word))}"
    return re.compile(
        rf"[^:]+: (?:(?:0: )?cannot open |can't open (?:file )?)?'?{path}'?: (?:\[Errno 13\] )?Permission denied"
        rf"|Can't open perl script \"{path}\": Permission denied"
    )


def needs_start(outcome: Outcome) -> None:
    """Leave a container that did not start to another check."""
    if not all(host.started for host in outcome.hosts):
        raise NotJudged("the container did not start", see="exit.zero-on-success")
