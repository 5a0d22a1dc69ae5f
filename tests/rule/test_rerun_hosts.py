"""What is run next of a job of several hosts, and what a job of one host has nothing to show of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.job.model import model_faults
from conformance.job.request import JobRequest
from conformance.job.validation import service_faults
from conformance.outcome.outcome import End, Outcome
from conformance.outcome.trace import Process, Trace
from conformance.rule import rerun, stops
from conformance.rule.declaration import DoesNotApply, NotJudged
from tests.support.outcomes import directory, host, image, outcome, process, program, request

SHELL = process(1, 0, "/bin/sh", "/run.sh")
WORK = process(8, 1, "python3", "/processing.py")
WRAPPER = image(program("/run.sh"), entrypoint=["/run.sh"])

TWO = request(hosts=2)
GOOD = outcome(host(seconds=4.0), host(seconds=9.0))
FAILED = outcome(host(), host(exit_code=1))


def of_programs(*programs: Process) -> Outcome:
    """A job whose wrapper started one of these on each host."""
    return outcome(*(host(trace=Trace((SHELL, each), tracer=2), seconds=9.0) for each in programs))


# One host, true hostnames


def test_several_hosts_become_one() -> None:
    """With all else that the request asks for; the API takes it."""
    again = rerun.on_one_host(GOOD)

    assert again is not None
    assert (1, None, "") == (again.request.instance_count, again.stop_after_seconds, again.stand_in)
    document = dict(again.request.document)
    assert [] == [*model_faults(document), *service_faults(document)]
    assert GOOD.request == again.request.on_hosts(2)


def test_one_host_is_not_run_again_as_one() -> None:
    """However it ended: the other run would end as it did."""
    assert [None, None] == [rerun.on_one_host(outcome()), rerun.on_one_host(outcome(host(exit_code=1)))]


@pytest.mark.parametrize(
    "decoyed", [GOOD, outcome(), outcome(host(exit_code=1))], ids=["succeeded", "one", "one that failed"]
)
def test_true_hostnames_are_tried_where_they_may_matter(decoyed: Outcome) -> None:
    """Not where the job succeeds without, and not on one host, which has nobody to be taken for."""
    assert rerun.with_true_hostnames(decoyed) is None


@pytest.mark.parametrize(
    "decoyed", [FAILED, outcome(host(), host(end=End.MAX_RUNTIME)), outcome(host(), host(end=End.SUITE_LIMIT))]
)
def test_a_job_of_several_hosts_that_does_not_succeed_is_tried_with_true_hostnames(decoyed: Outcome) -> None:
    """Also where a host waited until its limit: its request is the same, and nothing stops it sooner."""
    assert rerun.Rerun(decoyed.request) == rerun.with_true_hostnames(decoyed)


@pytest.mark.parametrize("other", [End.SUITE_LIMIT, End.MAX_RUNTIME])
def test_a_host_that_fails_while_another_waits_is_run_with_what_the_image_ships(other: End) -> None:
    """Its failure is what may have another cause there."""
    replaced = outcome(host(exit_code=1), host(end=other))
    waiting = outcome(host(), host(end=other))
    shipping = image(directory("/opt/ml/scratch"))

    assert rerun.Rerun(replaced.request) == rerun.with_own_reserved(shipping, replaced)
    assert rerun.with_own_reserved(shipping, waiting) is None


# A peer that fails or is cut off, fewer objects


def test_a_peer_is_cut_off_half_way_of_the_shortest_host() -> None:
    """All of them get twice the time of the longest one, and a quarter of a minute to see it."""
    again = rerun.with_a_peer_cut_off(GOOD)

    assert (GOOD.request, 2.0, 15.0 + 2 * 9.0) == (again.request, again.cut_off_after_seconds, again.stop_after_seconds)


def test_nobody_is_cut_off_where_the_job_fails_anyway() -> None:
    """It would show nothing."""
    with pytest.raises(NotJudged, match="the unmodified job already fails"):
        rerun.with_a_peer_cut_off(FAILED)


def test_a_job_with_a_failing_peer_is_given_more_than_a_minute_and_twice_its_time() -> None:
    """That of its longest host: the others may have to do what the one that failed had done."""
    again = rerun.with_a_failing_peer(GOOD)

    assert (GOOD.request, 90.0 + 2 * 9.0) == (again.request, again.stop_after_seconds)


SHARDED = {
    "InputName": "shards",
    "S3Input": {
        "S3Uri": "s3://bucket/shards",
        "LocalPath": "/opt/ml/processing/shards",
        "S3DataType": "S3Prefix",
        "S3DataDistributionType": "ShardedByS3Key",
    },
}
REPLICATED = TWO.document["ProcessingInputs"][0]


def with_inputs(*inputs: object) -> JobRequest:
    """A request of two hosts with these inputs."""
    return request(hosts=2, ProcessingInputs=list(inputs))


@pytest.mark.parametrize("inputs", [(SHARDED,), (REPLICATED, SHARDED)])
def test_fewer_objects_are_tried_where_an_input_is_sharded(inputs: tuple[object, ...]) -> None:
    """One is enough; the request stays as it is."""
    good = outcome(of=with_inputs(*inputs))

    assert rerun.Rerun(good.request) == rerun.with_fewer_objects(good)


@pytest.mark.parametrize("inputs", [(), (REPLICATED,), ({**SHARDED, "AppManaged": True},)])
def test_without_a_sharded_input_nobody_gets_fewer_objects(inputs: tuple[object, ...]) -> None:
    """An input that the application manages itself is none that the service brings."""
    with pytest.raises(DoesNotApply, match="no input has S3DataDistributionType ShardedByS3Key"):
        rerun.with_fewer_objects(outcome(of=with_inputs(*inputs)))


@pytest.mark.parametrize("again", [rerun.on_one_host, rerun.with_a_failing_peer, rerun.with_fewer_objects])
def test_a_job_that_did_not_succeed_is_not_run_again(again: Callable[[Outcome], object]) -> None:
    """Nothing could be held against it; the check that tells why it did not is named."""
    with pytest.raises(NotJudged, match="the unmodified job already fails") as raised:
        again(FAILED)

    assert ("exit.zero-on-success", NotJudged) == (raised.value.see, type(raised.value))


# Stops, a stand-in, and no ENTRYPOINT


def test_several_hosts_are_stopped_before_the_first_of_them_ends() -> None:
    """Half-way through what that one did."""
    assert 2.0 == stops.stopped(GOOD).stop_after_seconds


def test_hosts_that_run_one_program_are_treated_as_one() -> None:
    """The request still asks for as many."""
    both = of_programs(WORK, replace(WORK, pid=9))
    seen, alone = rerun.with_stand_in(WRAPPER, both), rerun.overridden(image(), both)

    assert ("/usr/bin/python3.12", 2) == (seen.stand_in, seen.request.instance_count)
    assert (WORK.argv, 2) == (alone.request.entrypoint, alone.request.instance_count)


def test_a_program_that_gets_other_words_on_each_host_has_a_stand_in_and_no_request() -> None:
    """ContainerEntrypoint is the same for all: a worker that is started as a leader fails without any fault."""
    both = of_programs(WORK, process(8, 1, "python3", "/processing.py", "--worker"))

    assert "/usr/bin/python3.12" == rerun.with_stand_in(WRAPPER, both).stand_in
    with pytest.raises(DoesNotApply) as raised:
        rerun.overridden(image(), both)
    assert (
        "ENTRYPOINT starts ['python3', '/processing.py', '--worker'] on algo-2, but ['python3', "
        "'/processing.py'] on algo-1"
    ) == str(raised.value)


def test_hosts_that_run_different_programs_have_no_stand_in() -> None:
    """It stands in one place only."""
    both = of_programs(WORK, WORK, process(8, 1, "/worker"))

    with pytest.raises(
        DoesNotApply,
        match=(
            r"ENTRYPOINT starts /worker on algo-3, but /usr/bin/python3\.12 on "
            r"algo-1"
        ),
    ):
        rerun.with_stand_in(WRAPPER, both)


def test_one_host_whose_work_is_no_program_is_enough() -> None:
    """A fork that became none, as a child of conda may."""
    conda = process(1, 0, "/opt/conda/bin/conda", "run", "w")
    traces = (Trace((conda, each), tracer=2) for each in (WORK, replace(WORK, executions=())))

    with pytest.raises(DoesNotApply, match="no executable that could be replaced"):
        rerun.with_stand_in(image(), outcome(*(host(trace=trace) for trace in traces)))


def test_one_host_whose_program_cannot_be_told_is_enough() -> None:
    """Of two at once it may be either."""
    traces = (Trace((SHELL, *beside, WORK), tracer=2) for beside in ((), (process(7, 1, "/redis"),)))
    both = outcome(*(host(trace=trace) for trace in traces))

    for again in (rerun.with_stand_in, rerun.overridden):
        with pytest.raises(DoesNotApply, match="no single process does the work: process 8"):
            again(image(), both)
