"""The states of a job, and what is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.serve.faults import Fault
from conformance.serve.jobs import Job, Jobs, Status
from tests.support.legal_requests import legal_requests

ENDS = (Status.COMPLETED, Status.FAILED, Status.STOPPED)

LATER = {
    Status.IN_PROGRESS: {Status.STOPPING, *ENDS},
    Status.STOPPING: set(ENDS),
    **{end: set() for end in ENDS},
}
"""What may come after each status."""


def job(name: str = "a", region: str = "eu-west-1", **members: Any) -> Job:  # noqa: ANN401 - members of the request
    """A job with hardly anything in it."""
    return Job(region, {"ProcessingJobName": name, **members}, {})


@given(st.lists(st.sampled_from(["start", "stop", *ENDS]), max_size=8))
def test_states_only_move_on(steps: list[str]) -> None:
    """Whatever is asked for, in any order; times never go back, and what has ended stays as it is."""
    one = job()
    for step in steps:
        before = one.described()
        if step == "start":
            one.has_started()
        elif step == "stop" and before["ProcessingJobStatus"] in ENDS:
            with pytest.raises(Fault, match=f"in status {before['ProcessingJobStatus']}"):
                one.ask_to_stop()
        elif step == "stop":
            one.ask_to_stop()
        else:
            one.end(Status(step), failure_reason=step)
        after = one.described()

        assert after["ProcessingJobStatus"] in {before["ProcessingJobStatus"], *LATER[before["ProcessingJobStatus"]]}
        assert after["LastModifiedTime"] >= before["LastModifiedTime"] >= after["CreationTime"]
        assert (after["ProcessingJobStatus"] in ENDS) == ("ProcessingEndTime" in after)
        if before["ProcessingJobStatus"] in ENDS and step != "start":
            assert before == after


@given(legal_requests)
def test_every_member_of_a_request_is_told(document: dict[str, Any]) -> None:
    """But the tags, which have an operation of their own."""
    told = Job("us-east-1", document, {}).described()

    assert "Tags" not in told
    assert {name: value for name, value in document.items() if name != "Tags"} == {
        name: told[name] for name in document if name != "Tags"
    }


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_arn_is_of_region_and_partition(region: str, partition: str) -> None:
    """And has the name as it was given."""
    assert f"arn:{partition}:sagemaker:{region}:123456789012:processing-job/MixedCase" == job("MixedCase", region).arn


def test_names_are_of_a_region() -> None:
    """The same name may be there once in each; whoever is found is the one that was added."""
    jobs = Jobs()
    here, there = job(), job(region="us-east-1")
    jobs.add(here)
    jobs.add(there)

    with pytest.raises(Fault, match=r"already exists \(arn:aws:sagemaker:eu-west-1:123456789012:processing-job/a\)"):
        jobs.add(job())
    assert (here, there, None) == (jobs.find("eu-west-1", "a"), jobs.find("us-east-1", "a"), jobs.find("x", "a"))
    assert here is jobs.of_arn(here.arn)
    assert [there] == jobs.of_region("us-east-1")


def test_order_to_stop_reaches_who_waits_for_it() -> None:
    """Once, however often it is given, and also whoever comes later."""
    one = job()
    told: list[str] = []
    with one.stop.telling(lambda: told.append("early")):
        one.ask_to_stop()
        one.ask_to_stop()
    with one.stop.telling(lambda: told.append("late")):
        pass

    assert ["early", "late"] == told
