"""What the user's requests use of the image's own command, and what their runs show about its process 1."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.image.image import Image
from conformance.image.shell import ends_in_exec, hands_on_arguments, is_broken_array, is_shell_form, shell_command
from conformance.job.request import JobRequest
from conformance.outcome import workload
from conformance.outcome.outcome import Outcome
from conformance.outcome.trace import Process
from conformance.rule.declaration import Advice, DoesNotApply
from conformance.shells import SHELLS

NOT_USED = "every request has its own ContainerEntrypoint"


NAMED_BY_ARGUMENTS = "every request names the program itself"
"""In ContainerArguments, which replace CMD if there is no ENTRYPOINT."""


def always_overridden(requests: Sequence[JobRequest]) -> bool:
    """Whether there are requests and each has an entrypoint, so that the image's own command never runs."""
    return bool(requests) and all(request.entrypoint for request in requests)


def uses_command(image: Image, request: JobRequest) -> bool:
    """Whether a request runs the image's own program: without ENTRYPOINT, arguments name another one."""
    return not request.entrypoint and bool(image.entrypoint or not request.arguments)


def as_run(image: Image, request: JobRequest) -> Image:
    """The image as a container of the request has it: with its Environment, and its arguments instead of CMD.

    The engine looks up a program in the PATH of the container, not of the image.
    """
    return replace(
        image,
        cmd=image.cmd if request.arguments is None else request.arguments,
        environment={**image.environment, **request.environment},
    )


def commands(image: Image, requests: Sequence[JobRequest]) -> tuple[Image, ...]:
    """The image as each request that uses its command has it; unchanged without requests."""
    if not requests:
        return (image,)
    return tuple(as_run(image, request) for request in requests if uses_command(image, request))


def of_used_commands(rule: Callable[[Image], Iterator[str]]) -> Callable[[Image, Sequence[JobRequest]], Iterator[str]]:
    """Turn a rule on the image's command into a judge that applies it to the command as each request runs it.

    The rule does not apply to a command that no request runs.
    """

    @functools.wraps(rule)
    def judge(image: Image, requests: Sequence[JobRequest]) -> Iterator[str]:
        used = commands(image, requests)
        if used:
            yield from dict.fromkeys(sentence for view in used for sentence in rule(view))
        elif any(rule(image)):
            raise DoesNotApply(NOT_USED if always_overridden(requests) else NAMED_BY_ARGUMENTS)

    # Not that of the rule, which `functools.wraps` would have a declaration see.
    judge.__signature__ = inspect.signature(judge, follow_wrapped=False)  # type: ignore[attr-defined] # `inspect` reads it
    return judge


@dataclass(frozen=True, slots=True)
class FirstProcess:
    """What runs show of a process 1 that began as a shell: whether it was seen, and which program it became."""

    seen: bool = False
    became: tuple[str, ...] = ()


def first_process(runs: Sequence[Outcome]) -> FirstProcess:
    """What process 1 became on each host of these runs; a shell that stayed one on a single host is one that stays."""
    traces = [host.trace for run in runs for host in run.hosts if host.trace is not None]
    firsts = [trace.command for trace in traces if trace.command is not None and trace.command.executions]
    if not firsts or not all(_left_its_shell(first) for first in firsts):
        return FirstProcess(seen=bool(firsts))
    return FirstProcess(seen=True, became=firsts[0].argv)


def _left_its_shell(process: Process) -> bool:
    names = [workload.program(replace(process, executions=(run,))) for run in process.executions]
    return names[-1] not in SHELLS and any(name in SHELLS for name in names[:-1])


def shell_in_the_way(image: Image, command: str, runs: Sequence[Outcome]) -> str:
    """What is wrong with a command that starts a shell; nothing where that becomes the program, arguments and all."""
    which, words = ("ENTRYPOINT", image.entrypoint) if image.entrypoint else ("CMD", image.cmd)
    shown = first_process(runs)
    becomes = ends_in_exec(command) or bool(shown.became)
    # CMD gets no arguments: they come in its place.
    loss = "" if not image.entrypoint or hands_on_arguments(command) else ", and ContainerArguments are swallowed"
    if not is_shell_form(words, image.shell):
        if becomes:
            swallows = f"Expected ContainerArguments to be passed on, but {which} {list(words)} swallows them."
            return swallows if loss else ""
        stays = "which stayed process 1 in the run" if shown.seen else "which gets the signals unless it uses exec"
        return f"Expected {which} to start the program itself, but {list(words)} starts a shell, {stays}{loss}."
    if is_broken_array(command):
        quotes = " (JSON strings need double quotes)" if "'" in command else ""
        array = f"{which} {command} is not a JSON array{quotes}"
        return f"Expected {which} in exec form, but {array}, so Docker runs it with `{' '.join(words[:-1])}`."
    found = f"Expected {which} in exec form, but it is in shell form, {list(words)}: "
    if shown.became:
        return Advice(
            f"{found}in the run the shell replaced itself with {list(shown.became[:2])}, which not every shell "
            f"does{loss}."
        )
    if becomes:
        return Advice(f"{found}its `exec` makes the program process 1{loss}.")
    stays = "in the run the shell stayed process 1" if shown.seen else "Docker starts a shell as process 1"
    return f"{found}{stays}, which gets the signals{loss}."


def only_command(image: Image, outcome: Outcome) -> str:
    """Why little was done if a shell's `-c` takes only the first of several arguments as its command."""
    before = image.entrypoint if outcome.request.entrypoint is None else outcome.request.entrypoint
    first, *others = outcome.request.arguments or ("",)
    command = shell_command((*before, first))
    if not others or shell_command(before) is not None or command != first or hands_on_arguments(first):
        return ""
    why = f"runs only the first of ContainerArguments, {first!r}, and uses the others as $0, $1 and so on"
    return f": `{' '.join(before)}` {why}"
