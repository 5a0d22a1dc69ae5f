"""Programs are known by their first bytes, and no bytes are too broken to be read."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.image.executable import HEAD_BYTES, SCRIPT_BYTES, Elf, Shebang, chain, elf, expanded, kept, shebang
from tests.support import outcomes
from tests.support.outcomes import LOADER, image, program

broken_programs = st.builds(
    lambda head, place, new: head[:place] + new + head[place + len(new) :],
    st.sampled_from([outcomes.elf(), outcomes.elf(""), outcomes.elf(bits=32), outcomes.elf(big_endian=True)]),
    st.integers(0, 250),
    st.binary(max_size=40),
)
heads = st.binary(max_size=300) | broken_programs | st.binary(max_size=300).map(lambda rest: b"#!" + rest)


@given(heads)
def test_no_bytes_are_too_broken(head: bytes) -> None:
    """Whatever an image holds, it is read; a chain of programs that begins with it ends."""
    chain(image(program("/run", head), entrypoint=["/run"]))
    expanded(image(program("/run", head), entrypoint=["/run"]))


@given(heads)
def test_what_is_kept_says_as_much_as_all(head: bytes) -> None:
    """It is shorter, and is read alike."""
    assert head.startswith(kept(head))
    assert elf(head) == elf(kept(head))
    assert shebang(head) == shebang(kept(head))


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("loader", ["", LOADER])
def test_a_header_is_read(bits: int, big_endian: bool, loader: str) -> None:  # noqa: FBT001 - a parameter of the test
    """Of either class and byte order, with a loader or static."""
    head = outcomes.elf(loader, machine=183, bits=bits, big_endian=big_endian)

    assert Elf(183, bits, not big_endian, loader) == elf(head)
    assert len(kept(head)) <= len(head)


def test_a_loader_beyond_the_bytes_is_unknown() -> None:
    """Not absent."""
    found = elf(outcomes.elf(loader_at=HEAD_BYTES)[:HEAD_BYTES])

    assert found is not None
    assert found.loader is None


def test_a_real_program_is_read() -> None:
    """The Python that runs this test: what is kept of it is less than was read, and names its loader."""
    with Path(sys.executable).open("rb") as content:
        head = kept(content.read(HEAD_BYTES))
    found = elf(head)

    assert found is not None
    assert found.loader is not None
    assert found.loader == "" or Path(found.loader).exists()
    assert len(head) <= HEAD_BYTES


def test_little_is_kept_of_a_script() -> None:
    """As much as the kernel reads."""
    assert SCRIPT_BYTES == len(kept(b"#!/bin/sh\n" + b"x" * HEAD_BYTES))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"#!/bin/sh", ("/bin/sh",)),
        (b"#! /bin/sh  -e -x ", ("/bin/sh", "-e -x")),
        (b"#!/usr/bin/env -S python3 -u", ("/usr/bin/env", "-S", "python3", "-u")),
        (b"#!/usr/bin/env -Spython3", ("/usr/bin/env", "-S", "python3")),
        (b"#!/bin/sh\0x", ("/bin/sh",)),
    ],
)
def test_a_line_is_split_as_the_kernel_splits_it(line: bytes, words: tuple[str, ...]) -> None:
    """Into an interpreter and one argument, which `env -S` splits further."""
    found = shebang(line + b"\necho")

    assert found is not None
    assert words == found.words


def test_a_program_has_no_such_line() -> None:
    """Nor has an empty file."""
    assert shebang(outcomes.elf()) is None
    assert shebang(b"") is None
    assert Shebang("") == shebang(b"#!")


def test_a_scripts_words_follow_those_of_its_interpreter() -> None:
    """As the kernel hands them on."""
    found = image(program("/run.py", b"#!/usr/bin/python3 -u\n"), entrypoint=["/run.py"], cmd=["--rows", "1"])

    assert ("/usr/bin/python3", "-u", "/run.py", "--rows", "1") == expanded(found)
    assert ("python3", "/processing.py") == expanded(image())


def test_a_line_is_read_as_far_as_the_kernel_reads() -> None:
    """The rest of a longer one is cut off."""
    found = shebang(b"#!/" + b"x" * HEAD_BYTES)

    assert found is not None
    assert SCRIPT_BYTES - len("#!") == len(found.interpreter)


def test_program_headers_of_another_size_are_none() -> None:
    """The kernel refuses them, so whatever stands there names no loader."""
    head = bytearray(outcomes.elf())
    head[54] += 1
    found = elf(bytes(head))

    assert found is not None
    assert found.loader == ""
