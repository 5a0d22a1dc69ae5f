"""How long the containers of a run may take."""

from __future__ import annotations

import pytest

from conformance.job.request import JobRequest
from conformance.job.standin import RUN_SECONDS, TRIAL_SECONDS, own_request, tried_request
from conformance.job.variation import Variation
from conformance.outcome.outcome import End
from conformance.service.plan import limits
from conformance.service.settings import Settings

SETTINGS = Settings(time_limit_seconds=300.0)


@pytest.mark.parametrize(
    ("request_of_suite", "variation", "expected"),
    [
        (own_request("example:1"), Variation.AS_REQUESTED, RUN_SECONDS),
        (tried_request("example:1"), Variation.AS_REQUESTED, TRIAL_SECONDS),
        # What it did in that time it is to have the time to do again.
        (tried_request("example:1"), Variation.EMPTY_INPUTS, RUN_SECONDS),
    ],
)
def test_a_request_of_the_suites_own_takes_little_time(
    request_of_suite: JobRequest, variation: Variation, expected: float
) -> None:
    """A limit of the suite's, and never MaxRuntimeInSeconds."""
    found = limits(SETTINGS, request_of_suite, variation, None)

    assert (expected, End.SUITE_LIMIT) == (found.seconds, found.end)
    assert 1.0 == limits(Settings(time_limit_seconds=1.0), request_of_suite, variation, None).seconds
