"""Build the probe anew, and what it needs to look at a GPU: `python -m scripts.probe`.

They are shipped as binaries, and anybody can see that they are what their sources say: with the compiler of the version
that pyproject.toml names (extra `probe`), the same source gives the same bytes on any machine. zig is that compiler
because it brings its own C library and linker; what a distribution's gcc makes depends on the distribution.
"""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BINARIES = Path(__file__).resolve().parent.parent / "conformance" / "probe"
SOURCES = BINARIES / "src"

FLAGS = (
    *("-target", "x86_64-linux-musl", "-static"),
    *("-std=c11", "-D_GNU_SOURCE", "-Os", "-s"),
    # Nothing unwinds a stack here, and the tables for it would be a seventh of the binary.
    *("-fno-asynchronous-unwind-tables", "-fno-unwind-tables"),
    *("-Wall", "-Wextra", "-Werror"),
)


BARE = (
    *("-target", "x86_64-linux-gnu"),
    *("-std=c11", "-Os", "-s"),
    # No C library at all: what these bring must depend on nothing that an image has or lacks.
    *("-ffreestanding", "-nostdlib", "-fno-stack-protector"),
    *("-fno-asynchronous-unwind-tables", "-fno-unwind-tables"),
    *("-Wall", "-Wextra", "-Werror"),
)

GPU = {
    "libcuda.so.1": ("-fPIC", "-shared", "-Wl,-soname,libcuda.so.1", "driver.c"),
    # The look is linked with the library that stands in for the driver, and finds whichever the container has.
    "look": ("-fPIE", "-pie", "look.c", "libcuda.so.1"),
    "nvidia-smi": ("-fno-PIE", "-static", "smi.c"),
}
"""What is built of the sources in `gpu`, in this order, by name."""


class CompilerMissingError(RuntimeError):
    """The compiler is not installed here."""


def need_compiler() -> None:
    """Raise `CompilerMissingError` where the extra `probe` is not installed."""
    if importlib.util.find_spec("ziglang") is None:
        raise CompilerMissingError("the compiler is missing; `pip install '.[probe]'` installs it")


def compile_all() -> dict[str, bytes]:
    """The probe and what belongs to it, by name, made of the sources in this checkout.

    Raises:
        CompilerMissingError: the extra `probe` is not installed.
    """
    need_compiler()
    # Names without a folder, in a fixed order: nothing of the machine gets into the binaries.
    names = sorted(source.name for source in SOURCES.glob("*.c"))
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "probe"
        _compile(SOURCES, *FLAGS, *names, "-o", str(program))
        made = {"probe": program.read_bytes()}
        for source in (SOURCES / "gpu").glob("*.[ch]"):
            shutil.copy(source, folder)
        for name, words in GPU.items():
            _compile(Path(folder), *BARE, *words, "-o", name)
            made[name] = (Path(folder) / name).read_bytes()
    return made


def _compile(where: Path, *words: str) -> None:
    subprocess.run((sys.executable, "-m", "ziglang", "cc", *words), cwd=where, check=True)


def main() -> int:
    """Build them, put them in their places, and say whether they differ from those that were there."""
    try:
        made = compile_all()
    except CompilerMissingError as error:
        print(f"probe: {error}", file=sys.stderr)
        return 3
    for name, content in made.items():
        program = BINARIES / name
        digest = hashlib.sha256(content).hexdigest()
        same = program.is_file() and program.read_bytes() == content
        program.write_bytes(content)
        program.chmod(0o755)
        (BINARIES / f"{name}.sha256").write_text(f"{digest}  {name}\n", encoding="ascii")
        said = "the same as before" if same else "it DIFFERS from the one before: commit it with its source"
        print(f"{name}: {len(content)} bytes, sha256 {digest}: {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
