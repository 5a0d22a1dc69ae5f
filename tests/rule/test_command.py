"""What requests use of the image's own command, and what of a shell in its way is said."""

import inspect
from collections.abc import Iterator

import pytest

from conformance.image.image import Image
from conformance.rule import command
from conformance.rule.declaration import DoesNotApply
from tests.support.outcomes import image, request

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
