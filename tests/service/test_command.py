"""What runs follows the developer guide's table of the four combinations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.service.command import argv
from tests.support.outcomes import image, request


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, ["python3", "/processing.py", "--rows", "10"]),
        ({"ContainerArguments": ["--all"]}, ["python3", "/processing.py", "--all"]),
        ({"ContainerEntrypoint": ["/bin/count"]}, ["/bin/count"]),
        ({"ContainerEntrypoint": ["/bin/count", "-v"], "ContainerArguments": ["--all"]}, ["/bin/count", "-v", "--all"]),
    ],
    ids=["neither", "arguments", "entrypoint", "both"],
)
def test_the_table(overrides: dict[str, list[str]], expected: list[str]) -> None:
    """One row each."""
    found = argv(image(cmd=["--rows", "10"]), request(overrides=overrides))

    assert expected == list(found)


def test_arguments_of_an_image_without_entrypoint_are_the_command() -> None:
    """The first of them is what is executed, as with `docker run`."""
    found = argv(image(entrypoint=[], cmd=["python3"]), request(overrides={"ContainerArguments": ["--all"]}))

    assert ("--all",) == found


def test_nothing_is_run_where_nothing_is_named() -> None:
    """Neither by the image nor by the request."""
    assert () == argv(image(entrypoint=[]), request())


words = st.lists(st.text(), max_size=3)
overrides = st.none() | st.lists(st.text(), min_size=1, max_size=3)


@given(words, words, overrides, overrides)
def test_the_table_for_any_words(
    entrypoint: list[str], cmd: list[str], container_entrypoint: list[str] | None, arguments: list[str] | None
) -> None:
    """An entrypoint of the request replaces the image's with its CMD; arguments replace CMD alone."""
    given_words = {"ContainerEntrypoint": container_entrypoint, "ContainerArguments": arguments}
    asked = request(overrides={member: value for member, value in given_words.items() if value is not None})
    first = entrypoint if container_entrypoint is None else container_entrypoint
    rest = arguments if arguments is not None else (cmd if container_entrypoint is None else [])

    assert (*first, *rest) == argv(image(entrypoint=entrypoint, cmd=cmd), asked)
