"""Every flawed and every sound image without its job: `make alone`, which takes half an hour."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Ran, declared_failure, flawed_folders, sound_folders

pytestmark = pytest.mark.engine

BY_LABEL = [name for name in flawed_folders() if declared_failure(name, "alone")]


@pytest.mark.parametrize("name", BY_LABEL)
def test_flawed_image_fails_alone_what_its_label_says(
    name: str, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """As exact sets, as with a job."""
    ran = conformance(tag(name), "--image-grace=2")

    assert declared_failure(name, "alone") == ran.failing, ran.output


@pytest.mark.parametrize("name", sound_folders())
def test_sound_image_alone_violates_nothing(
    name: str, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """Whatever its wrapper needs; its label names what only its job can set right."""
    ran = conformance(tag(name), "--image-grace=2")

    assert declared_failure(name, "alone") == ran.violating, ran.output
    assert 0 == ran.report["counts"]["error"], ran.output
