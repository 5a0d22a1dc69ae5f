"""A session for a job of several hosts: which runs it makes, and which it leaves out."""

from __future__ import annotations

import pytest

from conformance.job import variation
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.outcome import JobStatus
from conformance.rule.declaration import DoesNotApply
from tests.session.test_session import REQUEST, Begin, _begin, named  # noqa: F401 - the fixture `begin`

pytestmark = pytest.mark.engine

OF_SEVERAL = [
    asked
    for asked in vars(variation).values()
    if isinstance(asked, variation.Job) and any(run.of_several_hosts for run in asked.runs)
]


def on_two(name: str, *arguments: str) -> JobRequest:
    """The reference's request for two hosts, under another name."""
    application = {"ImageUri": "image", "ContainerArguments": list(arguments)} if arguments else {"ImageUri": "image"}
    return named(name, AppSpecification=application).on_hosts(2)


def test_one_host_is_not_run_as_several(begin: Begin) -> None:
    """The clause does not apply, which is known before anything is run."""
    session = begin("reference")
    for asked in OF_SEVERAL:
        with pytest.raises(DoesNotApply, match="the request has one host"):
            session.outcomes(asked, REQUEST)

    assert {(Variation.AS_REQUESTED, REQUEST.name)} == set(session._made)


def test_several_hosts_are_run_as_one_and_not_for_what_they_need_not(begin: Begin) -> None:
    """A job that succeeds needs no true hostnames; and without a sharded input nobody gets fewer objects."""
    two = on_two("two")
    session = begin("reference", two)
    good, one = session.outcomes(variation.ONE_HOST, two)
    _, true, again = session.outcomes(variation.HOSTNAMES, two)

    assert [(JobStatus.COMPLETED, 2), (JobStatus.COMPLETED, 1)] == [(run.status, len(run.hosts)) for run in (good, one)]
    assert (Variation.ONE_HOST, 1) == (one.variation, one.request.instance_count)
    assert good is true is again
    with pytest.raises(DoesNotApply, match="ShardedByS3Key"):
        session.outcomes(variation.FEW_OBJECTS, two)


def test_a_job_of_several_hosts_that_fails_is_tried_with_true_hostnames(begin: Begin) -> None:
    """Whose outcome stands before that of the run as requested."""
    failing = on_two("failing", "--exit-code", "3")
    session = begin("reference", failing)
    true, decoyed = session.outcomes(variation.TRUE_HOSTNAMES, failing)

    assert [(Variation.TRUE_HOSTNAMES, [3, 3]), (Variation.AS_REQUESTED, [3, 3])] == [
        (run.variation, [host.exit_code for host in run.hosts]) for run in (true, decoyed)
    ]
