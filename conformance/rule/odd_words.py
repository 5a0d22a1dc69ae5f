"""Arguments and variables that a wrapper which does not quote them changes on the way to the program."""

from __future__ import annotations

MOST_WORDS = 100
LONGEST_WORD = 256
"""The API model's limits on ContainerEntrypoint, ContainerArguments, and variables and their values."""

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
"""Arguments that a shell changes unless they are quoted, or that look like options."""

ODD_VALUES = (*ODD_WORDS, "two\nlines\n", "", "a=b=c", "\\n", "\r\n")
"""The same for variables, whose values may be empty or contain line feeds."""


def odd_arguments(count: int) -> tuple[str, ...]:
    """This many different arguments: the unusual ones first, one of maximum length."""
    words = (*ODD_WORDS, "x" * LONGEST_WORD)
    return (*words, *(f"argument {number}" for number in range(len(words), count)))[: max(count, 0)]


def odd_environment(count: int) -> dict[str, str]:
    """This many variables, most of maximum length."""
    return {f"CONFORMANCE_{number}": _padded(number) for number in range(max(count, 0))}


def _padded(number: int) -> str:
    value = ODD_VALUES[number % len(ODD_VALUES)]
    # The first of each kind as it is, a value in which nothing else stands; the others as long as may be.
    return value if number < len(ODD_VALUES) else (value or "x").ljust(LONGEST_WORD, "x")
