"""`--image-engine-check`: what of an engine sessions can rely on, one line for each thing, and the exit status."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import docker
import pytest

from conformance.files.tree import File, FileTree, Kind
from conformance.job.standin import own_request
from conformance.outcome.gpu import Gpus, Means
from conformance.outcome.means import Facts, Failed, Tried, facts
from conformance.outcome.outcome import End, Outcome, Stop, Upload
from conformance.outcome.trace import Trace
from conformance.service.trial import SAID, SHIPPED
from conformance.session.engine_check import Line, Use, judged, status, table
from conformance.verdict.profiles import ExitStatus
from tests.conftest import ROOT, clean_environment
from tests.support.engine_proxy import failing_engine
from tests.support.outcomes import file, host, outcome, process

GOLDEN = ROOT / "tests/golden/engine-check.txt"

REQUEST = own_request("image")
WRITTEN = "written-by-the-stand-in.csv"
UPLOADS = tuple(Upload(output.name, "algo-1", WRITTEN, "s3://a/b", 1) for output in REQUEST.outputs)
TRACE = Trace((process(1, 0, "/stand-in"),), tracer=2)
PACKED = FileTree.of([File("/opt/ml/processing/output/a", Kind.FIFO, 0o622, 1234, 5678)])


def ran(**rest: Any) -> Outcome:  # noqa: ANN401 - the fields of Host
    """The suite's own job, as the stand-in does it."""
    ended = host(trace=TRACE, stdout="read\n", stderr="works\n", **rest)
    return replace(outcome(ended, of=REQUEST), uploads=UPLOADS)


GOOD = Tried(
    facts=Facts(
        "Docker Engine", "28.5.2", "1.51", "x86_64", "overlay2", "graph driver", "2", "json-file", ("seccomp",)
    ),
    job=ran(),
    stopped=ran(end=End.STOPPED, exit_code=130, stop=Stop("SIGINT", 0.1, killed=False)),
    hosts=ran(),
    packed=PACKED,
    unpacked=PACKED,
    said=SAID,
    expected=SAID,
    memory_is_limited=True,
    processes_are_limited=True,
    gpus=Gpus(wanted=True, means=Means.REQUEST),
    clock_seconds=0.1,
)
"""What comes of trying an engine on which everything can be judged."""


def lines(**rest: Any) -> dict[str, Line]:  # noqa: ANN401 - the fields of Tried
    """The lines, by name, where some of the results are others."""
    return {line.name: line for line in judged(replace(GOOD, **rest))}


def test_a_good_engine_can_be_used_for_everything() -> None:
    """The table says so line by line, and the status is 0."""
    found = tuple(judged(GOOD))

    assert {Use.OK} == {line.use for line in found}
    assert ExitStatus.CONFORMS is status(found)
    assert GOLDEN.read_text(encoding="utf-8") == table(found) + "\n"


FAILED = Failed("no such thing")

RESULTS: tuple[tuple[str, dict[str, Any], Use, str], ...] = (
    ("jobs", {"job": FAILED}, Use.UNUSABLE, "no such thing"),
    ("jobs", {"job": ran(exit_code=3)}, Use.UNUSABLE, "(exit code 3): works"),
    ("jobs", {"job": replace(ran(), uploads=())}, Use.UNUSABLE, "but found none"),
    ("tracer", {"job": ran(untraced="not permitted")}, Use.NOT_JUDGED, "not permitted"),
    ("tracer", {"facts": replace(GOOD.facts, architecture="aarch64")}, Use.NOT_JUDGED, "the engine runs on aarch64"),
    ("volumes", {"job": replace(ran(), hosts=(host(file(SHIPPED)),))}, Use.UNUSABLE, "stays in its container"),
    ("archives", {"unpacked": FAILED}, Use.UNUSABLE, "no such thing"),
    ("archives", {"unpacked": FileTree()}, Use.UNUSABLE, "but read back nothing"),
    (
        "archives",
        {"unpacked": FileTree.of(replace(each, uid=301234) for each in PACKED)},
        Use.NOTE,
        "owners are not, and no check looks at them",
    ),
    ("logs", {"said": FAILED}, Use.NOT_JUDGED, "no such thing"),
    ("logs", {"said": b"\xef\xbf\xbd"}, Use.NOT_JUDGED, "but got b'"),
    ("logs", {"job": replace(ran(), hosts=(host(stderr=""),))}, Use.NOT_JUDGED, "not told apart"),
    ("signals", {"stopped": FAILED}, Use.NOT_JUDGED, "no such thing"),
    ("signals", {"stopped": ran()}, Use.NOT_JUDGED, "SIGINT does not reach process 1"),
    ("hosts", {"hosts": FAILED}, Use.NOT_JUDGED, "jobs of several hosts: no such thing"),
    ("hosts", {"hosts": ran(exit_code=1)}, Use.NOT_JUDGED, "algo-1 failed"),
    ("memory limit", {"memory_is_limited": False}, Use.NOTE, "a container may take all memory"),
    ("memory limit", {"memory_is_limited": FAILED}, Use.NOTE, "not tried: no such thing"),
    ("process limit", {"processes_are_limited": False}, Use.NOTE, "any number of processes"),
    ("GPUs", {"gpus": Gpus(wanted=True, lack="no GPU on this engine")}, Use.NOTE, "no GPU on this engine"),
    ("GPUs", {"gpus": FAILED}, Use.NOTE, "none: no such thing"),
    ("clock", {"clock_seconds": -60.0}, Use.NOTE, "60 s behind this machine's"),
    ("clock", {"clock_seconds": FAILED}, Use.NOTE, "no such thing"),
)


@pytest.mark.parametrize(
    ("name", "results", "use", "said"), RESULTS, ids=[f"{name}-{said}" for name, _, _, said in RESULTS]
)
def test_what_an_engine_lacks_is_said(name: str, results: Mapping[str, Any], use: Use, said: str) -> None:
    """Each thing that can be amiss has its line, and its consequence."""
    line = lines(**results)[name]

    assert use is line.use
    assert said in line.said


def test_the_gravest_line_decides_on_the_status() -> None:
    """A note changes nothing, what is not judged makes 6, and what cannot be used 4, as an engine that is not there."""
    note, lost, useless = (Line("a", use, "") for use in (Use.NOTE, Use.NOT_JUDGED, Use.UNUSABLE))

    assert [0, 6, 4] == [status([note]), status([note, lost]), status([useless, lost])]


def failing(**rest: Any) -> str:  # noqa: ANN401 - the fields of Tried
    """The table of an engine on which some of the results could not be had."""
    return table(tuple(lines(**rest).values()))


def test_every_result_has_a_line() -> None:
    """Nothing is tried in vain: a failure of each result changes the table."""
    tried = {each.name for each in fields(Tried)} - {"facts", "packed", "expected"}

    assert tried == {name for name in tried if failing() != failing(**{name: FAILED})}


INFO = {
    "Driver": "overlayfs",
    "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
    "CgroupVersion": "2",
    "LoggingDriver": "json-file",
    "Architecture": "aarch64",
    "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"],
}


@pytest.mark.parametrize(("component", "name"), [("Engine", "Docker Engine"), ("Podman Engine", "Podman Engine")])
def test_what_an_engine_says_of_itself(component: str, name: str) -> None:
    """Its make, and what keeps its images; one that says nothing is no error."""
    found = facts(INFO, {"Components": [{"Name": component}], "Version": "29.0.0", "ApiVersion": "1.52"})

    expected = Facts(
        name, "29.0.0", "1.52", "aarch64", "overlayfs", "containerd", "2", "json-file", ("seccomp", "rootless")
    )
    assert expected == found
    assert Facts("Docker Engine", "", "", "", "", "graph driver", "", "") == facts({}, {})


def started(here: Path, *options: str, **environment: str) -> tuple[int, str]:
    """The status of the command, and what it prints on stdout and stderr."""
    command = [sys.executable, "-m", "pytest", "--image-engine-check", *options]
    ended = subprocess.run(
        command, cwd=here, env=clean_environment() | environment, capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("option", ["--image=a", "--image-init", "--image-job=job.json"])
def test_it_stands_alone(option: str, tmp_path: Path) -> None:
    """An option that has no effect beside it is an error."""
    code, said = started(tmp_path, option)

    assert (4, f"ERROR: --image-engine-check: expected no other option, got {option.partition('=')[0]}") == (
        code,
        said.strip(),
    )


def test_an_engine_that_is_not_there_is_unusable(tmp_path: Path) -> None:
    """One line, and the same status as of any session there."""
    code, said = started(tmp_path, DOCKER_HOST="tcp://127.0.0.1:1")

    assert 4 == code
    assert said.startswith("ERROR: cannot connect to the Docker Engine at tcp://127.0.0.1:1: Connection refused")


@pytest.mark.engine
def test_the_engine_of_the_tests_can_be_used(tmp_path: Path, client: docker.APIClient) -> None:
    """It is what all other tests rely on, and no file is left."""
    code, said = started(tmp_path)

    assert code == 0, said
    assert [] == re.findall(r"^.* (?:not judged|unusable) .*$", said, re.MULTILINE)
    assert [] == list(tmp_path.iterdir())
    assert client.version()["Version"] in said


@pytest.mark.engine
@pytest.mark.parametrize(
    ("call", "status", "said"),
    [
        (
            "POST .*/networks/create",
            6,
            "hosts          not judged  jobs of several hosts: two hosts could not be tried: ",
        ),
        ("POST .*/containers/.*/start", 4, "jobs           unusable    a job could not be tried: "),
    ],
    ids=["networks", "starts"],
)
def test_what_an_engine_refuses_is_said(call: str, status: int, said: str, tmp_path: Path) -> None:
    """Its words stand in the line, and the other lines tell what they can."""
    with failing_engine(tmp_path / "socket", call=call, status="500 Not Today", message="not today") as address:
        code, printed = started(tmp_path, DOCKER_HOST=address)

    assert status == code, printed
    (line,) = (line for line in printed.splitlines() if line.startswith(said))
    assert line.endswith("could not be run: not today")
    assert "clock          ok" in printed
