"""Shell form, as it looks in an image: the engine stores `ENTRYPOINT run` as the SHELL's words and one string."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish"})
TAKES_A_WORD = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})
"""Options of shells that take the next word for themselves, as `-o pipefail`."""


def shell_command(argv: Sequence[str]) -> str | None:
    """The command string where argv is a shell with `-c`; None where it is anything else.

    It sees through `/usr/bin/env` and `busybox`, and through any options before `-c`: `SHELL ["bash", "-o",
    "pipefail", "-c"]` leaves them. A wrapper script, `tini -- sh -c ...` or `conda run ...` is not shell form: the
    engine starts that very program.
    """
    words = list(argv)
    if words and posixpath.basename(words[0]) == "env":
        words = words[1:]
        while words and (words[0] in {"-S", "-i", "-"} or re.fullmatch(r"\w+=.*", words[0], re.DOTALL)):
            words = words[1:]
        if words and " " in words[0]:
            words = words[0].split() + words[1:]
    if words and posixpath.basename(words[0]) == "busybox":
        words = words[1:]
    if not words or posixpath.basename(words[0]) not in SHELLS:
        return None
    words = words[1:]
    while words and words[0].startswith(("-", "+")):
        option, words = words[0], words[1:]
        if option in TAKES_A_WORD:
            words = words[1:]
        elif re.fullmatch(r"-[A-Za-z]*c[A-Za-z]*", option):
            return _string_after(option, words)
    return None


def _string_after(option: str, words: list[str]) -> str | None:
    # In a cluster as `-eo`, the o takes a word too: `bash -ceo pipefail 'string'`.
    if "o" in option:
        words = words[1:]
    while words and words[0].startswith("-") and words[0] != "-":
        words = words[2:] if words[0] in TAKES_A_WORD else words[1:]
    return words[0] if words else None
