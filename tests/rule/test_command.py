"""What requests use of the image's own command, and what of a shell in its way is said."""

import inspect
from collections.abc import Iterator
from dataclasses import replace

import pytest

from conformance.image.image import Image
from conformance.outcome.outcome import Outcome
from conformance.outcome.trace import Execution, Process, Trace
from conformance.rule import command
from conformance.rule.declaration import DoesNotApply
from tests.support.outcomes import host, image, outcome, request

OWN = request(overrides={"ContainerEntrypoint": ["/other"]})


def rule(view: Image) -> Iterator[str]:
    """A rule that tells which command it saw, unless it is a good one."""
    if view.cmd != ("good",):
        yield f"{list(view.entrypoint)} {list(view.cmd)}"


def test_a_judge_of_used_commands_takes_the_requests() -> None:
    """A declaration asks for its parameters, which are not those of the rule; its name is the rule's."""
    judge = command.of_used_commands(rule)

    assert ["image", "requests"] == list(inspect.signature(judge).parameters)
    assert inspect.isgeneratorfunction(judge)
    assert "rule" == judge.__name__


def test_each_command_that_is_used_is_judged_once() -> None:
    """As each request has it run; without a request as it is."""
    judge = command.of_used_commands(rule)
    requests = [request(overrides={"ContainerArguments": [word]}) for word in ("a", "good", "b", "a")]

    assert ["['/run'] ['a']", "['/run'] ['b']"] == list(judge(image(entrypoint=["/run"]), [*requests, OWN]))
    assert ["['/run'] ['x']"] == list(judge(image(entrypoint=["/run"], cmd=["x"]), []))


@pytest.mark.parametrize(
    ("of", "requests", "reason"),
    [
        (image(entrypoint=["/run"]), [OWN], command.NOT_USED),
        (
            image(entrypoint=[], cmd=["x"]),
            [OWN, request(overrides={"ContainerArguments": ["/a"]})],
            command.NAMED_BY_ARGUMENTS,
        ),
    ],
)
def test_what_is_wrong_with_a_command_that_nobody_uses_is_not_judged(
    of: Image, requests: list[object], reason: str
) -> None:
    """The reason says why it is not used."""
    with pytest.raises(DoesNotApply, match=f"^{reason}$"):
        list(command.of_used_commands(rule)(of, requests))  # type: ignore[arg-type] # requests


def test_a_good_command_that_nobody_uses_conforms() -> None:
    """There is nothing to decline."""
    assert [] == list(command.of_used_commands(rule)(image(entrypoint=["/run"], cmd=["good"]), [OWN]))


# Process 1


def begun(*commands: tuple[str, ...]) -> Outcome:
    """A run whose process 1 became these programs, one after the other."""
    executions = tuple(Execution(float(at), float(at), argv, argv[0]) for at, argv in enumerate(commands))
    first = Process(1, 0, 1.0, executions, 9.0, 0)
    return outcome(host(trace=Trace((first,), tracer=2)))


@pytest.mark.parametrize(
    ("runs", "shown"),
    [
        ([], command.FirstProcess()),
        ([outcome(host())], command.FirstProcess()),
        ([begun()], command.FirstProcess()),
        ([begun(("/bin/sh", "-c", "x"))], command.FirstProcess(seen=True)),
        ([begun(("/job", "a"))], command.FirstProcess(seen=True)),
        ([begun(("/bin/sh",), ("/job", "a"))], command.FirstProcess(seen=True, became=("/job", "a"))),
        ([begun(("/init",), ("/bin/sh",), ("/job",))], command.FirstProcess(seen=True, became=("/job",))),
        ([begun(("/init",), ("/job",))], command.FirstProcess(seen=True)),
        ([begun(("/init",), ("/bin/sh",))], command.FirstProcess(seen=True)),
        ([begun(("/bin/sh",), ("/job",)), begun(("/bin/sh",))], command.FirstProcess(seen=True)),
    ],
    ids=["no run", "untraced", "unseen", "stays", "none", "becomes", "later", "another", "ends as one", "of two"],
)
def test_a_shell_is_left_where_all_runs_show_it(runs: list[Outcome], shown: command.FirstProcess) -> None:
    """It may come after an init, and one run in which it stays is enough to say that it stays."""
    assert shown == command.first_process(runs)


def test_the_shell_form_is_that_of_the_images_own_shell() -> None:
    """SHELL of the Dockerfile is what the engine puts before it."""
    words = ("/bin/bash", "-o", "pipefail", "-c")
    of = image(entrypoint=[*words, "/job"], shell=words)

    assert command.shell_in_the_way(of, "/job", ()).startswith("Expected ENTRYPOINT in exec form, but it is in shell")
    assert command.shell_in_the_way(replace(of, shell=()), "/job", ()).startswith(
        "Expected ENTRYPOINT to start the program itself, but"
    )
