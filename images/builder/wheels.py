"""Python distributions for a base whose Python is not the one that runs here.

pip on this machine downloads the wheels for the base's version; they are unpacked where that Python
looks for them. Wheels need no more: nothing is compiled and no script is run.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from images.builder.layers import File, normal_path

_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")

_NOT_NEEDED = re.compile(
    r".*/tests?/(?!_natype[.]py|__init__[.]py)"  # numpy.testing imports these two of its tests
    r"|.*[.](c|cpp|h|hpp|pxd|pyi|pyx|tp|f90|a|lib)$"
    r"|numpy/(_core/include|distutils)/"
    r"|sklearn/datasets/images/"
)
"""What a workload never imports: tests, sources of what is compiled, and tools to compile more."""

_SECONDS = 300


class WheelsUnavailableError(RuntimeError):
    """pip could not download what a requirements file asks for; the text says why."""


def files(requirements: Path, python: str, cache: Path) -> dict[str, File]:
    """The files that the wheels of a requirements file install for CPython `python`, such as `3.11`."""
    place = f"usr/local/lib/python{python}/dist-packages"  # where Debian's Python looks for what pip installs
    return {
        f"{place}/{path}": File(data=data)
        for wheel in sorted(_download(requirements, python, cache).glob("*.whl"))
        for path, data in _members(wheel)
    }


def _members(wheel: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        names = (name for name in archive.namelist() if not name.endswith("/"))
        found = [(re.sub(r"^[^/]+[.]data/(purelib|platlib)/", "", name), name) for name in names]
        return [
            (normal_path(path), archive.read(name))
            for path, name in found
            if ".data/" not in path and not _NOT_NEEDED.match(path)
        ]


def _download(requirements: Path, python: str, cache: Path) -> Path:
    """The folder of the wheels. It appears complete or not at all, and is kept."""
    key = hashlib.sha256(f"{python}\n{requirements.read_text()}".encode()).hexdigest()[:16]
    folder = cache / "wheels" / key
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as unfinished:
        wheels = Path(unfinished) / "wheels"
        _pip(
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary=:all:",
            "--implementation=cp",
            f"--python-version={python}",
            *(f"--platform={platform}" for platform in _PLATFORMS),
            f"--requirement={requirements}",
            f"--dest={wheels}",
        )
        wheels.rename(folder)
    return folder


def _pip(*arguments: str) -> None:
    """Run this interpreter's pip or, where an environment was made without, the one on the PATH."""
    own = (sys.executable, "-m", "pip")
    has_own = subprocess.run((*own, "--version"), capture_output=True, check=False).returncode == 0
    if not has_own and shutil.which("pip3") is None:
        raise WheelsUnavailableError(f"neither {sys.executable} -m pip nor pip3 is here")
    command = own if has_own else ("pip3",)
    try:
        done = subprocess.run((*command, *arguments), capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise WheelsUnavailableError(f"pip took more than {_SECONDS} seconds") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise WheelsUnavailableError(f"pip failed: {said[-1] if said else 'it said nothing'}")
