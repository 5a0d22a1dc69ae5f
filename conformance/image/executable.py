"""What the first bytes of a program say: a `#!` line or an ELF header, and what the kernel does with either.

The bytes come from an untrusted image: whatever they are, nothing is raised.
"""

from __future__ import annotations

import posixpath
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.files.tree import File
from conformance.image.image import Image
from conformance.image.interpreter import Invocation
from conformance.image.shell import after_env

HEAD_BYTES = 4096
"""How much of a program is read. Compilers put the loader's name within 1 KB, Go's linker at the end of these 4."""

SCRIPT_BYTES = 256
"""As much of a `#!` line as the kernel reads (`execve(2)`)."""

LONGEST_CHAIN = 5
"""How many interpreters in a row may be scripts before the kernel fails with ELOOP (`execve(2)`)."""

ELF_MAGIC = b"\x7fELF"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LOADER_SEGMENT = 3
"""`PT_INTERP`, the program header that names the loader (`elf(5)`)."""

HEADERS = {1: (52, "IIIIHHH", 32), 2: (64, "QQQIHHH", 56)}
"""For 32 and 64 bits: the size of the ELF header, its fields from byte 24 on, and the size of a program header."""

MACHINES = {
    "amd64": {(62, 64, True), (3, 32, True)},
    "386": {(3, 32, True)},
    "arm64": {(183, 64, True), (40, 32, True)},
    "arm": {(40, 32, True)},
    "ppc64le": {(21, 64, True)},
    "s390x": {(22, 64, False)},
    "riscv64": {(243, 64, True)},
}
"""What the processors of an architecture execute: `e_machine` of the ELF header, bits, and byte order."""

MACHINE_NAMES = {3: "386", 21: "ppc64", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64"}

ACCEPTS_CARRIAGE_RETURN = "perl"
"""The only interpreter that ignores a carriage return at the end of its options."""


@dataclass(frozen=True, slots=True)
class Shebang:
    """A `#!` line as the kernel splits it: an interpreter and at most one argument."""

    interpreter: str
    argument: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """The words that the interpreter is started with; `env -S` splits its argument."""
        split = self.argument.split() if self.argument.startswith("-S") else [self.argument]
        if split[0].startswith("-S") and split[0] != "-S":
            split = ["-S", split[0].removeprefix("-S"), *split[1:]]
        return (self.interpreter, *filter(None, split))


@dataclass(frozen=True, slots=True)
class Elf:
    """An ELF header. `loader` is empty in a static program, and None if its name is beyond the bytes that were read."""

    machine: int
    bits: int
    little_endian: bool
    loader: str | None


@dataclass(frozen=True)
class Chain:
    """The programs that a command starts, from a script to its interpreter; `fault` is why a script cannot run."""

    programs: tuple[File, ...] = ()
    fault: str = ""


def shebang(head: bytes) -> Shebang | None:
    """The `#!` line at the beginning of a program, if there is one."""
    if not head.startswith(b"#!"):
        return None
    line = head[2:SCRIPT_BYTES].partition(b"\n")[0].partition(b"\0")[0]
    # Only blanks and tabs separate, so that a carriage return stays where it is.
    interpreter, _, argument = line.strip(b" \t").replace(b"\t", b" ").partition(b" ")
    return Shebang(_text(interpreter), _text(argument.strip(b" ")))


def elf(head: bytes) -> Elf | None:
    """The ELF header at the beginning of a program; None if there is none, or it is incomplete."""
    header = _header(head)
    if header is None:
        return None
    machine, bits, order, _, _ = header
    place = _loader_place(head)
    loader = None if place is None else _text(head[place[0] : place[1]].partition(b"\0")[0])
    return Elf(machine, bits, order == "<", loader)


def kept(head: bytes) -> bytes:
    """Only the bytes that identify the program, so that an image with many programs takes little memory."""
    header = _header(head)
    if header is None:
        return head[:SCRIPT_BYTES]
    _, bits, _, offset, count = header
    size, _, entry = HEADERS[bits // 32]
    place = _loader_place(head)
    if place is None:
        return head[:size]
    return head[: max(size, offset + entry * count if count else 0, place[1])]


def _header(head: bytes) -> tuple[int, int, str, int, int] | None:
    """Machine, bits, byte order, and the position and number of the program headers."""
    if not head.startswith(ELF_MAGIC) or len(head) <= len(ELF_MAGIC) + 1:
        return None
    kind, order = head[4], {1: "<", 2: ">"}.get(head[5])
    if kind not in HEADERS or order is None or len(head) < HEADERS[kind][0]:
        return None
    (machine,) = struct.unpack_from(f"{order}H", head, 18)
    _, offset, _, _, _, size, count = struct.unpack_from(order + HEADERS[kind][1], head, 24)
    # The kernel takes program headers of the right size only.
    return machine, 32 * kind, order, offset, count if size == HEADERS[kind][2] else 0


def _loader_place(head: bytes) -> tuple[int, int] | None:
    """Where the loader's name begins and ends: (0, 0) in a static program, None if it was not read."""
    header = _header(head)
    if header is None:
        return None
    _, bits, order, offset, count = header
    entry = HEADERS[bits // 32][2]
    if offset + entry * count > len(head) and count:
        return None
    for start in range(offset, offset + entry * count, entry):
        fields = struct.unpack_from(order + ("8I" if bits == 32 else "2I6Q"), head, start)  # noqa: PLR2004 - a word's bits
        place, size = (fields[1], fields[4]) if bits == 32 else (fields[2], fields[5])  # noqa: PLR2004 - a word's bits
        if fields[0] == LOADER_SEGMENT:
            return (place, place + size) if place + size <= len(head) else None
    return 0, 0


def chain(image: Image) -> Chain:
    """Follow the image's command from a script to its interpreter, and from `env` to what it looks for in PATH."""
    programs: list[File] = []
    file = image.executable(image.argv[0]).file if image.argv else None
    while file is not None and len(programs) < LONGEST_CHAIN:
        programs.append(file)
        line = shebang(file.head)
        if line is None:
            return Chain(tuple(programs), _unknown_format(file))
        asked = image.executable(line.interpreter if "/" in line.interpreter else f"./{line.interpreter}")
        fault = _line_fault(file, line)
        if asked.file is None and not fault:
            fault = f"its interpreter is {line.interpreter!r}, but {asked.problem}"
        name = _looked_up(line)
        if asked.file is not None and name and not fault:
            programs.append(asked.file)
            asked = image.executable(name)
            if asked.file is None and all(place.startswith("/") for place in image.search_path):
                fault = f"its `#!` line makes `env` look for {name!r}, but {asked.problem}"
        if fault:
            return Chain(tuple(programs), f"{file.path} cannot be run: {fault}")
        file = asked.file
    return Chain(tuple(programs))


def expanded(image: Image) -> tuple[str, ...]:
    """The command's words, with the words of a script's `#!` line before them."""
    program = image.executable(image.argv[0]).file if image.argv else None
    line = shebang(program.head) if program else None
    return (*line.words, *image.argv) if line else image.argv


def script_paths(image: Image, asked: Invocation) -> Iterator[str]:
    """The place where an interpreter looks for its script."""
    here = image.absolute(asked.script)
    yield here
    if asked.is_node:
        yield from (here + suffix for suffix in (".js", ".cjs", ".mjs", ".json"))
    if asked.is_shell and "/" not in asked.script:
        yield from (posixpath.join(place, asked.script) for place in image.search_path)


def _unknown_format(file: File) -> str:
    if file.head.startswith(ELF_MAGIC) or (not file.head and file.size):
        return ""
    if file.head.startswith(BYTE_ORDER_MARK + b"#!"):
        return f"{file.path} cannot be run: it has a byte order mark before `#!`"
    begins = "is empty" if not file.head else "starts with neither `#!` nor an ELF header"
    return f"{file.path} {begins}, so the kernel cannot execute it"


def _line_fault(file: File, line: Shebang) -> str:
    if not line.interpreter:
        return "its `#!` line names no interpreter"
    ends_in_return = file.head[:SCRIPT_BYTES].partition(b"\n")[0].endswith(b"\r")
    if ends_in_return and not (line.argument and ACCEPTS_CARRIAGE_RETURN in line.interpreter):
        return f"its `#!` line ends in a carriage return, which becomes part of {line.words[-1]!r}"
    return ""


def _looked_up(line: Shebang) -> str:
    """What `env` in a `#!` line looks for in PATH; empty if it gets more than a name."""
    words = line.words
    if posixpath.basename(line.interpreter) != "env" or len(words) == 1:
        return ""
    if words[1] == "-S":
        plain = all(re.fullmatch(r"[\w./:@%+,-]+", word) for word in words[2:])
        return after_env(words[1:])[0] if plain and after_env(words[1:]) else ""
    # Without -S all the rest of the line is one name, blanks included.
    return "" if words[1].startswith("-") or "=" in words[1] else words[1]


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
