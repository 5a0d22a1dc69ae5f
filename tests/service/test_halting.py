"""A job that is stopped at its work, on a real engine: where it halts, and that it goes on as if nothing had been."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.image.image import Image
from conformance.job.objects import ObjectTree
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host
from conformance.probe import HALTED
from conformance.service import engine
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from tests.support.jobs import job, write

pytestmark = pytest.mark.engine

IN, OUT = "/opt/ml/processing/input/data", "/opt/ml/processing/output/out"

WORK = f"""
import os, signal, subprocess, sys, threading
signal.signal(signal.SIGINT, lambda *_: (print("stopped", flush=True), os._exit(3)))
print("begun", flush=True)
threading.Thread(target=lambda: open("{OUT}/a", "w").write("a")).start()
print("went on", flush=True)
"""
"""Its file is used by a thread, beside which the first one would go on to the end."""


@pytest.fixture(name="service")
def _service(reached: engine.Engine, tmp_path: Path) -> Iterator[LocalService]:
    """A service over one input."""
    write(tmp_path, "bucket/data/x.csv", "1")
    service = LocalService(reached, ObjectTree(tmp_path), Settings(stop_grace_seconds=5))
    yield service
    service.close()


def stopped(service: LocalService, image: Image, command: tuple[str, ...], *argv: str) -> Host:
    """The host of a job that is stopped at the work of a command."""
    item = {"InputName": "data", "S3Input": {"S3Uri": "s3://bucket/data", "LocalPath": IN, "S3DataType": "S3Prefix"}}
    application = {"ImageUri": "image", "ContainerEntrypoint": list(argv)}
    request = job(outputs=("out",), AppSpecification=application, ProcessingInputs=[item])
    outcome = service.run(image, request, Variation.STOPPED_BY_SIGINT, stop_after_seconds=60.0, stop_at_work=command)
    return outcome.hosts[0]


@pytest.mark.parametrize("command", [(), ("python3", "-c", WORK)], ids=["any", "named"])
def test_a_job_is_stopped_at_its_first_use(service: LocalService, image: Image, command: tuple[str, ...]) -> None:
    """However short it is: what comes after that is done when the signal has come, by the handler that it meets."""
    host = stopped(service, image, command, "python3", "-c", WORK)

    assert (End.STOPPED, 3) == (host.end, host.exit_code)
    assert "stopped" in host.stdout.text
    assert host.trace is not None
    assert ("", [f"{OUT}/a"]) == (host.untraced, [use.path for use in host.trace.uses])
    assert 0 < host.trace.halted_seconds < host.seconds


def test_what_other_programs_use_before_does_not_halt_it(service: LocalService, image: Image) -> None:
    """A wrapper may look at an input before it starts the program whose stop is of interest."""
    script = f'cat {IN}/x.csv; exec python3 -c "$0"'
    host = stopped(service, image, ("python3", "-c", WORK), "sh", "-c", script, WORK)

    assert (End.STOPPED, 3) == (host.end, host.exit_code)
    assert host.trace is not None
    (arrival,) = (arrival for arrival in host.trace.signals if arrival.name == "SIGINT")
    assert [f"{IN}/x.csv", f"{OUT}/a"] == [use.path for use in host.trace.uses if use.at < arrival.at]


def test_a_job_that_removes_what_says_that_it_halted_is_stopped_later(service: LocalService, image: Image) -> None:
    """It is told from nothing then that it has begun to work, which is no trouble of the suite's own."""
    code = f"import os; os.remove('{HALTED}'); open('{OUT}/a', 'w').write('a')"
    host = stopped(service, image, (), "python3", "-c", code)

    assert (End.EXITED, 0, "") == (host.end, host.exit_code, host.untraced)


def test_a_job_that_never_works_ends_by_itself(service: LocalService, image: Image) -> None:
    """It is not waited for, and files of other places are opened as ever."""
    host = stopped(service, image, (), "python3", "-c", "open('/etc/passwd').read()")

    assert (End.EXITED, 0, None) == (host.end, host.exit_code, host.stop)


def test_several_processes_halt_and_go_on(service: LocalService, image: Image) -> None:
    """Each of them, with its threads; a pool that works on goes on where it was."""
    code = (
        "import multiprocessing, signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        f"def work(n): open(f'{OUT}/{{n}}', 'w').write(str(n)); return n\n"
        "with multiprocessing.get_context('fork').Pool(4) as pool: print(sum(pool.map(work, range(40))))"
    )
    host = stopped(service, image, (), "python3", "-c", code)

    assert (0, "780") == (host.exit_code, host.stdout.text.strip())
    assert host.stop is not None
    assert not host.stop.killed
    assert host.trace is not None
    assert host.trace.halted_seconds > 0
