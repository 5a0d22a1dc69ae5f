"""Judge the images below images/hostile/: `make hostile`, or `python -m tests.support.hostile [NAME|K/N]...`.

Each does its worst, within a cap of its own, and its labels say what must come of it. It prints each image with what it
fails and leaves open, how long its session took, how much memory pytest's process had at most, and what was left of it,
and ends with 1 where anything differs. `2/3` is the second of three parts of all images.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import docker
from docker.utils import kwargs_from_env
from junitparser import JUnitXml

from conformance import text
from images.builder import build
from tests.conftest import (
    REFERENCE_JOB,
    Ran,
    clean_environment,
    declared_failure,
    declared_options,
    hostile_folders,
    job_of,
    reference_job,
)
from tests.support.leftovers import descendants, owned_by

MOST_SECONDS = 180.0
"""A session that takes longer is none that ends; a busy machine is slow."""

LONGEST: Mapping[str, float] = {"many-tiny-files": 600.0}
"""Those whose work takes the engine longer than that where it is busy: it makes and removes a million files."""

MOST_MEMORY_BYTES = 400 << 20

PORT = 47619
"""Where something listens on every address of this machine, which no container may reach."""

AT_ONCE = 2
"""So many sessions at a time: most of one is waiting."""

SELECTED = ("zero-on-success", "no-symlinks", "regular-files", "names-fit", "declared-outputs", "message", "no-secrets")
"""The checks that an image is judged by whose label names no others: all see the run as requested."""

STEERING = re.compile(r"^\s*(::\w|##\w*\[|##teamcity|section_start:)", re.MULTILINE)
"""Lines that a CI service would obey."""

MARKUP = re.compile(r"<script>owned|<img src=x|javascript:owned\(\)\"")
"""Markup of an image that a page would obey."""


@dataclass(frozen=True)
class Expected:
    """What must come of an image: the checks that it fails, those that have no verdict, and how it is judged."""

    fails: frozenset[str]
    open: frozenset[str]
    options: Sequence[str] = ()


MEGABYTE = "x" * (1 << 20)

WORK = ["python3", "/processing.py"]

NOT_STARTED = Expected(frozenset({"exit.zero-on-success"}), frozenset())

COMMITTED: Mapping[str, tuple[dict[str, Any], Expected]] = {
    "environment-of-1-mb": ({"Env": [f"OWNED={MEGABYTE}"]}, NOT_STARTED),
    "label-of-1-mb": ({"Labels": {"owned": MEGABYTE}}, Expected(frozenset(), frozenset())),
    "entrypoint-of-1-mb": ({"Entrypoint": [*WORK, MEGABYTE]}, NOT_STARTED),
    "working-directory-with-newlines": (
        {"WorkingDir": "/a\n::error::owned\nb", "Entrypoint": ["python3", "-c", "exit(3)"], "Cmd": []},
        Expected(frozenset({"exit.zero-on-success"}), frozenset()),
    ),
}
"""The reference with another configuration, which no Dockerfile can have, or which takes minutes to build from one."""


@dataclass(frozen=True)
class Judged:
    """A session that has ended: what came of it, and what differs from what has to; `left` is what is still there."""

    name: str
    ran: Ran
    seconds: float
    memory_bytes: int
    left: tuple[str, ...]
    faults: tuple[str, ...]

    def __str__(self) -> str:
        """On one line, with further ones for what differs."""
        verdicts = [*(f"fails {check}" for check in sorted(self.ran.failing)), *_summary(self.ran)]
        figures = f"{self.seconds:5.1f} s  {self.memory_bytes >> 20:4} MB  left: {', '.join(self.left) or 'none'}"
        told = f"{self.name:40} {figures:34}  status {self.ran.status}: {', '.join(verdicts)}"
        return "\n".join([told, *(f"  DIFFERS: {fault}" for fault in self.faults)])


def _summary(ran: Ran) -> list[str]:
    counts = ran.report["counts"]
    return [f"{counts[word]} {word}" for word in ("conforms", "error") if counts[word]] + (
        [f"{len(ran.open)} not judged"] if ran.open else []
    )


def session(here: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> tuple[Ran, int]:
    """A session in a directory of its own, and how many bytes of memory its process took at most.

    Raises:
        subprocess.TimeoutExpired: it did not end.
    """
    output = here / "output"
    with output.open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=here,
            env=clean_environment() | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Not what `wait4` tells: that counts what the process was before it became this program, a copy of the test.
    most, begun = 0, time.monotonic()
    while process.poll() is None:
        most = max(most, _peak_bytes(process.pid))
        time.sleep(0.02)
        if time.monotonic() - begun > 5 * MOST_SECONDS:
            process.kill()
            raise subprocess.TimeoutExpired(process.args, 5 * MOST_SECONDS)
    told = output.read_text(encoding="utf-8", errors="backslashreplace")
    return Ran(process.pid, process.returncode, told, here / "conformance-report"), most


def _peak_bytes(pid: int) -> int:
    """The most memory that a process has had so far; 0 where it has just ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    return 0


@contextlib.contextmanager
def listening() -> Iterator[list[str]]:
    """Listen on every address of this machine; the list is who has connected."""
    reached: list[str] = []
    with socket.create_server(("", PORT)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, peer = server.accept()
                    connection.close()
                    reached.append(str(peer[0]))

        thread = threading.Thread(target=accept, name="listener", daemon=True)
        thread.start()
        yield reached
        # A closed socket alone does not wake who waits for it.
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def judged(name: str, client: docker.APIClient, reached: Sequence[str] = ()) -> Judged:
    """Judge an image by its folder's name, as `hostile/fork-bomb`; `reached` is who has come to `listening`."""
    short = name.removeprefix("hostile/")
    with made(short) as tag:
        return _judged(short, tag, expected(short), client, reached)


def expected(short: str) -> Expected:
    """What must come of an image."""
    if short in COMMITTED:
        return COMMITTED[short][1]
    name = f"hostile/{short}"
    open_ones = declared_failure(name, "not-judged")
    return Expected(frozenset(declared_failure(name)), frozenset(open_ones), declared_options(name))


@contextlib.contextmanager
def made(short: str) -> Iterator[str]:
    """An image's tag, built where it is missing; one that is committed is removed at the end of the block."""
    client = docker.from_env()
    if short not in COMMITTED:
        yield build.build(f"hostile/{short}", client)
        return
    reference = build.build("reference", client)
    container = client.containers.create(reference)
    try:
        image = container.commit(f"conformance/hostile-{short}", conf=COMMITTED[short][0])
    finally:
        container.remove()
    try:
        yield f"conformance/hostile-{short}"
    finally:
        client.images.remove(str(image.id), force=True)


def _judged(short: str, tag: str, must: Expected, client: docker.APIClient, reached: Sequence[str]) -> Judged:
    job = REFERENCE_JOB if short in COMMITTED else job_of(f"hostile/{short}")
    options = [*reference_job(job=job), "--image-grace=1", *must.options]
    if "-k" not in options:
        options += ["-k", " or ".join(SELECTED)]
    with tempfile.TemporaryDirectory() as directory:
        here, scratch = Path(directory) / "session", Path(directory) / "scratch"
        here.mkdir()
        scratch.mkdir()
        begun = time.monotonic()
        ran, memory_bytes = session(here, f"--image={tag}", *options, environment={"TMPDIR": str(scratch)})
        seconds = time.monotonic() - begun
        left = [*owned_by(client, ran.process), *(f"process {pid}" for pid in _of_session(ran.process))]
        left += [str(path.relative_to(scratch)) for path in scratch.rglob("*")]
        faults = [*_differences(must, ran), *dangers(ran), *(f"{peer} reached this machine" for peer in reached)]
        if seconds > (most := LONGEST.get(short, MOST_SECONDS)):
            faults.append(f"it took more than {most:g} s")
        if memory_bytes > MOST_MEMORY_BYTES:
            faults.append(f"pytest's process had more than {MOST_MEMORY_BYTES >> 20} MB")
        faults += [f"{what} was left" for what in left]
        return Judged(short, ran, seconds, memory_bytes, tuple(left), tuple(faults))


def _of_session(leader: int) -> Iterator[int]:
    """The processes that a session has begun and that still run: those of its own session, and their children."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text(errors="replace").rpartition(")")[2].split()[3]) == leader:
                yield int(path.parent.name)
    yield from descendants(leader)


def _differences(must: Expected, ran: Ran) -> Iterator[str]:
    """Where the verdicts are not those that they must be."""
    try:
        counts = ran.report["counts"]
    except FileNotFoundError:
        yield f"there is no report, and status {ran.status}: {ran.output.strip().splitlines()[-1:]}"
        return
    if must.fails != ran.failing:
        yield f"it fails {sorted(ran.failing)}, expected {sorted(must.fails)}"
    if missing := must.open - ran.open:
        yield f"these have a verdict, which they must not have: {sorted(missing)}"
    if counts["error"]:
        reasons = {each["reason"] for each in ran.report["verdicts"] if each["verdict"] == "error"}
        yield f"{counts['error']} errors: {min(reasons)[:300]}"
    if ran.open and not must.open | must.fails:
        yield f"these have no verdict: {sorted(ran.open)}"
    statuses = {1} if ran.violating else {6} if must.open else {0, 6} if must.fails else {0}
    if ran.status not in statuses:
        yield f"the status is {ran.status}, expected {' or '.join(map(str, sorted(statuses)))}"


def dangers(ran: Ran) -> Iterator[str]:
    """What of an image reaches a report as more than text."""
    if ran.output != text.lines(ran.output):
        yield "what is printed holds what steers a terminal"
    if found := STEERING.search(ran.output):
        yield f"what is printed holds a command of a CI service: {found[0]!r}"
    try:
        JUnitXml.fromfile(str(ran.report_directory / "junit.xml"))
    except Exception as error:  # noqa: BLE001 - whatever its parser says
        yield f"junit.xml cannot be read: {error}"
    page = ran.report_directory / "report.html"
    if page.exists() and (found := MARKUP.search(page.read_text(encoding="utf-8"))):
        yield f"report.html holds markup of the image: {found[0]!r}"


def _selected(words: Sequence[str]) -> list[str]:
    names: list[str] = []
    for word in words or ["1/1"]:
        part, _, parts = word.partition("/")
        if part.isdecimal() and parts.isdecimal():
            names += [*hostile_folders(), *COMMITTED][int(part) - 1 :: int(parts)]
        else:
            names.append(f"hostile/{word.removeprefix('hostile/')}")
    return names


def main(words: Sequence[str]) -> int:
    """Print the table; the exit status is 0 where each image has got what it must get."""
    client = docker.APIClient(version="auto", timeout=60, **kwargs_from_env())
    begun, differing, names = time.monotonic(), 0, _selected(words)
    with listening() as reached, ThreadPoolExecutor(AT_ONCE) as pool:
        for found in pool.map(partial(judged, client=client, reached=reached), names):
            differing += bool(found.faults)
            print(found, flush=True)
    print(f"{len(names)} images in {time.monotonic() - begun:.0f} s, {differing} of which differ")
    return int(differing > 0)


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent.parent)
    sys.exit(main(sys.argv[1:]))
