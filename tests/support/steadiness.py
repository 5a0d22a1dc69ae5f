"""Whether verdicts depend on the machine: `make steady`, or `python -m tests.support.steadiness [NAME | K/N ...]`.

Each flawed and each sound image is judged five times, two of them while all processors are busy, and once more with its
jobs spread over two workers of pytest-xdist. It prints each image with the checks on which a verdict differs from that
of the first session, and ends with 1 where there is any. `2/10` is the second of ten parts of all images.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import docker

from images.builder import build
from tests.conftest import declared_failure, flawed_folders, sound_folders
from tests.support.judged import options_of, session, verdicts


@dataclass(frozen=True)
class Surroundings:
    """How a session is run: beside processes that leave no processor idle, and with which options."""

    name: str
    busy: bool = False
    options: tuple[str, ...] = ()


QUIET = Surroundings("quiet")
BUSY = Surroundings("busy", busy=True)
SESSIONS = (QUIET, BUSY, QUIET, BUSY, QUIET, Surroundings("-n 2", options=("-n", "2")))


@contextlib.contextmanager
def _busy(*, wanted: bool) -> Iterator[None]:
    """Keep every processor at work while the block runs."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1) if wanted]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def _judge(name: str, tag: str) -> Iterator[str]:
    """What differs between the sessions on one image, or from its label."""
    first: Mapping[str, str] = {}
    for number, how in enumerate(SESSIONS, start=1):
        with tempfile.TemporaryDirectory() as directory:
            with _busy(wanted=how.busy):
                ran = session(tag, (*options_of(name), *how.options), Path(directory))
            found = verdicts(ran)
            failing = ran.failing
        if failing != (expected := declared_failure(name)):
            yield f"session {number} ({how.name}): fails {sorted(failing)}, and its label says {sorted(expected)}"
        first = first or found
        for check in sorted(first.keys() | found.keys()):
            if first.get(check) != found.get(check):
                yield f"session {number} ({how.name}): {check} {found.get(check)}, at first {first.get(check)}"


def _selected(words: list[str]) -> list[str]:
    names = [*flawed_folders(), *sound_folders()]
    if not words:
        return names
    chosen: list[str] = []
    for word in words:
        part, slash, parts = word.partition("/")
        chosen += names[int(part) - 1 :: int(parts)] if slash and parts.isdigit() else [word]
    return chosen


def main(words: list[str]) -> int:
    """Judge the images of these names or parts, or all; 1 where a verdict differs."""
    client = docker.from_env()
    unsteady = 0
    names = _selected(words)
    for name in names:
        differences = list(_judge(name, build.build(name, client)))
        unsteady += bool(differences)
        print(f"{name:60} {'DIFFERS' if differences else 'steady'}", flush=True)
        for difference in differences:
            print(f"    {difference}", flush=True)
    print(f"{len(names) - unsteady} of {len(names)} images got the same verdicts in {len(SESSIONS)} sessions each")
    return int(unsteady > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
