"""The certificate that all tests of this folder look at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.certifying import Certified, certified


@pytest.fixture(name="made", scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory, tag: Callable[[str], str]) -> Certified:
    """A real one."""
    return certified(tmp_path_factory, tag)
