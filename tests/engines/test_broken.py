"""An engine breaks in the middle of a session: the image is not blamed, nothing is left, and a line says why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.broken import BREAKS, engine_with_reference, judged
from tests.engines.debian import UnavailableError
from tests.engines.running import Running

pytestmark = pytest.mark.engine

SAMPLE = {
    "daemon killed": ("the engine's answer broke off", "the engine is not there any more"),
    "disk full before the session": ("no space left on device",),
}
"""Of `make faults`, which breaks one in further ways; and what the reason says, by when it was noticed."""


@pytest.fixture(name="engine", scope="module")
def _engine() -> Iterator[Running]:
    """One for all."""
    try:
        with engine_with_reference() as engine:
            yield engine
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", SAMPLE)
def test_no_engine_that_breaks_is_laid_to_the_image(name: str, engine: Running) -> None:
    """It is an error, with exit status 6, and nothing is left once the engine is well again."""
    each = BREAKS[name]

    found = judged(engine, each.program, each.options, each)

    assert (6, set(), ()) == (found.status, found.blamed, found.left), found.output
    assert "Traceback" not in found.output
    assert any(words in found.reasons[0] for words in SAMPLE[name]), found.reasons
