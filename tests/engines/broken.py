"""Break an engine in the middle of a session, and see what the session makes of it.

    python -m tests.engines.broken [BREAK ...]

brings up an engine of the tests' own for each break, whose daemon is started again whenever it ends and whose disk is
small. It prints a line for each, and exits with 1 if any was wrong: as in `tests.support.faults`, the image is not to
be blamed, nothing may be left once the engine is well again, and the session ends in time, with a line that says what
happened. It exits with 3 where no engine could be brought up.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import docker

from images.builder import build
from tests.conftest import REFERENCE_JOB, REFERENCE_S3
from tests.engines.comparison import take_over
from tests.engines.debian import UnavailableError
from tests.engines.kinds import KINDS
from tests.engines.running import START_SECONDS, NotUpError, Running, answers, leave_on_signals, running
from tests.support.faults import ONE_RUN, Ending, Session, session
from tests.support.leftovers import owned_by

IMAGE = "conformance/reference"

KIND = replace(KINDS["docker-28"], restarts=True, disk_mib=700)

CHECKS = f"{ONE_RUN} or zero-on-success"

BEGIN_SECONDS = 120.0
"""A session whose job does not run by then has not begun."""

WRITES = (
    "echo ok | tee /opt/ml/output/message; for i in $(seq 60); do head -c 100000 /dev/zero 2>/dev/null"
    " >>/opt/ml/processing/output/summary/file || exit 1; sleep 0.1; done"
)
"""Writes for some seconds, and fails without a word where it cannot."""

FLOODS = f"head -c {2 * KIND.disk_mib}M /dev/zero >/filler 2>/dev/null"
"""Writes more than the disk takes, and says as little."""


def run_of(session_pid: int, client: docker.APIClient) -> bool:
    """Whether a host of a session runs."""
    names = {name for each in client.containers() for name in each["Names"] or ()}
    return any("-algo-" in name and name in names for name in owned_by(client, session_pid))


def container_of(session_pid: int, client: docker.APIClient) -> bool:
    """Whether a host of a session has been created."""
    return any("-algo-" in name for name in owned_by(client, session_pid))


def at_once(_session: int, _client: docker.APIClient) -> bool:
    """Before the session has begun."""
    return True


def fill(engine: Running) -> None:
    """Fill the engine's disk to the last byte."""
    with (engine.root / "data/filler").open("ab", buffering=0) as filler:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    filler.write(bytes(size))
            except OSError:
                continue


def mend(engine: Running) -> None:
    """Remove what filled the disk, and wait until the daemon is there again."""
    (engine.root / "data/filler").unlink(missing_ok=True)
    until = time.monotonic() + START_SECONDS
    while not answers(engine.address.removeprefix("unix://")) and time.monotonic() < until:
        time.sleep(0.1)


def end(number: signal.Signals, engine: Running, *, down_seconds: float = 0.0) -> None:
    """End the daemon."""
    engine.end_daemon(number, down_seconds=down_seconds)


@dataclass(frozen=True)
class Break:
    """What happens to an engine, when, and the session that it happens to."""

    what: Callable[[Running], None]
    when: Callable[[int, docker.APIClient], bool] = run_of
    program: str = WRITES
    options: tuple[str, ...] = ()


killed = partial(end, signal.SIGKILL)

BREAKS: Mapping[str, Break] = {
    "daemon killed": Break(killed),
    "daemon killed, and down for 20 s": Break(partial(killed, down_seconds=20.0)),
    "daemon killed under a created host": Break(killed, container_of),
    "daemon killed under two hosts": Break(killed, options=("--image-hosts=2",)),
    "daemon restarted in order": Break(partial(end, signal.SIGTERM)),
    "disk full before the session": Break(fill, at_once),
    "disk full under a created host": Break(fill, container_of),
    "disk full while a job runs": Break(fill),
    "disk filled by the job": Break(lambda _: None, program=FLOODS),
}


@contextmanager
def engine_with_reference() -> Iterator[Running]:
    """An engine of its own that has the reference."""
    own = docker.from_env()
    with closing(own), running(KIND) as engine:
        take_over(own.api, engine, build.build("reference", own))
        yield engine


def judged(engine: Running, program: str, options: Sequence[str], breaks: Break | None = None) -> Session:
    """A session whose job is this program, and to whose engine this happens."""
    document = json.loads(REFERENCE_JOB.read_text(encoding="utf-8"))
    document["AppSpecification"] = {"ImageUri": "image", "ContainerEntrypoint": ["sh", "-c", program]}
    with closing(engine.client()) as client, tempfile.TemporaryDirectory() as directory:
        job = Path(directory) / "job.json"
        job.write_text(json.dumps(document), encoding="utf-8")

        def meanwhile(process: subprocess.Popen[bytes]) -> None:
            until = time.monotonic() + BEGIN_SECONDS
            while breaks is not None and process.poll() is None and time.monotonic() < until:
                if breaks.when(process.pid, client):
                    breaks.what(engine)
                    return
                time.sleep(0.05)

        selected = (f"--image-job={job}", f"--image-s3={REFERENCE_S3}", "--image-timeout=60", "-k", CHECKS)
        return session(IMAGE, (*selected, *options), engine.address, client, meanwhile, partial(mend, engine))


def healthy(engine: Running, options: Sequence[str]) -> Session:
    """The session on an engine that nothing happens to."""
    found = judged(engine, WRITES, options)
    if found.status != 0:
        raise SystemExit(f"the healthy session ended with {found.status}:\n{found.output}")
    return found


def main(names: Sequence[str]) -> int:
    """Print all of them, or those of these names; see above for the exit status."""
    leave_on_signals()
    wrong = 0
    sound: dict[tuple[str, ...], Session] = {}
    try:
        for name in names or BREAKS:
            each = BREAKS[name]
            with engine_with_reference() as engine:
                if each.options not in sound:
                    sound[each.options] = healthy(engine, each.options)
                broken = judged(engine, each.program, each.options, each)
            print(f"{name:36} {broken.told(sound[each.options])}", flush=True)
            if broken.end(sound[each.options]) is Ending.WRONG:
                wrong += 1
                print(broken.output, flush=True)
    except (NotUpError, UnavailableError) as error:
        print(error, file=sys.stderr)
        return 3
    print(f"{len(names or BREAKS)} breaks, {wrong} of which wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent.parent)
    sys.exit(main(sys.argv[1:]))
