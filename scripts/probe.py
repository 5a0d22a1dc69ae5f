"""Build the probe anew: `python -m scripts.probe`.

The probe is shipped as a binary, and anybody can see that it is what its source says: with the compiler of the version
that pyproject.toml names (extra `probe`), the same source gives the same bytes on any machine. zig is that compiler
because it brings its own C library and linker; what a distribution's gcc makes depends on the distribution.
"""

import hashlib
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "conformance" / "probe"

FLAGS = (
    *("-target", "x86_64-linux-musl", "-static"),
    *("-std=c11", "-D_GNU_SOURCE", "-Os", "-s"),
    # Nothing unwinds a stack here, and the tables for it would be a seventh of the binary.
    *("-fno-asynchronous-unwind-tables", "-fno-unwind-tables"),
    *("-Wall", "-Wextra", "-Werror"),
)


class CompilerMissingError(RuntimeError):
    """The compiler is not installed here."""


def compile_probe() -> bytes:
    """The probe, made of the sources in this checkout.

    Raises:
        CompilerMissingError: the extra `probe` is not installed.
    """
    if importlib.util.find_spec("ziglang") is None:
        raise CompilerMissingError("the compiler is missing; `pip install '.[probe]'` installs it")
    # Names without a folder, in a fixed order: nothing of the machine gets into the binary.
    names = sorted(source.name for source in SOURCES.glob("*.c"))
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "probe"
        command = (sys.executable, "-m", "ziglang", "cc", *FLAGS, *names, "-o", str(program))
        subprocess.run(command, cwd=SOURCES, check=True)
        return program.read_bytes()


def main() -> int:
    """Build it, put it in its place, and say whether it differs from the one that was there."""
    program, checksum = SOURCES / "probe", SOURCES / "probe.sha256"
    try:
        built = compile_probe()
    except CompilerMissingError as error:
        print(f"probe: {error}", file=sys.stderr)
        return 3
    digest = hashlib.sha256(built).hexdigest()
    same = program.is_file() and program.read_bytes() == built
    program.write_bytes(built)
    program.chmod(0o755)
    checksum.write_text(f"{digest}  probe\n", encoding="ascii")
    said = "the same as before" if same else "it DIFFERS from the one before: commit it with its source"
    print(f"probe: {len(built)} bytes, sha256 {digest}: {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
