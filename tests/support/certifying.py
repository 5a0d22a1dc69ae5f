"""A real certificate, made once for all tests and workers, of the reference by the digest of its manifest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import docker
import pytest
from docker.utils import kwargs_from_env
from filelock import FileLock

from conformance.certificate import bundle
from conformance.reports import names
from tests.conftest import clean_environment, reference_job
from tests.support.jobs import build
from tests.support.registry import registry

PRODUCT = """\
vendor = "Example"
product = "Word count"
version = "1.2"
contact = "conformance@example.com"
image = "{image}"
jobs = ["reference"]
"""

DESELECTING = """\
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "image::" in item.nodeid]
"""
"""A conftest that leaves out most checks, as nobody can tell from the command line."""

ENGINE_SECONDS = 300
"""How long a busy engine may take to remove an image."""


class Certified:
    """What came of the sessions, each with its status and what it printed.

    `certifying` wrote the bundle, `again` was `verify --again` with it, and `short` a session whose conftest leaves
    checks out.
    """

    def __init__(self, place: Path) -> None:
        """Read what is in a directory."""
        self.place = place
        self.bundle = place / names.CERTIFICATE
        self.image = (place / "image").read_text(encoding="utf-8")

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the bundle."""
        return bundle.read(self.bundle)

    def ended(self, name: str) -> tuple[int, str]:
        """The status of one of the commands, and its output."""
        status, _, output = (self.place / name).read_text(encoding="utf-8").partition("\n")
        return int(status), output


def certified(factory: pytest.TempPathFactory, tag: Callable[[str], str]) -> Certified:
    """The certificate; the first worker that needs it makes it."""
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "certified"
    with FileLock(f"{place}.lock"):
        if not place.exists():
            unfinished = place.with_name("certifying")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            _make(unfinished, tag("reference"))
            unfinished.rename(place)
    return Certified(place)


def _make(place: Path, python: str) -> None:
    client = docker.APIClient(version="auto", timeout=ENGINE_SECONDS, **kwargs_from_env())
    # Of its own, so that whoever removes it takes it from nobody else.
    name = build(client, f"certified-{uuid.uuid4().hex[:8]}", f"LABEL run={uuid.uuid4()}")
    try:
        with registry(client, name, "team/reference", python=python) as (reference, digest):
            image = f"{reference}@{digest}"
            client.pull(image)
            try:
                _run_all(place, image)
            finally:
                client.remove_image(image)
    finally:
        client.remove_image(name)
        client.close()


def _run_all(place: Path, image: str) -> None:
    (place / "image").write_text(image, encoding="utf-8")
    (place / "product.toml").write_text(PRODUCT.format(image=image), encoding="utf-8")
    job = reference_job()
    asked = ["-m", "pytest", f"--image={image}", *job, "--image-certify=../product.toml"]
    _run(place, "certifying", *asked)
    shutil.copy(place / "certifying.d/conformance-report" / names.CERTIFICATE, place)
    program = str(Path(sys.executable).with_name("processing-conformance"))
    s3 = job[1].replace("--image-s3", "--s3")
    _run(place, "again", program, "verify", f"../{names.CERTIFICATE}", "--again", s3, f"--image={image}")
    folder = place / "short.d"
    folder.mkdir()
    (folder / "conftest.py").write_text(DESELECTING, encoding="utf-8")
    _run(place, "short", *asked)


def _run(place: Path, name: str, *arguments: str) -> None:
    folder = place / f"{name}.d"
    folder.mkdir(exist_ok=True)
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=ENGINE_SECONDS,
    )
    (place / name).write_text(f"{ended.returncode}\n{ended.stdout}{ended.stderr}", encoding="utf-8")
