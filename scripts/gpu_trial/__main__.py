"""Pack a trial with a real GPU: `python -m scripts.gpu_trial BUNDLE [IMAGE...]`; see `scripts/gpu_trial.sh`.

The bundle is a file system of about 200 MB, packed to a quarter of that: the engine and Python of Debian's newest suite
with the libraries that they load, what the suite depends on, the suite itself, the images and their jobs. It needs
Debian's packages, PyPI and an engine that can build the images.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import docker

from images.builder import build
from scripts.gpu_trial import programs
from tests.engines import debian

ROOT = Path(__file__).resolve().parent.parent.parent

IMAGES = ("examples/gpu", "flawed/gpu-left-idle")

BUSY_TIMES = "500000"
"""How often each table is added where the GPU is to be seen at work: some seconds."""

REQUIREMENTS = (
    "botocore>=1.35",
    "docker>=7.1",
    "junitparser>=4",
    "pytest>=8.4",
    "regex>=2024.5.15",
    "nvidia-ml-py>=12",
)
"""What a session needs of the project's dependencies, and NVIDIA's management library in Python."""

SERVICES = frozenset({"sagemaker", "s3", "sts"})
"""The models of botocore that are kept; all of them are 100 MB."""


def _jobs(folder: Path) -> None:
    """The jobs of the trial, each with its S3 tree."""
    of_gpu = ROOT / "fixtures/gpu"
    job: dict[str, Any] = json.loads((of_gpu / "job.json").read_text(encoding="utf-8"))
    busy = job | {"AppSpecification": job["AppSpecification"] | {"ContainerArguments": ["--times", BUSY_TIMES]}}
    idle = ROOT / "images/flawed/gpu-left-idle/job.json"
    for name, content, tree in (
        ("addition", json.dumps(job), of_gpu / "s3"),
        ("busy", json.dumps(busy), of_gpu / "s3"),
        ("left-idle", idle.read_text(encoding="utf-8"), ROOT / "fixtures/reference/s3"),
    ):
        shutil.copytree(tree, folder / name / "s3")
        (folder / name / "job.json").write_text(content, encoding="utf-8")


def _site(folder: Path, version: str) -> None:
    """What the suite imports, for this version of Python, and the suite."""
    target = (f"--target={folder}", f"--python-version={version}", "--implementation=cp", "--only-binary=:all:")
    pip = (
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--root-user-action=ignore",
    )
    subprocess.run([*pip, *target, *REQUIREMENTS], check=True)
    models = folder / "botocore/data"
    for model in models.iterdir():
        if model.is_dir() and model.name not in SERVICES:
            shutil.rmtree(model)
    subprocess.run([*pip, "--no-deps", f"--target={folder}", str(ROOT)], check=True)


def _images(target: Path, names: Iterable[str]) -> None:
    """The images, as `docker save` writes them."""
    client = docker.from_env()
    tags = [build.build(name, client) for name in names]
    subprocess.run(["docker", "save", "--output", str(target), *tags], check=True)


def main(words: Sequence[str]) -> int:
    """Write the bundle with these images, or those of the trial."""
    if not words:
        print("expected the file to write, as in: python -m scripts.gpu_trial gpu.tar.xz", file=sys.stderr)
        return 2
    bundle, *names = words
    try:
        debian_root = debian.root("sid")
    except debian.UnavailableError as error:
        print(f"gpu_trial: {error}", file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        version = programs.copy(debian_root, root)
        trial = root / "trial"
        trial.mkdir()
        for module in ("inside.py", "devices.py"):
            shutil.copy2(ROOT / "scripts/gpu_trial" / module, trial)
        _jobs(trial / "jobs")
        _site(trial / "site", version)
        _images(trial / "images.tar", names or IMAGES)
        # Images share their layers, which lie far apart in the archive.
        packer = "xz --threads=1 --x86 --lzma2=preset=6,dict=256MiB"
        subprocess.run(["tar", "-C", directory, f"--use-compress-program={packer}", "-cf", bundle, "."], check=True)
    print(f"packed {Path(bundle).stat().st_size / 1e6:.0f} MB; run on the other machine: gpu_trial.sh {bundle} reports")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
