"""Images that look suspicious and are sound: none violates a MUST, and each gets only the advice of its label."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.checks import load_checks
from images.builder import folders
from tests.conftest import Ran, declared_failure, declared_options, job_of, reference_job, sound_folders

LEAST = 40
"""So many images at least keep the checks from claiming too much."""


@pytest.mark.engine
@pytest.mark.parametrize("name", sound_folders())
def test_sound_image_violates_nothing(name: str, tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """A sound image violates nothing, and is advised of exactly what its label names, which is mostly nothing.

    Where a choice of the suite's stands in its way it is not judged, which leaves the session incomplete.
    """
    ran = conformance(tag(name), *reference_job(job=job_of(name)), *declared_options(name), "--image-grace=2")

    assert set() == ran.violating, ran.output
    assert declared_failure(name) == ran.failing, ran.output
    assert 0 == ran.report["counts"]["error"], ran.output
    assert ran.status in ({0, 6} if ran.open else {0}), ran.output


def test_there_are_enough_sound_images() -> None:
    """They are found by their folders, so that a folder which is renamed takes none of them out of the tests unseen."""
    assert LEAST <= len(sound_folders())


@pytest.mark.parametrize("name", sound_folders())
def test_sound_image_says_what_looks_suspicious(name: str) -> None:
    """Its Dockerfile begins with what a reader or a check may stumble over, and its label names checks that exist."""
    assert folders.folder(name).dockerfile.startswith("# Suspicious: ")
    assert declared_failure(name) <= {check.id for check in load_checks()}


def test_scripts_of_sound_images_are_executable() -> None:
    """An engine starts a script only if the checkout kept its executable bit."""
    scripts = sorted(folders.ROOT.glob("sound/*/*.sh"))
    refused = [str(script) for script in scripts if not script.stat().st_mode & 0o100]

    assert scripts
    assert [] == refused
