"""A call of a session to the engine fails: the image is not blamed, nothing is left, and a line says what happened."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.engine_faults import Call, Fault
from tests.support.faults import AT_ONCE, Ending, Failing, healthy, tried

SAMPLE = (
    ("GET /images/*/json", Fault.CUT, Ending.REFUSED),
    ("GET /images/*/json", Fault.EMPTY, Ending.REFUSED),
    ("GET /images/*/history", Fault.GARBAGE, Ending.HEALTHY),
    ("GET /volumes", Fault.REFUSED, Ending.ERROR),
    ("POST /volumes/create", Fault.HANGS, Ending.ERROR),
    ("POST /containers/create", Fault.GARBAGE, Ending.ERROR),
    ("PUT /containers/*/archive path=/", Fault.CUT, Ending.ERROR),
    ("POST /containers/*/start", Fault.REFUSED, Ending.ERROR),
    ("POST /containers/*/wait", Fault.EMPTY, Ending.HEALTHY),
    ("GET /containers/*/changes", Fault.EMPTY, Ending.ERROR),
    ("GET /containers/*/archive path=/opt/ml/", Fault.GARBAGE, Ending.ERROR),
    ("GET /containers/*/logs stdout=1", Fault.CUT, Ending.ERROR),
    ("GET /containers/*/logs stderr=1", Fault.GARBAGE, Ending.ERROR),
    ("DELETE /containers/*", Fault.REFUSED, Ending.HEALTHY),
)
"""Of `make faults`, which fails every call in each way."""


@pytest.mark.engine
def test_no_call_that_fails_is_laid_to_the_image() -> None:
    """It is an error, unless nothing depends on it; where the session could not begin, it says why."""
    sound = healthy("run")

    def failing(sample: tuple[str, Fault, Ending]) -> Failing:
        what, fault, _ = sample
        return tried("run", sound, Call(what, 1), fault)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(failing, SAMPLE))

    assert [] == [f"{each}\n{each.ended.output}" for each in found if each.end is Ending.WRONG]
    assert [end for _, _, end in SAMPLE] == [each.end for each in found], "\n".join(map(str, found))
