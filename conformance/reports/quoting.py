"""Words of a command line that can be shown and pasted, whatever stands in them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from conformance import text

_PLAIN = frozenset(map(chr, range(0x20, 0x7F))) - frozenset("'\\#:")
"""What stands for itself between `$'` and `'`; the number sign and the colon may begin a command of a CI service."""


def quote(word: str) -> str:
    """A word as a shell reads it back, which steers no terminal.

    What a terminal must not be shown stands as octal escapes in `$'...'`, which bash, ksh and zsh read, and POSIX since
    2024; all else is quoted for any shell.
    """
    if text.line(word) == word:
        return shlex.quote(word)
    return "$'" + "".join(map(_shown, _encoded(word))) + "'"


def join(words: Iterable[str]) -> str:
    """A command line of these words."""
    return " ".join(map(quote, words))


def _shown(byte: int) -> str:
    return chr(byte) if chr(byte) in _PLAIN else f"\\{byte:03o}"


def _encoded(word: str) -> bytes:
    try:
        return word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, as JSON can write it
        return word.encode("utf-8", "surrogatepass")
