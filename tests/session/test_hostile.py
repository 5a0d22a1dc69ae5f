"""Images that do their worst: a verdict all the same, within bounds of time and memory, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import docker
import pytest
from junitparser import JUnitXml

from conformance import text
from tests.conftest import REFERENCE_S3, Ran
from tests.support.hostile import session
from tests.support.jobs import request
from tests.support.leftovers import owned_by

pytestmark = pytest.mark.engine

MEMORY_BYTES = 300 << 20

PROGRAMS: dict[str, tuple[str, dict[str, str]]] = {
    "fills its log": (
        "while True: print('x' * 1000)",
        # It is at work when MaxRuntimeInSeconds ends it, as a job is that a faster machine would have finished.
        {"exit.zero-on-success": "not judged", "logs.on-stdout-or-stderr": "conforms"},
    ),
    "ignores the stop": (
        "import signal, time; signal.signal(2, 1); time.sleep(99)",
        {"exit.zero-on-success": "violates"},
    ),
    "message of 1 GB": (
        "open('/opt/ml/output/message', 'wb').truncate(1 << 30)",
        {"message.utf8": "conforms", "message.fits-1-kb": "advised", "message.plain-text": "advised"},
    ),
    "removes what is below /opt/ml": (
        "import shutil; shutil.rmtree('/opt/ml', ignore_errors=True)",
        {"outputs.declared-outputs-written": "advised", "message.utf8": "not judged"},
    ),
    "names and logs that are not UTF-8": (
        "import os; os.write(1, bytes(range(256))); open(b'/opt/ml/processing/output/summary/\\xff\\x01', 'w').close()",
        {
            "outputs.names-fit-s3": "advised",
            "outputs.declared-outputs-written": "not judged",
            "logs.on-stdout-or-stderr": "conforms",
        },
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_verdict_within_bounds(name: str, tmp_path: Path, tag: Callable[[str], str], client: docker.APIClient) -> None:
    """The session ends, its memory stays below 300 MB, the verdicts are the right ones, and the engine is clean."""
    program, expected = PROGRAMS[name]
    job = request(
        tmp_path / "job.json",
        AppSpecification={"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", program]},
        StoppingCondition={"MaxRuntimeInSeconds": 3},
    )

    ran, memory_bytes = session(
        tmp_path, f"--image={tag('reference')}", f"--image-job={job}", f"--image-s3={REFERENCE_S3}"
    )

    assert expected == {check: ran.verdict(check)["verdict"] for check in expected}
    assert memory_bytes < MEMORY_BYTES
    assert [] == owned_by(client, ran.process)


EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\n::error::owned ##vso[owned]"

STEERS = (
    "import os; e = os.environ['EVIL']; s = '/opt/ml/processing/output/summary/'; open('/tmp/' + e, 'w'); "
    "open(s + e, 'w'); os.symlink(e, s + 'link'); open('/opt/ml/output/message', 'w').write(e); raise ValueError(e)"
)


def test_nothing_of_the_image_steers_the_terminal(
    tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """Names of files, a link's target, message and log of a job that fails are shown with escapes, if at all."""
    application = {"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", STEERS, EVIL.replace("\n", " ")]}
    job = request(tmp_path / "job.json", AppSpecification=application, Environment={"EVIL": EVIL})

    ran = conformance(
        *(tag("reference"), f"--image-job={job}", f"--image-s3={REFERENCE_S3}"),
        *("-v", "-rA", "-k", "outputs.no-symlinks or exit.zero-on-success"),
    )

    assert {"outputs.no-symlinks", "exit.zero-on-success"} == ran.failing
    assert "/tmp/\\x1b]0;owned" in ran.output  # noqa: S108 - in the container
    assert ran.output == text.lines(ran.output)
    assert JUnitXml.fromfile(str(ran.report_directory / "junit.xml"))
