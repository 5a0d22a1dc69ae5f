"""Some flawed images without their jobs; `every_image_alone.py` has all of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.checks import load_checks
from tests.conftest import Ran, declared_failure, flawed_folders

SOME = ["arguments-split-by-a-wrapper", "log-in-a-file", "swallowed-exit-code"]
"""What a wrapper does with arguments, with what its program logs, and with exit code and signal."""


@pytest.mark.engine
@pytest.mark.parametrize("name", SOME)
def test_flaw_of_a_wrapper_shows_without_a_job(
    name: str, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """The image alone fails exactly the checks that its label names, and a MUST among them fails the session."""
    ran = conformance(tag(f"flawed/{name}"), "--image-grace=2")

    assert declared_failure(f"flawed/{name}", "alone") == ran.failing, ran.output
    assert (1 if ran.violating else 0) == ran.status


def test_labels_name_checks_that_exist() -> None:
    """What an image fails without its job are checks, and some of them are those that it is there for."""
    labels = {name: declared_failure(name, "alone") for name in flawed_folders()}
    known = {check.id for check in load_checks()}

    assert all(found <= known and found & declared_failure(name) for name, found in labels.items() if found)
