"""Jobs of two hosts on a real engine: what each of them finds in each variation, one run for each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import pytest

from conformance.errors import JobError
from conformance.image.image import Image
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host, JobStatus, Outcome
from conformance.service import engine
from conformance.service.labels import RUN
from conformance.service.local import LocalService
from conformance.service.peers.places import decoy
from conformance.service.settings import DECOY_HOSTNAME, Settings
from tests.support.jobs import job, write

pytestmark = pytest.mark.engine

LOOK = """
import json, os, socket, time

def address(name):
    try:
        return socket.gethostbyname(name)
    except socket.gaierror as error:
        return error.errno

began = time.time()
config = json.load(open("/opt/ml/config/resourceconfig.json"))
if config["current_host"] == config["hosts"][-1]:
    time.sleep(float(os.environ.get("LAST_ASKS_AFTER", "0")))
first = {name: address(name) for name in (*config["hosts"], "algo-1", socket.gethostname())}
last = dict(first)
deadline = time.monotonic() + 60
while any(isinstance(last[name], int) for name in config["hosts"]) and time.monotonic() < deadline:
    time.sleep(0.1)
    last = {name: address(name) for name in config["hosts"]}
print(json.dumps({
    "began": began,
    "config": config,
    "hostname": socket.gethostname(),
    "first": first,
    "last": last,
    "shards": sorted(os.listdir("/opt/ml/processing/shards")),
    "whole": sorted(os.listdir("/opt/ml/processing/whole")),
}))
"""

UNKNOWN = -2
"""EAI_NONAME of glibc: no such name."""

OBJECTS = ("a", "b", "c")


def brought(name: str, distribution: str) -> dict[str, Any]:
    """An input of all the objects."""
    place = {"S3Uri": "s3://bucket/objects/", "LocalPath": f"/opt/ml/processing/{name}", "S3DataType": "S3Prefix"}
    return {"InputName": name, "S3Input": {**place, "S3DataDistributionType": distribution}}


REQUEST = JobRequest(
    {
        **job().document,
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", LOOK]},
        "ProcessingInputs": [brought("shards", "ShardedByS3Key"), brought("whole", "FullyReplicated")],
    }
).on_hosts(2)


@pytest.fixture(name="run")
def _run(reached: engine.Engine, image: Image, tmp_path: Path) -> Iterator[Callable[..., Outcome]]:
    """Run the job in a variation, over three objects."""
    for name in OBJECTS:
        write(tmp_path, f"bucket/objects/{name}", name)
    service = LocalService(reached, ObjectTree(tmp_path), Settings())

    def run(variation: Variation, *, of: JobRequest = REQUEST, **rest: Any) -> Outcome:  # noqa: ANN401 - of `LocalService.run`
        return service.run(image, of, variation, **rest)

    yield run
    service.close()


def found(host: Host) -> dict[str, Any]:
    """What a host printed."""
    assert 0 == host.exit_code, (host.start_error, host.stderr.text)
    printed: dict[str, Any] = json.loads(host.stdout.text)
    return printed


def test_as_requested_hosts_know_each_other_and_share_the_objects(run: Callable[..., Outcome]) -> None:
    """By the names of resourceconfig.json, at once; their own hostname is nobody's name, and leads to themselves."""
    outcome = run(Variation.AS_REQUESTED)

    one, two = (found(host) for host in outcome.hosts)
    addresses = {host.name: host.address for host in outcome.hosts}
    assert ["algo-1", "algo-2"] == list(addresses) == one["config"]["hosts"] == two["config"]["hosts"]
    assert [("algo-1", decoy(DECOY_HOSTNAME, 1)), ("algo-2", decoy(DECOY_HOSTNAME, 2))] == [
        (each["config"]["current_host"], each["hostname"]) for each in (one, two)
    ]
    own = [{decoy(DECOY_HOSTNAME, at): address} for at, address in enumerate(addresses.values(), start=1)]
    assert [addresses | named for named in own] == [one["first"], two["first"]]
    assert [(["a", "c"], [*OBJECTS]), (["b"], [*OBJECTS])] == [(each["shards"], each["whole"]) for each in (one, two)]
    assert outcome.queries is not None
    assert {False} == {query.delayed for query in outcome.queries.queries}


def test_names_of_others_come_late(run: Callable[..., Outcome]) -> None:
    """Its own a host knows at once; that of the other one not before some seconds, and after some questions.

    The last host asks when the seconds are over.
    """
    later = {"LAST_ASKS_AFTER": f"{Settings().late_name_seconds + 1}"}
    outcome = run(Variation.LATE_NAMES, of=REQUEST.overriding(entrypoint=REQUEST.entrypoint, environment=later))

    assert outcome.queries is not None
    assert outcome.queries.began is not None
    asked = outcome.queries.attempts(outcome.hosts[1].address, "algo-1")
    assert asked[0].at - outcome.queries.began >= Settings().late_name_seconds
    for host, peer in (outcome.hosts, outcome.hosts[::-1]):
        printed = found(host)
        attempts = outcome.queries.attempts(host.address, peer.name)
        answered = next(query for query in attempts if not query.delayed)
        assert {host.name: host.address, peer.name: UNKNOWN}.items() <= printed["first"].items()
        assert {host.name: host.address, peer.name: peer.address} == printed["last"]
        assert Settings().late_name_queries <= sum(query.delayed for query in attempts)
        assert answered.at - outcome.queries.began >= Settings().late_name_seconds
        assert () == outcome.queries.attempts(host.address, host.name)


def test_the_last_host_starts_late(run: Callable[..., Outcome]) -> None:
    """Its name is known before."""
    outcome = run(Variation.LATE_START)

    one, two = (found(host) for host in outcome.hosts)
    assert one["began"] < two["began"]
    assert outcome.hosts[1].address == one["first"]["algo-2"]


def test_hosts_have_other_names(run: Callable[..., Outcome]) -> None:
    """In resourceconfig.json and with the name server; the usual ones are nobody's."""
    outcome = run(Variation.RENAMED_HOSTS)

    names = ["host-001.job.internal", "host-002.job.internal"]
    addresses = {host.name: host.address for host in outcome.hosts}
    assert names == list(addresses)
    for host in outcome.hosts:
        printed = found(host)
        assert {"current_host": host.name, "hosts": names} == printed["config"]
        assert addresses.items() <= printed["last"].items()
        assert UNKNOWN == printed["first"]["algo-1"]


def test_hostnames_are_true(run: Callable[..., Outcome]) -> None:
    """Each container's own is its host's name."""
    outcome = run(Variation.TRUE_HOSTNAMES)

    addresses = {host.name: host.address for host in outcome.hosts}
    assert [("algo-1", addresses), ("algo-2", addresses)] == [
        (printed["hostname"], printed["first"]) for printed in map(found, outcome.hosts)
    ]


def test_there_are_fewer_objects_than_hosts(run: Callable[..., Outcome]) -> None:
    """The first host gets the only one of what is sharded; what is not comes to each, as ever."""
    outcome = run(Variation.FEW_OBJECTS)

    assert [(["a"], [*OBJECTS]), ([], [*OBJECTS])] == [
        (printed["shards"], printed["whole"]) for printed in map(found, outcome.hosts)
    ]


def test_a_peer_fails(run: Callable[..., Outcome]) -> None:
    """In the last host's place nothing of the image runs; the others know its name, and are not stopped by its end."""
    outcome = run(Variation.PEER_FAILS, stop_after_seconds=300.0)

    other, peer = outcome.hosts
    assert peer.address == found(other)["first"]["algo-2"]
    assert (End.EXITED, 1, b"", None) == (peer.end, peer.exit_code, peer.stdout.head, peer.trace)
    assert "it was replaced by a host that fails" == peer.untraced
    assert JobStatus.FAILED is outcome.status


WATCH = """
import json, socket, time

config = json.load(open("/opt/ml/config/resourceconfig.json"))
deadline = time.monotonic() + 60
while config["current_host"] == "algo-2" and time.monotonic() < deadline:
    try:
        socket.getaddrinfo("algo-1", None)
    except socket.gaierror:
        raise SystemExit(3)
    time.sleep(0.1)
"""
"""The second host ends with 3 once the name server is not reached any more, the first one at once."""


def running(*argv: str) -> JobRequest:
    """A job of two hosts that run this."""
    application = {"ImageUri": "image", "ContainerEntrypoint": list(argv)}
    return JobRequest({**REQUEST.document, "AppSpecification": application})


def test_a_peer_is_cut_off(run: Callable[..., Outcome]) -> None:
    """The last host alone loses the network in the middle of its work, and when is written down."""
    outcome = run(
        Variation.CUT_OFF, of=running("python3", "-c", WATCH), stop_after_seconds=60.0, cut_off_after_seconds=2.0
    )

    other, peer = outcome.hosts
    assert [(0, None), 3] == [(other.exit_code, other.cut_off_seconds), peer.exit_code]
    assert peer.cut_off_seconds is not None
    assert 2.0 <= peer.cut_off_seconds <= peer.seconds


def test_a_job_that_waits_for_ever_is_ended(run: Callable[..., Outcome]) -> None:
    """Within the limit that it was given, however long it would have gone on."""
    outcome = run(Variation.CUT_OFF, of=running("sleep", "600"), stop_after_seconds=4.0, cut_off_after_seconds=1.0)

    assert [End.STOPPED] * 2 == [host.end for host in outcome.hosts]
    assert outcome.hosts[1].cut_off_seconds is not None


def test_a_peer_that_has_ended_is_not_cut_off(run: Callable[..., Outcome]) -> None:
    """It was too soon for that, and nothing is awaited."""
    outcome = run(Variation.CUT_OFF, of=running("true"), stop_after_seconds=300.0, cut_off_after_seconds=200.0)

    assert [(0, None)] * 2 == [(host.exit_code, host.cut_off_seconds) for host in outcome.hosts]


def name_server(client: docker.APIClient, run_id: str) -> str:
    """The id of the one container of a run that has no volume, once both hosts run as well."""
    deadline = time.monotonic() + 60
    while True:
        found = client.containers(filters={"label": f"{RUN}={run_id}"})
        if len(found) == 3:
            return next(str(each["Id"]) for each in found if not each["Mounts"])
        assert time.monotonic() < deadline, "the job did not begin"
        time.sleep(0.05)


def test_hosts_whose_questions_do_not_arrive_say_nothing_of_the_image(
    reached: engine.Engine, image: Image, tmp_path: Path, client: docker.APIClient
) -> None:
    """It is trouble of the suite's own, which later runs of the session do not go through again."""
    for name in OBJECTS:
        write(tmp_path, f"bucket/objects/{name}", name)
    service = LocalService(reached, ObjectTree(tmp_path), Settings())
    try:
        with ThreadPoolExecutor() as pool:
            begun = pool.submit(
                service.run, image, running("sleep", "600"), Variation.AS_REQUESTED, stop_after_seconds=8
            )
            client.kill(name_server(client, service.run_id), "SIGKILL")
            with pytest.raises(
                JobError,
                match=r"DNS queries of the hosts do not reach their name server \(another version of the engine",
            ):
                begun.result()
        with pytest.raises(JobError, match="do not reach their name server"):
            service.run(image, running("true"), Variation.AS_REQUESTED)
        alone = service.run(image, running("true").on_hosts(1), Variation.AS_REQUESTED)
    finally:
        service.close()

    assert JobStatus.COMPLETED is alone.status


def test_a_name_server_that_does_not_begin_fails_the_job(
    reached: engine.Engine, image: Image, client: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what the name server said, and neither host, network nor name server stays."""
    monkeypatch.setattr("conformance.service.peers.names.answer", lambda *_, **__: "answer\nname algo-1")
    service = LocalService(reached, None, Settings())
    filters = {"label": f"{RUN}={service.run_id}"}

    with pytest.raises(JobError, match="the name server does not respond: probe: line 2 of the plan names no host"):
        service.run(image, job().on_hosts(2), Variation.AS_REQUESTED)
    left = (client.containers(all=True, filters=filters), client.networks(filters=filters))
    volumes = client.volumes(filters=filters)["Volumes"]
    service.close()

    assert (([], []), []) == (left, volumes or [])
