"""The command lines of interpreters: which word is the script, and which options stand before it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.image.shell import after_env
from conformance.shells import SHELLS


@dataclass(frozen=True)
class Options:
    """An interpreter's options: letters and words, and what they do with what follows them.

    After `ends` there is no script. `operands` take the rest of their word or else the next one; `attached` take only
    the rest of their word. Where `strict`, a long option that is not known may take a word, so nothing is guessed.
    """

    ends: str
    operands: str = ""
    attached: str = ""
    long_ends: frozenset[str] = frozenset()
    long_operands: frozenset[str] = frozenset()
    strict: bool = False


INFORMATION = frozenset({"--help", "--version"})

PYTHON = Options("cmhV?", operands="WX", long_ends=INFORMATION, long_operands=frozenset({"--check-hash-based-pycs"}))
SHELL = Options("cs", long_ends=INFORMATION, long_operands=frozenset({"--rcfile", "--init-file"}))
PERL = Options("eEvVhS", operands="I", attached="MmFiCDl0xd", long_ends=INFORMATION)
RSCRIPT = Options("e", long_ends=INFORMATION)
NODE = Options("epivh", operands="rC", long_operands=frozenset({"--require", "--import", "--loader"}), strict=True)

INTERPRETERS = {
    re.compile(r"(python|pypy)[\d.]*t?"): PYTHON,
    re.compile("|".join(sorted(SHELLS - {"fish"}))): SHELL,
    re.compile(r"perl[\d.]*"): PERL,
    re.compile(r"Rscript"): RSCRIPT,
    re.compile(r"node|nodejs"): NODE,
}


@dataclass(frozen=True)
class Invocation:
    """A command that starts an interpreter: its name, the letters of its options, and its script if it has one."""

    name: str
    letters: frozenset[str]
    script: str

    @property
    def is_python(self) -> bool:
        """Whether the interpreter is Python."""
        return self.name.startswith(("python", "pypy"))

    @property
    def is_shell(self) -> bool:
        """Whether the interpreter is a shell."""
        return self.name in SHELLS

    @property
    def is_node(self) -> bool:
        """Whether the interpreter is Node.js."""
        return self.name.startswith("node")


def invocation(argv: Sequence[str]) -> Invocation | None:
    """How a command invokes an interpreter; None if neither its first word nor the one after `env` is one."""
    words = list(argv)
    if words and posixpath.basename(words[0]) == "env":
        words = after_env(words[1:])
    name = posixpath.basename(words[0]) if words else ""
    options = next((options for pattern, options in INTERPRETERS.items() if pattern.fullmatch(name)), None)
    if options is None:
        return None
    letters: set[str] = set()
    return Invocation(name, script=_script(words[1:], options, letters), letters=frozenset(letters))


def _script(words: list[str], options: Options, letters: set[str]) -> str:
    """The first word that is neither an option nor an option's operand; option letters before it are collected."""
    while words:
        word, words = words[0], words[1:]
        if word == "--":
            return words[0] if words else ""
        if not word.startswith(("-", "+") if options is SHELL else "-") or word == "-":
            return word.removeprefix("-")
        if word.startswith("--"):
            if word in options.long_ends or (options.strict and "=" not in word and word not in options.long_operands):
                return ""
            words = words[1:] if word in options.long_operands else words
            continue
        ended, takes_next = _cluster(word[1:], options, letters)
        if ended:
            return ""
        words = words[1:] if takes_next else words
    return ""


def _cluster(cluster: str, options: Options, letters: set[str]) -> tuple[bool, bool]:
    """Parse option letters in one word: whether no script can follow, and whether one of them takes the next word."""
    takes_next = False
    for place, letter in enumerate(cluster):
        letters.add(letter)
        if letter in options.ends:
            return True, False
        if letter in options.operands:
            return False, place == len(cluster) - 1
        if letter in options.attached:
            return False, False
        # A shell's -o and -O take the next word wherever in their own they stand.
        takes_next = takes_next or (options is SHELL and letter in "oO")
    return False, takes_next
