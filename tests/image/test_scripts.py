"""In which files of an image its program is written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from conformance.errors import ImageError
from conformance.image.image import Image
from conformance.image.scripts import LARGEST_BYTES, MOST_FILES, contents
from tests.support.outcomes import file, image, program


def read(of: Image, files: Mapping[str, bytes]) -> list[bytes]:
    """The contents that are found in an image with these files."""

    def content_of(path: str) -> bytes:
        if path not in files:
            raise ImageError(f"no file {path}")
        return files[path]

    return list(contents(of, content_of))


def test_the_script_of_an_interpreter_is_read() -> None:
    """By its place in WORKDIR; the interpreter itself is none."""
    of = image(file("/app/main.py"), entrypoint=["python3", "main.py"], working_directory="/app")

    assert [b"work"] == read(of, {"/app/main.py": b"work", "/usr/bin/python3.12": b"no script"})


def test_what_a_wrapper_names_is_read_after_it() -> None:
    """Each file once, without the tools that it uses, and without what cannot be read."""
    files = {
        "/run.sh": b"#!/bin/sh\n/usr/bin/env /run.sh\ncd /app; exec python3 /app/main.py -c /gone.py",
        "/app/main.py": b"x",
    }
    of = image(*map(program, files), file("/usr/bin/env"), file("/gone.py"), entrypoint=["/run.sh"])

    assert list(files.values()) == read(of, files)


def test_a_program_on_the_path_is_read() -> None:
    """A static one has its texts in it."""
    of = image(program("/opt/bin/count"), entrypoint=["count"], environment={"PATH": "/opt/bin"})

    assert [b"\x7fELF"] == read(of, {"/opt/bin/count": b"\x7fELF"})


def test_little_is_read() -> None:
    """No large file, and not all of many."""
    named = [f"/{number}.py" for number in range(2 * MOST_FILES)]
    of = image(*map(file, named), replace(file("/big.py"), size=LARGEST_BYTES + 1), entrypoint=["x", "/big.py", *named])

    assert MOST_FILES == len(read(of, dict.fromkeys([*named, "/big.py"], b"")))
    assert [] == read(image(entrypoint=()), {})
