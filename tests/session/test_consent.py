"""What a session on AWS costs at most, before it begins."""

from __future__ import annotations

from conformance.job.variation import Variation, default_command_request
from conformance.session.consent import bill, is_made
from tests.support.jobs import job

REQUEST = job(StoppingCondition={"MaxRuntimeInSeconds": 1800}).on_hosts(3)
RUNS = [
    (Variation.AS_REQUESTED, REQUEST),
    (Variation.EMPTY_INPUTS, REQUEST),
    (Variation.ONE_HOST, REQUEST),
    (Variation.DEFAULT_COMMAND, default_command_request("image")),
]


def test_bound_counts_hosts_repetitions_and_limits() -> None:
    """A run as requested four times on three hosts, every other one three times; the default command for a minute."""
    most = bill(RUNS, REQUEST, 3600)
    ((kind, hours),) = most.hours

    assert (4, 9, 13) == (most.jobs, most.further, most.most)
    assert "ml.m5.xlarge" == kind
    assert 4 * 3 * 1800 + 3 * 3 * 1800 + 3 * 1800 + 3 * 60 == round(hours * 3600)


def test_own_limit_of_the_suite_bounds_each_job() -> None:
    """Where it is the shorter one."""
    ((_, hours),) = bill(RUNS[:1], REQUEST, 300).hours

    assert 4 * 3 * 300 == round(hours * 3600)


def test_what_the_user_is_told() -> None:
    """Count, hours, place, and what the program reaches by itself."""
    lines = "\n".join(bill(RUNS, REQUEST, 300).lines("eu-west-1", ["s3://bucket/table"]))

    assert "jobs on AWS: 4, and at most 9 more" in lines
    assert "h of ml.m5.xlarge" in lines
    assert "in eu-west-1" in lines
    assert "the program knows s3://bucket/table by itself" in lines


def test_runs_that_show_nothing_else_are_not_made() -> None:
    """On one host already, or without a sharded input."""
    assert not is_made(Variation.ONE_HOST, job())
    assert is_made(Variation.ONE_HOST, REQUEST)
    assert not is_made(Variation.FEW_OBJECTS, REQUEST)
