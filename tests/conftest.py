"""What the tests share: how Hypothesis draws, the engine, and the command of the product as its users type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.utils import kwargs_from_env
from hypothesis import HealthCheck, settings

from conformance.image.image import Image
from conformance.service import engine, inspection
from images.builder import build, folders

# No test may depend on how fast the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

ROOT = Path(__file__).parent.parent
REFERENCE_JOB = ROOT / "fixtures/reference/job.json"
REFERENCE_S3 = ROOT / "fixtures/reference/s3"
WORKERS = ("--dist=load", "--tx=2*popen")
"""Two workers of pytest-xdist, also for a single job, which has none with `-n 2`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules that run whole sessions, so that no worker is left alone with one at the end."""
    longest = {item.path for item in items if "conformance" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: (item.path not in longest, item.get_closest_marker("engine") is None))


@dataclass(frozen=True)
class Ran:
    """A session of the product that has ended."""

    process: int
    status: int
    output: str
    report_directory: Path

    @cached_property
    def report(self) -> dict[str, Any]:
        """The content of report.json, which a later session in the same directory removes."""
        document: dict[str, Any] = json.loads((self.report_directory / "report.json").read_text(encoding="utf-8"))
        return document

    @property
    def failing(self) -> set[str]:
        """The checks that violate or advise."""
        return self.violating | self.having("advised")

    @property
    def violating(self) -> set[str]:
        """The checks that violate."""
        return self.having("violates")

    @property
    def open(self) -> set[str]:
        """The checks that apply and were not judged."""
        return {
            each["check"] for each in self.report["verdicts"] if each["verdict"] == "not judged" and each["applies"]
        }

    def having(self, verdict: str) -> set[str]:
        """The checks of a verdict."""
        return {each["check"] for each in self.report["verdicts"] if each["verdict"] == verdict}

    def verdict(self, check: str) -> dict[str, Any]:
        """The verdict on one check."""
        return next(verdict for verdict in self.report["verdicts"] if verdict["check"] == check)


@pytest.fixture(name="reached", scope="session")
def _reached() -> engine.Engine:
    """The engine, as the product reaches it."""
    return engine.connect()


@pytest.fixture(name="image", scope="session")
def _image(reached: engine.Engine, tag: Callable[[str], str]) -> Image:
    """The reference: Python, an ENTRYPOINT and no CMD."""
    return inspection.find(reached, tag("reference"))


@pytest.fixture(name="client", scope="session")
def _client() -> Iterator[docker.APIClient]:
    """A connection of the tests' own to the engine."""
    client = docker.APIClient(version="auto", timeout=60, **kwargs_from_env())
    yield client
    client.close()


@pytest.fixture(name="tag", scope="session")
def _tag() -> Callable[[str], str]:
    """The tag of an image of the project, built where it is missing: `tag("flawed/no-command")`."""
    client = docker.from_env()
    return lambda name: build.build(name, client)


@pytest.fixture(name="conformance")
def _conformance(tmp_path: Path) -> Callable[..., Ran]:
    """Run `pytest --image=...` as a user does, in an empty directory of its own."""

    def run(image: str, *arguments: str | Path, environment: dict[str, str] | None = None) -> Ran:
        with subprocess.Popen(
            [sys.executable, "-m", "pytest", f"--image={image}", *map(str, arguments)],
            cwd=tmp_path,
            env=clean_environment() | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            output, _ = process.communicate(timeout=300)
        ran = Ran(process.pid, process.returncode, output, tmp_path / "conformance-report")
        with suppress(FileNotFoundError):
            assert ran.report
        return ran

    return run


def clean_environment() -> dict[str, str]:
    """The environment without what make, pytest and xdist leave in it for their children, and what tells of a CI.

    pytest prints longer lines where it sees that it runs in one. Bytecode is kept: tests start hundreds of sessions,
    of which each would compile everything anew, for a second. Lists of files are kept in this checkout.
    """
    removed = ("PYTEST_", "COV_", "CI", "BUILD_NUMBER", "MAKE", "MFLAGS", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(removed)}
    return kept | {"COLUMNS": "100", "NO_COLOR": "1", "XDG_CACHE_HOME": str(ROOT / ".cache")}


def reference_job(*, job: Path = REFERENCE_JOB) -> tuple[str, str]:
    """The options that give the reference's job, or another one, over the S3 of that fixture which it reads."""
    return f"--image-job={job}", f"--image-s3={folders.objects_of(job)}"


def flawed_folders() -> list[str]:
    """The names of all flawed images."""
    return [name for name in build.all_names() if name.startswith("flawed/")]


def sound_folders() -> list[str]:
    """The names of all images that look suspicious and are sound."""
    return [name for name in build.all_names() if name.startswith("sound/")]


def hostile_folders() -> list[str]:
    """The names of all images that do their worst."""
    return [name for name in build.all_names() if name.startswith("hostile/")]


def declared_failure(name: str, label: str = "fails") -> set[str]:
    """The checks that an image's label says it fails: with its job, or with the label `alone` without one."""
    return set(folders.folder(name).label(label))


def declared_options(name: str) -> list[str]:
    """The options that an image's label says it is judged with, besides those of its job, in the words of a shell."""
    return folders.folder(name).label("options")


def job_of(name: str) -> Path:
    """The job request that an image is judged with: its own, or the reference's."""
    return folders.folder(name).request
