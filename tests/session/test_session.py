"""A session on a real engine: which runs it starts, in which order, and what each of them asks of the service."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from conformance.errors import JobError, UsageError
from conformance.image.image import Image
from conformance.job import variation
from conformance.job.gpu import Choice
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.validation import load
from conformance.job.variation import Job, Variation
from conformance.outcome.outcome import End, JobStatus, Outcome
from conformance.rule import odd_words, stops
from conformance.rule.declaration import DoesNotApply, NotJudged
from conformance.rule.derived import RESTING, WAITING
from conformance.service import engine
from conformance.session.options import Options
from conformance.session.session import IN_FLIGHT, Session
from tests.conftest import REFERENCE_JOB, REFERENCE_S3

pytestmark = pytest.mark.engine

Begin = Callable[..., Session]

REQUEST = load(REFERENCE_JOB)


@pytest.fixture(name="begin", scope="module")
def _begin(tag: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begin]:
    """Begin a session for an image of the project, over the reference's objects."""
    begun: list[Session] = []

    def begin(name: str, *requests: JobRequest, gpu: Choice = Choice.AUTO) -> Session:
        options = Options(
            image=tag(name),
            requests=requests or (REQUEST,),
            objects=ObjectTree(REFERENCE_S3),
            report=tmp_path_factory.mktemp("report"),
            timeout_seconds=120,
            grace_seconds=2,
            strict=False,
            keep=False,
            gpu=gpu,
        )
        begun.append(Session(options))
        return begun[-1]

    yield begin
    for session in begun:
        session.close()


@pytest.fixture(name="wrapped", scope="module")
def _wrapped(begin: Begin) -> Session:
    """A session for an image whose wrapper alone knows where the program's modules are."""
    return begin("flawed/environment-set-by-a-wrapper")


@pytest.mark.parametrize("way", ["uses userns-remap", "is rootless"])
def test_no_gpu_is_simulated_where_no_device_can_be_created(
    begin: Begin, reached: engine.Engine, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """In a user namespace a device is the machine's own or none; that is said before anything runs."""
    monkeypatch.setattr(engine, "connect", lambda: replace(reached, maps_users=way))
    with pytest.raises(UsageError, match=f"--image-gpu=simulated: the Docker Engine {way}"):
        begin("reference", gpu=Choice.SIMULATED)


def named(name: str, **members: object) -> JobRequest:
    """The reference's request under another name, with other members."""
    return JobRequest({**REQUEST.document, "ProcessingJobName": name, **members})


@pytest.mark.parametrize(
    "asked",
    [variation.EMPTY_INPUTS, variation.CORRUPT_INPUTS, variation.UNKNOWN_MEMBERS, variation.SEPARATE_MOUNTS],
    ids=lambda asked: asked.name,
)
def test_runs_that_rest_on_nothing_are_of_the_users_own_request(asked: Job, wrapped: Session) -> None:
    """One outcome for each run, in the job's order."""
    outcomes = wrapped.outcomes(asked, REQUEST)

    assert list(asked.runs) == [outcome.variation for outcome in outcomes]
    assert {id(REQUEST)} == {id(outcome.request) for outcome in outcomes}


def test_a_run_is_made_once(wrapped: Session) -> None:
    """However many jobs have it."""
    good = {
        id(wrapped.outcomes(asked, REQUEST)[0])
        for asked in (variation.AS_REQUESTED, variation.EMPTY_INPUTS, variation.STAND_IN)
    }

    assert 1 == len(good)


def test_the_default_command_has_a_request_of_its_own(wrapped: Session) -> None:
    """With the user's request and without one."""
    (with_one,) = wrapped.outcomes(variation.DEFAULT_COMMAND, REQUEST)
    (without,) = wrapped.outcomes(variation.DEFAULT_COMMAND, None)

    assert with_one is without
    assert ("default-command", Variation.DEFAULT_COMMAND) == (without.request.name, without.variation)


def test_a_stand_in_is_put_where_the_first_run_showed_the_program(wrapped: Session) -> None:
    """It gets what the wrapper hands on: a hundred arguments and variables, among them the user's own."""
    good, seen = wrapped.outcomes(variation.STAND_IN, REQUEST)
    (witness,) = seen.hosts[0].witnesses

    assert REQUEST is good.request
    assert ("python3", "-m", "processing", *odd_words.odd_arguments(100)) == witness.argv
    assert seen.request.environment.items() <= witness.environment.items()
    assert REQUEST.environment.items() <= seen.request.environment.items()


def test_without_entrypoint_the_program_is_run_that_the_first_run_showed(wrapped: Session) -> None:
    """By the command that the wrapper started it with."""
    good, _, overridden = wrapped.outcomes(variation.OVERRIDDEN, REQUEST)

    assert (JobStatus.COMPLETED, JobStatus.FAILED) == (good.status, overridden.status)
    assert ("python3", "-m", "processing") == overridden.request.entrypoint == overridden.hosts[0].argv
    assert "No module named processing" in overridden.hosts[0].stderr.text


def test_a_job_that_fails_is_run_with_the_images_own_opt_ml(begin: Begin) -> None:
    """And succeeds there, with the same request."""
    session = begin("flawed/directory-below-opt-ml-needed")
    own, replaced = session.outcomes(variation.RESERVED_REPLACED, REQUEST)

    assert (Variation.OWN_RESERVED, Variation.AS_REQUESTED) == (own.variation, replaced.variation)
    assert (JobStatus.COMPLETED, JobStatus.FAILED) == (own.status, replaced.status)


def test_a_job_that_succeeds_is_not_run_with_the_images_own_opt_ml(wrapped: Session) -> None:
    """Nothing else could be seen there: one outcome stands for both."""
    own, replaced = wrapped.outcomes(variation.RESERVED_REPLACED, REQUEST)

    assert own is replaced


def test_a_long_job_is_stopped_by_each_signal(begin: Begin) -> None:
    """In the middle of its work, and at its very beginning."""
    application = {**REQUEST.document["AppSpecification"], "ContainerArguments": ["--sleep", "5"]}
    asked = named("long", AppSpecification=application)
    session = begin("reference", asked)
    session.start([(variation.STOPS_BY_SIGINT, asked), (variation.STOPPED_BY_SIGTERM, asked)])
    _, early, by_sigint = session.outcomes(variation.STOPS_BY_SIGINT, asked)
    _, by_sigterm = session.outcomes(variation.STOPPED_BY_SIGTERM, asked)

    assert [Variation.STOPPED_EARLY, Variation.STOPPED_BY_SIGINT, Variation.STOPPED_BY_SIGTERM] == [
        outcome.variation for outcome in (early, by_sigint, by_sigterm)
    ]
    hosts = [outcome.hosts[0] for outcome in (early, by_sigint, by_sigterm)]
    assert [End.STOPPED] * 3 == [host.end for host in hosts]
    assert ["SIGINT", "SIGINT", "SIGTERM"] == [host.stop.signal for host in hosts if host.stop is not None]
    assert [130, 143] == [host.exit_code for host in hosts[1:]]
    assert all(host.seconds >= stops.SHORT_SECONDS for host in hosts[1:])


def test_what_would_show_nothing_is_not_run(begin: Begin) -> None:
    """The reason comes out where the outcomes are asked for."""
    session = begin("reference")

    with pytest.raises(DoesNotApply, match="ENTRYPOINT starts the program directly"):
        session.outcomes(variation.OVERRIDDEN, REQUEST)


def test_a_short_job_is_halted_at_its_work_to_be_stopped(begin: Begin) -> None:
    """It takes a fraction of a second; nobody could stop it half-way. It counts only as long as it ran."""
    session = begin("reference")
    good, early, stopped = session.outcomes(variation.STOPS_BY_SIGINT, REQUEST)
    (host,) = stopped.hosts

    assert early is good
    assert (End.STOPPED, "SIGINT", 130) == (host.end, host.stop and host.stop.signal, host.exit_code)
    assert host.trace is not None
    assert host.seconds > host.trace.halted_seconds > 0
    assert 1 == len(host.trace.uses)


def test_trouble_of_the_first_run_is_that_of_those_that_rest_on_it(begin: Begin) -> None:
    """It is an error of theirs too, and no verdict."""
    clash = [
        {
            "InputName": name,
            "S3Input": {
                "S3Uri": f"s3://conformance-fixtures/reference/{name}",
                "LocalPath": "/opt/ml/processing/input/x" + ("/readme.txt" if name == "measurements" else ""),
                "S3DataType": "S3Prefix",
            },
        }
        for name in ("documents", "measurements")
    ]
    asked = named("clash", ProcessingInputs=clash)
    session = begin("reference", asked)

    for resting in (variation.STAND_IN, variation.OVERRIDDEN, variation.RESERVED_REPLACED):
        with pytest.raises(JobError, match="could not be run"):
            session.outcomes(resting, asked)


def test_runs_that_rest_on_another_come_last(begin: Begin) -> None:
    """In whatever order the checks ask for them, so that no thread waits while there is something to run."""
    session = begin("reference")
    session.start(
        [(variation.OVERRIDDEN, REQUEST), (variation.RESERVED_REPLACED, REQUEST), (variation.UNKNOWN_MEMBERS, REQUEST)]
    )
    begun = [run for run, _ in session._made]

    resting = {Variation.OVERRIDDEN, Variation.OVERRIDDEN_BOTH, Variation.OWN_RESERVED}

    assert [Variation.AS_REQUESTED, Variation.UNKNOWN_MEMBERS] == begun[:2]
    assert resting == set(begun[2:]) <= RESTING.keys()


def test_runs_that_only_wait_hold_up_no_other(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts wait a minute for a peer that has failed, and in that minute all other runs are made."""
    cluster = {"InstanceCount": 2, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 1}
    asked = named("two-hosts", ProcessingResources={"ClusterConfig": cluster})
    session = begin("reference", asked)
    run, others = session.service.run, threading.Event()

    def patient(image: Image, request: JobRequest, made: Variation, **how: Any) -> Outcome:  # noqa: ANN401 - as `Service.run`
        assert made not in WAITING or others.wait(timeout=200)
        return run(image, request, made, **how)

    monkeypatch.setattr(session.service, "run", patient)
    session.start([(variation.PEER_FAILS, asked), (variation.ONE_HOST, asked), (variation.TRUE_HOSTNAMES, asked)])
    made = [session.outcomes(job, asked)[0] for job in (variation.ONE_HOST, variation.TRUE_HOSTNAMES)]
    others.set()

    assert [JobStatus.COMPLETED] * 2 == [outcome.status for outcome in made]
    assert variation.PEER_FAILS.runs == tuple(
        outcome.variation for outcome in session.outcomes(variation.PEER_FAILS, asked)
    )


def test_without_a_request_only_the_default_command_is_run(begin: Begin) -> None:
    """The others need a job that the image can do."""
    session = begin("reference")
    session.start([(variation.OVERRIDDEN, None), (variation.AS_REQUESTED, None), (variation.DEFAULT_COMMAND, None)])

    assert [(Variation.DEFAULT_COMMAND, "default-command")] == list(session._made)


def test_many_runs_that_rest_on_others_do_not_wait_for_each_other_for_ever(begin: Begin) -> None:
    """Where only checks of such runs are selected, and there are more of them than runs at the same time."""
    requests = [named(f"job-{number}") for number in range(IN_FLIGHT + 1)]
    session = begin("reference", *requests)
    reasons: list[str] = []

    def wait() -> None:
        for asked in requests:
            try:
                session.outcomes(variation.OVERRIDDEN, asked)
            except NotJudged as stop:
                reasons.append(str(stop))

    session.start((variation.OVERRIDDEN, asked) for asked in requests)
    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    waiting.join(timeout=300)

    assert ["ENTRYPOINT starts the program directly"] * len(requests) == reasons


def test_the_image_is_read_once_and_its_files_are_known_then(begin: Begin) -> None:
    """Until then it is known without them, and nobody waits who need not."""
    session = begin("reference")

    assert not len(session.found.files)
    assert session.image is session.image is session.image_as_known
    assert session.image.executable("python3").file is not None


def test_a_closed_session_leaves_nothing_behind(begin: Begin) -> None:
    """Its runs end, and what they made is removed."""
    asked = named("endless", AppSpecification={"ImageUri": "image", "ContainerArguments": ["--sleep", "600"]})
    session = begin("reference", asked)
    session.start([(variation.STOPPED_BY_SIGINT, asked)])
    client = session.service._engine.client
    label = f"conformance.run={session.service.run_id}"
    deadline = time.monotonic() + 60
    while not client.containers(filters={"label": label, "status": "running"}):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    session.close()

    assert [] == client.containers(all=True, filters={"label": label})
