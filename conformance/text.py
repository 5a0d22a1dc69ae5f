"""Text that is shown although others wrote it: an image, a request or an engine may have put anything into it.

Raw, it stands only where a machine reads it, such as `report.json`. Wherever a person or a CI service reads it, it has
passed through `line` or `lines`: every string that the suite prints, and the texts in its JUnit file.
"""

from __future__ import annotations

import re

SENTENCE_CHARACTERS = 2_000
"""The most of a sentence that is shown: a process may have megabytes of arguments."""

_END_CHARACTERS = 400
"""How much of that is the sentence's end, which says what was wrong."""

_INVISIBLE = frozenset(
    map(chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0))
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Letters and marks that show nothing, though Unicode counts them as printable (`Default_Ignorable_Code_Point`)."""

_RAW_BYTES = range(0xDC80, 0xDD00)
"""What `surrogateescape` makes of the bytes 0x80 to 0xFF where they are not UTF-8."""

_COMMAND_AT_START = re.compile(r"^( *):(?=:)")
"""How GitHub's runner recognises a workflow command, `::error::`, whatever is indented before it."""

_COMMAND_ANYWHERE = re.compile(r"(?<=#)#(?=[A-Za-z]*\[)")
"""Within `##[error]`, `##vso[...]` and `##teamcity[...]`, of GitHub, Azure Pipelines and TeamCity."""


class _Escapes(dict[int, str]):
    """How each character is shown, for `str.translate`."""

    def __missing__(self, code: int) -> str:
        self[code] = shown = _escaped(chr(code))
        return shown


def _escaped(letter: str) -> str:
    if ord(letter) in _RAW_BYTES:
        return f"\\x{ord(letter) - _RAW_BYTES.start + 0x80:02x}"
    if letter.isprintable() and letter not in _INVISIBLE:
        return letter
    # Python writes some of the invisible ones as they are.
    return letter.encode("unicode_escape").decode("ascii")


_ESCAPES = _Escapes()


def line(text: str) -> str:
    """A text on one line, in which nothing steers a terminal or a CI service and nothing is invisible.

    Controls, marks of direction, line breaks and what is invisible become escapes, as in Python's literals.
    """
    return _COMMAND_ANYWHERE.sub(r"\\x23", _COMMAND_AT_START.sub(r"\1\\x3a", text.translate(_ESCAPES)))


def lines(text: str) -> str:
    """The same of each line of a text."""
    return "\n".join(map(line, text.split("\n")))


def shortened(text: str, most: int = SENTENCE_CHARACTERS) -> str:
    """A text of at most about so many characters: what is too much is left out before its end."""
    if len(text) <= most:
        return text
    end = min(_END_CHARACTERS, most // 2)
    return f"{text[: most - end]} [... {len(text) - most:,} characters ...] {text[-end:]}"


def sentence(text: str) -> str:
    """A text that may quote what is of any length, as one line of a bounded one."""
    return line(shortened(text))
