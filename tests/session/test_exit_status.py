"""The table of exit statuses in the README: however a session ends, 0 is only for what was judged and holds.

`test_command_line.py` has those of usage errors, and of selections that nobody typed; `service/test_leftovers.py` has
Ctrl-C and SIGTERM, also under pytest-xdist.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from tests.conftest import WORKERS, Ran, clean_environment, reference_job
from tests.support.engine_proxy import dying_engine
from tests.support.jobs import request
from tests.support.leftovers import SLEEPING, begin_session, end_at_once, owned_by, reapers, workers

pytestmark = pytest.mark.engine

FLAWED = "flawed/program-below-opt-ml"
DISTRIBUTED = pytest.mark.parametrize("further", [(), WORKERS], ids=["plain", "xdist"])
TIMEOUT_SECONDS = 240
"""How long a test waits at most; how long it takes says nothing."""


@DISTRIBUTED
@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_a_session_that_ends_at_the_first_violation_is_1(
    option: str, further: tuple[str, ...], tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """As if it had gone on; pytest-xdist itself would call it an interruption."""
    ran = conformance(tag(FLAWED), option, *further)

    assert (1, 1) == (ran.status, ran.report["exit_status"]), ran.output
    assert 1 == ran.report["counts"]["violates"]
    assert " does not conform: 1 of " in ran.output


@DISTRIBUTED
def test_a_session_that_ends_at_the_first_error_is_6(
    further: tuple[str, ...], tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """An error is the suite's own, whatever it ends."""
    with dying_engine(tmp_path / "engine.sock", call=r"^POST .*/containers/\w+/start", count=1) as address:
        ran = conformance(tag("reference"), *reference_job(), "-x", *further, environment={"DOCKER_HOST": address})

    assert (6, 6) == (ran.status, ran.report["exit_status"]), ran.output
    assert ran.report["counts"]["error"]


@DISTRIBUTED
def test_an_engine_that_dies_half_way_is_6(
    further: tuple[str, ...], tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """What was judged before stands, all else is an error, and no image is blamed for it."""
    with dying_engine(tmp_path / "engine.sock", call=r"^POST .*/containers/\w+/start", count=4) as address:
        ran = conformance(tag("reference"), *reference_job(), *further, environment={"DOCKER_HOST": address})

    assert (6, 6) == (ran.status, ran.report["exit_status"]), ran.output
    assert 0 == ran.report["counts"]["violates"]
    assert ran.report["counts"]["error"]
    assert " incomplete: " in ran.output


@DISTRIBUTED
def test_everything_deselected_is_5(
    further: tuple[str, ...], tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """Pytest's own status, and no report."""
    ran = conformance(tag("reference"), "-k", "no-such-check", *further)

    assert 5 == ran.status
    assert f"{tag('reference')} was not checked: no check was run" in ran.output
    assert not (ran.report_directory / "report.json").exists()


@pytest.mark.parametrize(("typed", "status"), [(True, 0), (False, 6)])
def test_a_list_of_checks_is_0_only_where_it_is_typed(
    *, typed: bool, status: int, tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """In a project's `addopts`, or in PYTEST_ADDOPTS, it would leave the gate open for good."""
    if not typed:
        (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n", encoding="utf-8")
    ran = conformance(tag(FLAWED), *(["--collect-only", "-q"] if typed else []))

    assert status == ran.status, ran.output


PLUGINS = {
    "skips": "import pytest\ndef pytest_runtest_setup(item):\n    pytest.skip('not today')\n",
    "skips one that was chosen": (
        "import pytest\ndef pytest_runtest_setup(item):\n    if 'has-command' in item.nodeid:\n        pytest.skip()\n"
    ),
    "ends with 0": "import pytest\ndef pytest_runtest_logfinish():\n    pytest.exit('enough', returncode=0)\n",
    "runs nothing": "def pytest_runtest_protocol():\n    return True\n",
    "expects failures": (
        "import pytest\ndef pytest_collection_modifyitems(items):\n"
        "    for item in items:\n        item.add_marker(pytest.mark.xfail)\n"
    ),
    "sets 0": "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n",
}


@pytest.mark.parametrize(
    ("case", "image", "status"),
    [
        ("skips", "reference", 6),
        ("skips one that was chosen", "reference", 6),
        ("ends with 0", "reference", 6),
        ("runs nothing", "reference", 6),
        ("expects failures", FLAWED, 1),
        ("sets 0", FLAWED, 1),
    ],
)
def test_no_plugin_opens_the_gate(
    case: str, image: str, status: int, tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Whatever becomes of the items, the verdicts decide, and what was chosen has to have one."""
    (tmp_path / "opening.py").write_text(PLUGINS[case], encoding="utf-8")
    ran = conformance(tag(image), "-k", "image or nothing-required", "-p", "opening")

    assert status == ran.status, ran.output


def test_the_plugin_cannot_be_left_out(tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """Pytest would run other tests, and end with 0 if they pass."""
    ran = conformance(tag("reference"), "-p", "no:conformance.hooks")

    assert 4 == ran.status
    assert "ERROR: -p no:conformance.hooks: expected the plugin, which judges the image\n" in ran.output


def test_the_suites_own_time_limit_is_6(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """A job that it ends was not judged, and may well be sound."""
    job = request(tmp_path / "job.json", AppSpecification=SLEEPING)
    _, objects = reference_job()
    ran = conformance(
        tag("reference"), f"--image-job={job}", objects, "--image-timeout=3", "-k", "exit.zero-on-success"
    )

    assert 6 == ran.status, ran.output
    assert 0 == ran.report["counts"]["violates"]
    assert "the suite's own time limit" in ran.verdict("exit.zero-on-success")["reason"]


@pytest.fixture(name="full")
def _full(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Directories on file systems of so many bytes."""
    if os.geteuid():
        pytest.skip("only root can mount a file system")
    mounted: list[Path] = []

    def full(size: str) -> Path:
        place = tmp_path / f"full-{size}"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], check=True)
        mounted.append(place)
        return place

    yield full
    for place in mounted:
        subprocess.run(["umount", place], check=True)


@DISTRIBUTED
def test_a_full_disk_is_6_and_leaves_no_half_of_a_report(
    further: tuple[str, ...],
    full: Callable[[str], Path],
    tag: Callable[[str], str],
    conformance: Callable[..., Ran],
) -> None:
    """Whichever file does not fit; a violation stays 1."""
    for size in ("4k", "16k"):
        place = full(size)
        ran = conformance(tag("reference"), f"--image-report={place / 'report'}", *further)

        assert 6 == ran.status, ran.output
        assert "warning: the reports cannot be written: [Errno 28] No space left on device\n" in ran.output
        assert "Traceback" not in ran.output
        assert set() == {path.name for path in (place / "report").iterdir()} & {"report.json", "junit.xml"}

    assert 1 == conformance(tag(FLAWED), f"--image-report={place / 'report'}", *further).status


READ_ONLY = """
import subprocess
import pytest
@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish():
    subprocess.run(["mount", "-o", "remount,ro", {place!r}], check=True)
"""


def test_a_report_directory_that_becomes_read_only_is_6(
    full: Callable[[str], Path], tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """As one on a disk that fails; a violation stays 1."""
    place = full("1m")
    (tmp_path / "failing.py").write_text(READ_ONLY.format(place=str(place)), encoding="utf-8")
    options = (f"--image-report={place / 'report'}", "-p", "failing", "-k", "image")
    ran = conformance(tag("reference"), *options)

    assert 6 == ran.status, ran.output
    assert "warning: the reports cannot be written: [Errno 30] Read-only file system" in ran.output
    assert "Traceback" not in ran.output
    assert 4 == conformance(tag("reference"), *options).status


JUMPING = """
import time
import pytest
true, jumped = time.time, [0]
time.time = lambda: true() + jumped[0]
@pytest.hookimpl
def pytest_collection_finish():
    jumped[0] = {seconds}
"""


@pytest.mark.parametrize("seconds", [-86400, 86400])
def test_a_clock_that_jumps_changes_no_verdict(
    seconds: int, tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """A day back or forth, as the runs begin."""
    (tmp_path / "jumping.py").write_text(JUMPING.format(seconds=seconds), encoding="utf-8")
    ran = conformance(tag("reference"), *reference_job(), "-p", "jumping", "-k", "exit.zero-on-success or message")

    assert 0 == ran.status, ran.output
    assert ran.having("conforms")


def test_two_sessions_on_one_engine_do_not_meet(
    tag: Callable[[str], str], tmp_path: Path, client: docker.APIClient
) -> None:
    """Each has the verdicts that it has alone, and neither removes or leaves anything of the other's."""
    sessions = []
    for name in ("one", "other"):
        (here := tmp_path / name).mkdir()
        job, objects = reference_job()
        arguments = [f"--image={tag('reference')}", job, objects, "--image-hosts=2", "-k", "exit.zero-on-success"]
        with (here / "output").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *arguments],
                cwd=here,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        sessions.append((here, process))

    for here, process in sessions:
        assert 0 == process.wait(TIMEOUT_SECONDS), (here / "output").read_text(encoding="utf-8")
        report = json.loads((here / "conformance-report/report.json").read_text(encoding="utf-8"))
        assert ["conforms"] == [each["verdict"] for each in report["verdicts"]]
        assert [] == report["warnings"]
    assert [] == owned_by(client, *(process.pid for _, process in sessions))


def test_a_worker_that_is_killed_is_never_0(
    tag: Callable[[str], str], tmp_path: Path, client: docker.APIClient
) -> None:
    """Its check has no result, which is no violation of the image's."""
    # With `-n` there would be a bound already.
    restarts = (*WORKERS, "--max-worker-restart=2")
    process = begin_session(tmp_path, tag("reference"), *restarts, "-k", "exit.zero-on-success")
    deadline = time.monotonic() + TIMEOUT_SECONDS
    killed: set[int] = set()
    while process.poll() is None:
        assert time.monotonic() < deadline
        # The worker that runs the job, and each that takes its place.
        busy = {each for each in workers(process.pid) if reapers(each) and owned_by(client, each)} - killed
        end_at_once(*busy)
        killed |= busy
        time.sleep(0.1)

    assert killed
    output = (tmp_path / "output").read_text(encoding="utf-8")
    assert 6 == process.returncode, output
    report = json.loads((tmp_path / "conformance-report/report.json").read_text(encoding="utf-8"))
    assert (6, 0) == (report["exit_status"], report["counts"]["violates"])


@DISTRIBUTED
def test_a_killed_session_leaves_no_report(
    further: tuple[str, ...], tag: Callable[[str], str], tmp_path: Path, client: docker.APIClient
) -> None:
    """Its status is the signal's, and nothing there says that the image conforms."""
    process = begin_session(tmp_path, tag("reference"), *further)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not owned_by(client, process.pid, *workers(process.pid)):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.kill()

    assert -signal.SIGKILL == process.wait(TIMEOUT_SECONDS)
    assert not (tmp_path / "conformance-report/report.json").exists()
    assert not (tmp_path / "conformance-report/junit.xml").exists()
