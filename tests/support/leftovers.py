"""Sessions that are ended from outside, and what they have on the engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker

from conformance.service import labels, reaper
from tests.conftest import REFERENCE_S3, clean_environment
from tests.support.jobs import request

SLEEPING = {"ImageUri": "image", "ContainerArguments": ["--sleep", "600"]}
"""A job of the reference that goes on for as long as any test does."""


def begin_session(here: Path, image: str, *options: str) -> subprocess.Popen[bytes]:
    """Begin a session whose job sleeps; what it prints is in `here`, as `output`."""
    job = request(here / "job.json", AppSpecification=SLEEPING)
    arguments = [f"--image={image}", f"--image-job={job}", f"--image-s3={REFERENCE_S3}", *options]
    with (here / "output").open("wb") as output:
        return subprocess.Popen(
            # What is started in the background of a shell ignores SIGINT, and so would all that it starts.
            ["env", "--default-signal=INT", sys.executable, "-m", "pytest", *arguments],
            cwd=here,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def owned_by(client: docker.APIClient, *pids: int) -> list[str]:
    """The names of what processes made on the engine, whatever its kind."""
    filters = {"label": labels.OWNER}
    found = [
        (each["Labels"], next(iter(each["Names"] or ()), each["Id"]))
        for each in client.containers(all=True, filters=filters)
    ]
    found += [(volume["Labels"], volume["Name"]) for volume in client.volumes(filters=filters)["Volumes"] or ()]
    found += [(network["Labels"], network["Name"]) for network in client.networks(filters=filters)]
    owners = [(labels.Owner.parse(marked[labels.OWNER]), name) for marked, name in found]
    return [name for owner, name in owners if owner is not None and owner.pid in pids]


def descendants(pid: int) -> Iterator[int]:
    """The processes below one, by their parents, however deep."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text(errors="replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    below = list(children.get(pid, ()))
    while below:
        yield (each := below.pop())
        below += children.get(each, ())


def reapers(pid: int) -> set[int]:
    """The reapers of a session and of its workers."""
    return {each for each in descendants(pid) if reaper.__file__.encode() in command(each)}


def workers(pid: int) -> set[int]:
    """The workers of a session that pytest-xdist has begun."""
    return {each for each in descendants(pid) if b"execnet" in command(each) or b"exec(eval" in command(each)}


def command(pid: int) -> bytes:
    """The command line of a process; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def end_at_once(*pids: int) -> None:
    """Kill processes, as a machine does that is switched off; those that have ended are no error."""
    for pid in pids:
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            continue
