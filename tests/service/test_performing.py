"""Jobs that are run for their own sake on a real engine: what is heard of them, what stops them, where outputs go."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import docker
import pytest

from conformance.errors import JobError, UploadError
from conformance.image.image import Image
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.outcome.outcome import End, JobStatus, Outcome
from conformance.service import engine, labels
from conformance.service.live import StopOrder, Stream
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from conformance.service.usage import Usage
from tests.support.jobs import CODE, job, write

pytestmark = pytest.mark.engine


@dataclass
class Heard:
    """Takes down what is told; `then` is called with who says something, `when_ended` with who has ended."""

    then: Callable[[str], None] = lambda _: None
    when_ended: Callable[[str], None] = lambda _: None
    told: dict[tuple[str, Stream], bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    hosts: list[str] = field(default_factory=list)
    usages: list[tuple[str, Usage]] = field(default_factory=list)

    def started(self, host: str) -> None:
        """A host starts."""
        self.hosts.append(f"started {host}")

    def said(self, host: str, stream: Stream, chunk: bytes) -> None:
        """A host says something."""
        self.told[host, stream] += chunk
        self.then(host)

    def measured(self, host: str, usage: Usage) -> None:
        """A host was measured."""
        self.usages.append((host, usage))

    def ended(self, host: str) -> None:
        """A host has ended."""
        self.hosts.append(f"ended {host}")
        self.when_ended(host)


@dataclass
class Performing:
    """Runs programs of a test's own, which are brought as an input."""

    service: LocalService
    image: Image
    here: Path
    heard: Heard = field(default_factory=Heard)
    stop: StopOrder = field(default_factory=StopOrder)

    def __call__(self, code: str, request: JobRequest) -> Outcome:
        """Run it to its end."""
        write(self.here, "bucket/code/main.py", code)
        application = {"ImageUri": "image", "ContainerEntrypoint": ["python3", "-u", f"{CODE}/main.py"]}
        return self.service.perform(
            self.image,
            JobRequest({**request.document, "AppSpecification": application}),
            watcher=self.heard,
            stop=self.stop,
            target=ObjectTree(self.here),
            room=self.here,
        )


@pytest.fixture(name="perform")
def _perform(reached: engine.Engine, image: Image, tmp_path: Path) -> Iterator[Performing]:
    """A service over the objects below `tmp_path`, where outputs go too."""
    service = LocalService(reached, ObjectTree(tmp_path), Settings(stop_grace_seconds=2))
    yield Performing(service, image, tmp_path)
    service.close()


def left(client: docker.APIClient, service: LocalService) -> list[str]:
    """What a service has on the engine but the sign that it is there."""
    filters = {"label": f"{labels.RUN}={service.run_id}"}
    containers = [each["Names"][0] for each in client.containers(all=True, filters=filters)]
    volumes = [each["Name"] for each in client.volumes(filters=filters)["Volumes"] or ()]
    networks = [each["Name"] for each in client.networks(filters=filters)]
    return [name for name in (*containers, *volumes, *networks) if "-present-" not in name]


def test_outputs_become_files_and_nothing_else_stays(perform: Performing, client: docker.APIClient) -> None:
    """Each regular file of an output is written below its S3Uri, under each of its names; links are not."""
    code = """
import os
os.chdir("/opt/ml/processing/output/a")
os.makedirs("deep/er")
open("deep/er/file", "w").write("12345")
os.link("deep/er/file", "hard")
os.link("/opt/ml/processing/input/code/main.py", "program")
os.symlink("/etc/passwd", "link")
open("/opt/ml/output/message", "w").write("done")
"""
    outcome = perform(code, job(outputs=("a",)))

    out = perform.here / "bucket/out/a"
    found = {str(path.relative_to(out)): path.read_text() for path in out.rglob("*") if path.is_file()}
    assert {"deep/er/file": "12345", "hard": "12345", "program": code} == found
    assert {"bucket"} == {path.name for path in perform.here.iterdir()}
    assert (JobStatus.COMPLETED, "done") == (outcome.status, outcome.exit_message)
    assert {"it was run without the tracer"} == {host.untraced for host in outcome.hosts}
    assert [] == left(client, perform.service)


def test_large_output_is_whole(perform: Performing) -> None:
    """A file is written whole that is larger than what the suite keeps of anything."""
    code = "f = open('/opt/ml/processing/output/a/big', 'wb')\nfor i in range(96): f.write(bytes([i]) * (1 << 20))"

    perform(code, job(outputs=("a",)))

    expected = hashlib.sha256(b"".join(bytes([i]) * (1 << 20) for i in range(96))).hexdigest()
    assert expected == hashlib.sha256((perform.here / "bucket/out/a/big").read_bytes()).hexdigest()


def test_failed_job_writes_no_output_but_a_continuous_one(perform: Performing) -> None:
    """What is uploaded at the end of a job is lost with it, what is uploaded meanwhile is not."""
    code = """
import sys
for name in "ab":
    open(f"/opt/ml/processing/output/{name}/file", "w").write(name)
sys.exit(3)
"""
    request = job(outputs=("a", "b"))
    request.document["ProcessingOutputConfig"]["Outputs"][1]["S3Output"]["S3UploadMode"] = "Continuous"

    outcome = perform(code, request)

    assert (JobStatus.FAILED, "AlgorithmError: , exit code: 3") == (outcome.status, outcome.failure_reason)
    assert ["bucket/out/b/file"] == [
        str(path.relative_to(perform.here)) for path in (perform.here / "bucket/out").rglob("*") if path.is_file()
    ]


def test_continuous_output_is_written_while_the_job_runs(perform: Performing) -> None:
    """The job itself is stopped by what it has written, so it was there before the job's end."""
    code = """
import time
open("/opt/ml/processing/output/a/file", "w").write("early")
while True: print("waiting"); time.sleep(0.1)
"""
    request = job(outputs=("a",))
    request.document["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3UploadMode"] = "Continuous"
    file = perform.here / "bucket/out/a/file"
    perform.heard.then = lambda _: perform.stop.give() if file.exists() else None

    outcome = perform(code, request)

    assert (JobStatus.STOPPED, "early") == (outcome.status, file.read_text())


def test_all_that_is_said_is_heard_however_much(perform: Performing) -> None:
    """Nothing is lost of a log that is larger than what the engine keeps, and streams are told apart."""
    code = """
import sys
for i in range(400_000): print("%06d" % i, "x" * 80)
print("last", file=sys.stderr, end="")
"""
    perform(code, job())

    said = bytes(perform.heard.told["algo-1", Stream.STDOUT]).decode().splitlines()
    assert [f"{i:06d} {'x' * 80}" for i in range(400_000)] == said
    assert b"last" == perform.heard.told["algo-1", Stream.STDERR]
    assert ["started algo-1", "ended algo-1"] == perform.heard.hosts


def test_trouble_of_the_listener_ends_neither_program_nor_service(perform: Performing) -> None:
    """The program is not left to wait for somebody who reads, and the trouble is raised when it has ended."""

    def fall(_: str) -> None:
        raise ValueError("no more")

    perform.heard.then = fall

    with pytest.raises(ValueError, match="no more"):
        perform("print('x' * 10_000_000)", job())


@pytest.mark.parametrize(
    ("handler", "killed"),
    [("signal.SIG_IGN", True), ("lambda *_: (print('caught'), sys.exit(0))", False)],
)
def test_order_stops_a_job(*, handler: str, killed: bool, perform: Performing, client: docker.APIClient) -> None:
    """SIGINT comes first, and SIGKILL after the grace; either way the job is stopped, and writes no outputs."""
    code = f"""
import signal, sys, time
signal.signal(signal.SIGINT, {handler})
open("/opt/ml/processing/output/a/file", "w").close()
print("ready")
while True: time.sleep(1)
"""
    perform.heard.then = lambda _: perform.stop.give()

    outcome = perform(code, job(outputs=("a",)))

    (host,) = outcome.hosts
    assert (JobStatus.STOPPED, None, End.STOPPED) == (outcome.status, outcome.failure_reason, host.end)
    assert host.stop is not None
    assert ("SIGINT", killed) == (host.stop.signal, host.stop.killed)
    assert killed == (b"caught" not in perform.heard.told["algo-1", Stream.STDOUT])
    assert not (perform.here / "bucket/out").exists()
    assert [] == left(client, perform.service)


def test_order_that_comes_first_keeps_a_job_from_starting(perform: Performing) -> None:
    """No host is started, and the job is stopped."""
    perform.stop.give()

    outcome = perform("print('never')", job())

    assert JobStatus.STOPPED == outcome.status
    assert [] == perform.heard.hosts


def test_order_stops_every_host(perform: Performing, client: docker.APIClient) -> None:
    """One host has ended by itself, and the others get the order."""
    code = """
import json, sys, time
if json.load(open("/opt/ml/config/resourceconfig.json"))["current_host"] == "algo-2": sys.exit(0)
print("ready")
while True: time.sleep(1)
"""
    heard: set[str] = set()

    def hear(host: str) -> None:
        heard.add(host)
        if {"algo-1", "algo-2", "algo-3"} <= heard:
            perform.stop.give()

    # The second says nothing, so that of it nothing is heard but its end.
    perform.heard.then = perform.heard.when_ended = hear

    outcome = perform(code, job().on_hosts(3))

    assert [End.STOPPED, End.EXITED, End.STOPPED] == [host.end for host in outcome.hosts]
    assert JobStatus.STOPPED == outcome.status
    assert [] == left(client, perform.service)


def test_hosts_deliver_only_when_all_have_succeeded(perform: Performing) -> None:
    """What the first host wrote is not delivered where the second one fails."""
    code = """
import json, sys
host = json.load(open("/opt/ml/config/resourceconfig.json"))["current_host"]
open(f"/opt/ml/processing/output/a/{host}", "w").write(host)
sys.exit(host == sys.argv[1])
"""
    expected = {"nobody": {"algo-1": "algo-1", "algo-2": "algo-2"}, "algo-2": {}}
    for failing, files in expected.items():
        write(perform.here, "bucket/code/x", "")
        request = job(outputs=("a",)).on_hosts(2)
        perform(code.replace("sys.argv[1]", repr(failing)), request)

        out = perform.here / "bucket/out/a"
        assert files == {path.name: path.read_text() for path in out.glob("*")}
        for path in out.glob("*"):
            path.unlink()


def test_program_that_cannot_start_fails_the_job(perform: Performing, client: docker.APIClient) -> None:
    """The reason is the engine's, and nobody waits for what it says."""
    document = {**job().document, "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["/nope"]}}
    write(perform.here, "bucket/code/x", "")

    outcome = perform.service.perform(
        perform.image,
        JobRequest(document),
        watcher=perform.heard,
        stop=perform.stop,
        target=ObjectTree(perform.here),
        room=perform.here,
    )

    assert JobStatus.FAILED == outcome.status
    assert "/nope" in (outcome.failure_reason or "")
    assert [] == left(client, perform.service)


def test_what_cannot_be_written_is_named_and_the_rest_is_there(perform: Performing, tmp_path: Path) -> None:
    """A link in the way is not followed."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "bucket/out/a").mkdir(parents=True)
    (tmp_path / "bucket/out/a/link").symlink_to(elsewhere)
    code = """
import os
os.chdir("/opt/ml/processing/output/a")
os.mkdir("link")
for name in ("a", "link/b", "z"): open(name, "w").write(name)
"""
    with pytest.raises(UploadError, match="'link' is a symbolic link") as raised:
        perform(code, job(outputs=("a",)))

    assert isinstance(raised.value, JobError)
    assert [] == list(elsewhere.iterdir())
    assert {"a", "link", "z"} == {path.name for path in (tmp_path / "bucket/out/a").iterdir()}
