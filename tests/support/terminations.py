"""End sessions by signals at random moments, and see what is left on the engine after a minute: nothing may be.

    python -m tests.support.terminations [COUNT [SEED]]

prints a line for each, and exits with 1 if anything was left.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

import docker
from docker.utils import kwargs_from_env

from images.builder import build
from tests.conftest import WORKERS
from tests.support.leftovers import begin_session, owned_by, reapers, workers

COUNT = 200
AT_ONCE = 3

LATEST_SECONDS = 10.0
"""The moment is before this, counted from when what is to be ended is about to make something on the engine."""

HEADER = b"conformance: image"
BEGIN_SECONDS = 120.0

RESIDUE_SECONDS = 60.0
END_SECONDS = 60.0

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)

TARGETS = {
    "session": (),
    "session of three hosts": ("--image-hosts=3", "-k", "exit.zero-on-success"),
    "controller": WORKERS,
    "worker": WORKERS,
}
"""What gets the signal, and the options of its session."""


@dataclass(frozen=True)
class Termination:
    """One signal: to what, when, and what came of it; `left` is what was on the engine after a minute."""

    number: signal.Signals
    target: str
    moment: float
    status: int | None = None
    made: int = 0
    seconds: float = 0.0
    left: tuple[str, ...] = ()

    def __str__(self) -> str:
        """On one line."""
        ended = "lives on" if self.status is None else f"status {self.status}"
        gone = ", ".join(self.left) or f"none after {self.seconds:.1f} s"
        when = f"{self.number.name:7} {self.target:22} at {self.moment:4.1f} s"
        return f"{when}  {ended:10}  {self.made:2} things, {gone}"


def chosen(seed: int) -> Iterator[Termination]:
    """Each signal to each target in turn, at random moments."""
    moments = random.Random(seed)  # noqa: S311 - no secret
    while True:
        for target, number in product(TARGETS, SIGNALS):
            yield Termination(number, target, moments.uniform(0.0, LATEST_SECONDS))


def await_begin(session: subprocess.Popen[bytes], output: Path, target: str) -> None:
    """Wait until the session has said what it judges, or its workers have begun a run."""
    deadline = time.monotonic() + BEGIN_SECONDS
    while session.poll() is None and time.monotonic() < deadline:
        if any(map(reapers, workers(session.pid))) if target == "worker" else HEADER in output.read_bytes():
            return
        time.sleep(0.05)


def tried(termination: Termination) -> Termination:
    """End a session so, and wait until nothing of it is left, or a minute is over."""
    client = docker.APIClient(version="auto", timeout=60, **kwargs_from_env())
    with tempfile.TemporaryDirectory() as here:
        session = begin_session(Path(here), "conformance/reference", *TARGETS[termination.target])
        await_begin(session, Path(here) / "output", termination.target)
        time.sleep(termination.moment)
        processes = {session.pid, *workers(session.pid)}
        busy = [worker for worker in workers(session.pid) if reapers(worker)]
        aimed = next(iter(busy), session.pid) if termination.target == "worker" else session.pid
        made = len(owned_by(client, *processes))
        signalled = time.monotonic()
        # It has not been waited for, so that its number is nobody else's.
        subprocess.run(["kill", f"-{termination.number.value}", str(aimed)], check=False)
        status = None
        if aimed == session.pid:
            status = session.wait(END_SECONDS)
            ended = processes
        else:
            ended = {aimed}
        while (left := owned_by(client, *ended)) and time.monotonic() - signalled < RESIDUE_SECONDS:
            time.sleep(0.2)
        seconds = time.monotonic() - signalled
        session.terminate()
        session.wait(END_SECONDS)
    client.close()
    return Termination(
        termination.number, termination.target, termination.moment, status, made, seconds, left=tuple(left)
    )


def terminations(count: int, seed: int) -> Iterator[Termination]:
    """So many of them, a few at once."""
    build.build("reference", docker.from_env())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(tried, islice(chosen(seed), count))


def main(count: int = COUNT, seed: int = 0) -> int:
    """Print all of them, and the number of those that left something."""
    seed = seed or int(time.time())
    print(f"seed {seed}")
    residues = 0
    for number, each in enumerate(terminations(count, seed), start=1):
        print(f"{number:3} {each}", flush=True)
        residues += bool(each.left)
    print(f"{count} terminations, {residues} of which left anything")
    return int(residues > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
