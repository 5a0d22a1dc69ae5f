"""The probe: a static binary that shows what really happens inside a container, with or without a shell.

It is shipped as it was built by `make probe`, and nothing is compiled where the suite is installed. Inside a container
it lies in `DIRECTORY`, beside a plan that says what it is to be and a record that takes what it saw; see `bundle`.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

from conformance.errors import ConformanceError

DIRECTORY = "/.conformance"
PROGRAM = f"{DIRECTORY}/probe"
PLAN = f"{DIRECTORY}/plan"
RECORD = f"{DIRECTORY}/record"
KEY = f"{DIRECTORY}/key"
"""What the lines of the record are sealed with; the probe empties this file before any other program runs."""
WITNESS = f"{DIRECTORY}/witness"
"""What a stand-in records beside a tracer, unsealed."""
HANDED_OVER = "/opt/ml/.conformance"
"""Where a tracer leaves a copy of both when process 1 has ended, among what is read back anyway; see `src/record.h`."""
HALTED = f"{DIRECTORY}/halted"
LOADER = "/lib64/ld-linux-x86-64.so.2"
"""Where every glibc for x86-64 has its loader, or a link to it (System V ABI)."""
LOOK = f"{DIRECTORY}/look"
"""What looks at a GPU by way of the image's own loader; see `src/gpu/look.c`."""


class ProbeError(ConformanceError):
    """The binary that the suite was installed with is not the one that it was released with."""


@cache
def binary(name: str = "probe") -> bytes:
    """The probe's executable, or what is shipped beside it under another name, for x86_64 Linux.

    Raises:
        ProbeError: it is missing, or not what its checksum says.
    """
    package = resources.files(__name__)
    try:
        content = package.joinpath(name).read_bytes()
        expected = package.joinpath(f"{name}.sha256").read_text(encoding="ascii").split()[0]
    except FileNotFoundError as error:
        raise ProbeError(f"the probe is incomplete: {error}", hint="install the suite again") from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ProbeError(
            f"the {name} has the checksum {found} and should have {expected}",
            hint="install the suite again, or run `make probe` after a change of its source",
        )
    return content
