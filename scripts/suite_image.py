"""Build the suite as an image, from Debian packages where no registry is in reach: `python -m scripts.suite_image`."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import docker
from docker import DockerClient
from docker.errors import BuildError

from images.builder import bases
from images.builder.build import lock

ROOT = Path(__file__).resolve().parents[1]

TAG = "processing-conformance:latest"

BASE = "python:3.12-slim"

EXTRAS = ("aws", "dockerfile", "html", "ssh", "xdist")
"""What the Dockerfile installs on the ordinary base, and so what a substitute has to bring."""


def requirements() -> Path:
    """A file of what the suite needs, for a substitute base; its folder names that."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*declared["dependencies"], *(line for name in EXTRAS for line in declared["optional-dependencies"][name])]
    file = bases.CACHE / "suite/requirements.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def build(client: DockerClient) -> str:
    """Build the image and return its tag; the engine makes only those layers anew whose files have changed.

    Raises:
        BaseUnavailableError: neither its base nor a substitute can be had.
        BuildError: the engine could not build it.
    """
    with lock(TAG):
        base = bases.resolve(BASE, client, requirements())
        superseded = client.images.list(TAG)
        built, _ = client.images.build(path=str(ROOT), tag=TAG, buildargs={"BASE": str(base.id)}, rm=True, forcerm=True)
        for image in superseded:
            if image.id != built.id:
                bases.remove_untagged(image, client)
    return TAG


def main() -> int:
    """Build it, and print how much it weighs."""
    client = docker.from_env()
    try:
        image = client.images.get(build(client))
    except (bases.BaseUnavailableError, BuildError) as error:
        print(f"suite: {error}", file=sys.stderr)
        return 1
    print(f"{TAG}  {image.attrs['Size'] / 1_000_000:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
