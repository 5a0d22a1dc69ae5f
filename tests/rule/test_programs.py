"""Which inputs bring the program itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from conformance.outcome.outcome import Outcome
from conformance.outcome.trace import Execution, Process, Trace
from conformance.rule.programs import SEARCH_PATHS, programs, programs_of
from tests.support.outcomes import file, host, outcome, request

CODE, DATA = "/opt/ml/processing/code", "/opt/ml/processing/data"
INPUTS = {"code": CODE, "data": DATA}
SCRIPT, JAR, MODULE, TABLE = f"{CODE}/run.py", f"{CODE}/job.jar", f"{CODE}/jobs/__main__.py", f"{DATA}/table.csv"


def running(
    *argv: str,
    executable: str = "/usr/bin/python3",
    cwd: str = "/",
    overrides: dict[str, Iterable[str]] | None = None,
    hosts: int = 1,
) -> Outcome:
    """The undisturbed run of a job whose first host ran this command."""
    process = Process(1, 0, 1.0, (Execution(1.0, 1.0, argv, executable, cwd),), 9.0, 0)
    files = [file(path) for path in (SCRIPT, JAR, MODULE, TABLE, f"{CODE}/jobs/one.py", f"{CODE}/start.sh")]
    ran, idle = host(*files, trace=Trace((process,), tracer=2)), host(*files)
    return outcome(ran, *[idle] * (hosts - 1), of=request(inputs=INPUTS, overrides=overrides))


@pytest.mark.parametrize(
    ("argv", "cwd"),
    [
        (("python3", SCRIPT), "/"),
        (("python3", "-u", SCRIPT, "--rows", "3"), "/"),
        (("python3", "run.py"), CODE),
        (("python3", "../code/run.py"), DATA),
        (("python3", "-m", "jobs"), CODE),
        (("python3", "-m", "jobs.one"), CODE),
        (("/bin/sh", f"{CODE}/start.sh"), "/"),
        (("bash", "-e", "start.sh"), CODE),
        (("spark-submit", "--master", "local", SCRIPT), "/"),
        (("spark-submit", SCRIPT), "/"),
        (("python3", SCRIPT[1:]), ""),
        (("java", "-jar", JAR), "/"),
    ],
)
@pytest.mark.parametrize("hosts", [1, 2])
def test_what_was_interpreted_brings_the_program(argv: tuple[str, ...], cwd: str, hosts: int) -> None:
    """Whichever word of the request, the image or a script named it; one host that ran it is enough."""
    assert {"code"} == programs(running(*argv, cwd=cwd, hosts=hosts))


def test_what_was_executed_brings_the_program() -> None:
    """By its file, whatever it is called; and all that a process became counts."""
    ran = running("./tool", executable=f"{CODE}/start.sh")
    (only,) = ran.hosts
    assert only.trace is not None
    (process,) = only.trace.processes
    other = Execution(2.0, 2.0, ("sleep", "1"), "/bin/sleep")
    became = replace(process, executions=(*process.executions, other))
    ran = replace(ran, hosts=(replace(only, trace=Trace((became,), tracer=2)),))

    assert {"code"} == programs(ran)


@pytest.mark.parametrize(
    ("argv", "cwd"),
    [
        (("python3", "/processing.py", TABLE), "/"),
        (("python3", "/processing.py", SCRIPT), "/"),
        (("python3", "-c", "import jobs"), CODE),
        (("python3", "/app/run.py"), CODE),
        (("python3", "-m", "pandas"), CODE),
        (("python3", f"{CODE}/gone.py"), "/"),
        (("spark-submit", "/app/job.py", TABLE), "/"),
        (("cat", TABLE), "/"),
    ],
)
def test_what_is_only_read_is_data(argv: tuple[str, ...], cwd: str) -> None:
    """Also a script that another program is given, and one that is not there."""
    assert set() == programs(running(*argv, cwd=cwd))


def test_a_run_that_was_not_seen_shows_no_more_than_the_request() -> None:
    """Which names it by ContainerEntrypoint."""
    asked = request(inputs=INPUTS, overrides={"ContainerEntrypoint": ["python3", SCRIPT]})

    assert [set(), {"code"}] == [programs(outcome(of=of)) for of in (request(inputs=INPUTS), asked)]


@pytest.mark.parametrize("name", SEARCH_PATHS)
def test_where_programs_are_looked_for_brings_them(name: str) -> None:
    """One directory of several is enough; one that is only called alike is another."""
    below = request(inputs=INPUTS, environment={name: f"/usr/lib:{CODE}/lib"})
    beside = request(inputs=INPUTS, environment={name: f"{CODE}-2", "OTHER": CODE})

    assert [{"code"}, set()] == [programs_of(below), programs_of(beside)]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"ContainerEntrypoint": ["python3", SCRIPT]}, {"code"}),
        ({"ContainerEntrypoint": ["bash", "-c", f"cd / && exec python3 {SCRIPT}"]}, {"code"}),
        ({"ContainerArguments": [SCRIPT]}, set()),
        ({}, set()),
    ],
)
def test_before_a_run_the_entrypoint_tells(overrides: dict[str, list[str]], expected: set[str]) -> None:
    """An argument may be anything until the run shows what became of it."""
    asked = request(inputs=INPUTS, overrides=overrides)

    assert expected == programs_of(asked)


def test_what_the_request_names_counts_also_where_the_run_shows_another() -> None:
    """Both bring a part of it."""
    ran = running("python3", SCRIPT, overrides={"ContainerEntrypoint": ["python3", f"{DATA}/x.py"]})

    assert {"code", "data"} == programs(ran)
