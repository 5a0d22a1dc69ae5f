"""Shell form, as it looks in an image: the engine stores `ENTRYPOINT run` as the SHELL's words and one string."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence

from conformance.shells import SHELLS

TAKES_A_WORD = re.compile(r"[-+][A-Za-z]*[oO]|--rcfile|--init-file")
"""Options of shells that take the next word for themselves, alone or at the end of a cluster: `-eo pipefail`."""

COMMAND_OPTION = re.compile(r"-[A-Za-z]*c[A-Za-z]*")

DEFAULT_SHELL = ("/bin/sh", "-c")
"""What Docker runs a shell form with if there is no SHELL instruction."""

ENV_OPTIONS = re.compile(r"-|-i|-S|\w+=.*", re.DOTALL)
ENV_OPTIONS_WITH_A_WORD = frozenset({"-u", "-C"})


def shell_command(argv: Sequence[str], shell: Sequence[str] = ()) -> str | None:
    """The command string if argv is a shell with `-c`; None otherwise.

    It sees through `/usr/bin/env` and `busybox`, and through any options before `-c`: `SHELL ["bash", "-o",
    "pipefail", "-c"]` leaves them. A wrapper script, `tini -- sh -c ...` or `conda run ...` is not shell form: the
    engine starts that very program, unless those are the words of the image's own SHELL, given as `shell`.
    """
    words = list(argv)
    if shell and COMMAND_OPTION.fullmatch(shell[-1]) and words[:-1] == list(shell):
        return words[-1]
    if words and posixpath.basename(words[0]) == "env":
        words = after_env(words[1:])
    if words and posixpath.basename(words[0]) == "busybox":
        words = words[1:]
    if not words or posixpath.basename(words[0]) not in SHELLS:
        return None
    words = words[1:]
    while words and words[0].startswith(("-", "+")) and words[0] not in {"-", "--"}:
        option, words = words[0], words[1:]
        if COMMAND_OPTION.fullmatch(option):
            return _string_after(option, words)
        if TAKES_A_WORD.fullmatch(option):
            words = words[1:]
    return None


def is_shell_form(argv: Sequence[str], shell: Sequence[str] = ()) -> bool:
    """Whether argv is what the engine makes of shell form; any other way to start a shell was written in exec form."""
    return len(argv) > 1 and tuple(argv[:-1]) in {DEFAULT_SHELL, tuple(shell)}


def is_broken_array(command: str) -> bool:
    """Whether a command string was meant as exec form: it starts like a JSON array, and unlike a shell's test."""
    text = command.strip()
    is_spaced = text.startswith("[") and text[1:2].isspace() and text.endswith("]") and "," in text[2:-1]
    return is_spaced or re.match(r"\[[^\s\[]", text) is not None


def hands_on_arguments(command: str) -> bool:
    """Whether a command string uses the words that follow it, as `sh -c 'program "$@"' --` does."""
    return re.search(r"\$\{?[@*1-9]", command) is not None


def ends_in_exec(command: str) -> bool:
    """Whether the last of a string's commands is `exec program`, by which the shell itself becomes the program.

    Not after `||` or in a pipeline, where it might not be reached, or only in a process of its own.
    """
    lexer = shlex.shlex(command.strip(), posix=True, punctuation_chars=";&|()<>\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    try:
        tokens = list(lexer)
    except ValueError:
        return False
    while tokens and not tokens[-1].strip(";\n"):
        tokens.pop()
    ends = [at for at, token in enumerate(tokens) if not token.strip(";&|()\n")]
    last = tokens[ends[-1] + 1 :] if ends else tokens
    while last and re.match(r"\w+=", last[0]):
        last = last[1:]
    joined_by = tokens[ends[-1]].strip(";\n") if ends else ""
    return joined_by in {"", "&", "&&"} and last[:1] == ["exec"] and bool(last[1:]) and last[1].strip("<>&") != ""


def after_env(arguments: Sequence[str]) -> list[str]:
    """The command that `env` runs with these arguments, without the options of `env`."""
    words = list(arguments)
    while words and (ENV_OPTIONS.fullmatch(words[0]) or words[0] in ENV_OPTIONS_WITH_A_WORD):
        words = words[2:] if words[0] in ENV_OPTIONS_WITH_A_WORD else words[1:]
    return words[0].split() + words[1:] if words and " " in words[0] else words


def _string_after(option: str, words: list[str]) -> str | None:
    # In a cluster as `-eo`, the o takes a word too: `bash -ceo pipefail 'string'`.
    if "o" in option:
        words = words[1:]
    while words and words[0].startswith("-") and words[0] != "-":
        words = words[2:] if TAKES_A_WORD.fullmatch(words[0]) else words[1:]
    return words[0] if words else None
