"""Whether verdicts depend on the machine: `make steady`, or `python -m tests.support.steadiness [NAME|K/N|JOBS]...`.

Each flawed and each sound image is judged five times, two of them while all processors are busy, and once more with its
jobs spread over two workers of pytest-xdist. It prints each image with the checks on which a verdict differs from that
of the first session, and ends with 1 where there is any. `2/10` is the second of ten parts of all images, and with `4`
four images are judged at a time, for a machine with many processors.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import docker

from images.builder import build
from tests.conftest import WORKERS, declared_failure, flawed_folders, sound_folders
from tests.support.judged import options_of, session, verdicts


@dataclass(frozen=True)
class Surroundings:
    """How a session is run: beside processes that leave no processor idle, and with which options."""

    name: str
    busy: bool = False
    options: tuple[str, ...] = ()


QUIET = Surroundings("quiet")
BUSY = Surroundings("busy", busy=True)
SESSIONS = (QUIET, BUSY, QUIET, BUSY, QUIET, Surroundings("two workers", options=WORKERS))


@dataclass(frozen=True)
class Session:
    """What one session made of an image: the verdict on each check, and the MUSTs that it violates."""

    how: Surroundings
    verdicts: Mapping[str, str]
    failing: frozenset[str]


@contextlib.contextmanager
def _busy(*, wanted: bool) -> Iterator[None]:
    """Keep every processor at work that this process may use, while the block runs."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in os.sched_getaffinity(0) if wanted]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def _session(name: str, tag: str, how: Surroundings) -> Session:
    with tempfile.TemporaryDirectory() as directory:
        ran = session(tag, (*options_of(name), *how.options), Path(directory))
        try:
            return Session(how, verdicts(ran), frozenset(ran.failing))
        except FileNotFoundError:
            # A session without a report is told like a verdict that differs, with its last word.
            return Session(how, {"(report)": ran.output.strip().splitlines()[-1]}, frozenset())


def judged(names: Sequence[str], tags: Sequence[str], jobs: int) -> Mapping[str, Sequence[Session]]:
    """All sessions on these images, so many of them at a time, each kind of surroundings for all images at once."""
    found: dict[str, list[Session]] = {name: [] for name in names}
    with ThreadPoolExecutor(jobs) as pool:
        for how in SESSIONS:
            with _busy(wanted=how.busy):
                for name, one in zip(names, pool.map(partial(_session, how=how), names, tags), strict=True):
                    found[name].append(one)
    return found


def differences(sessions: Sequence[Session], expected: AbstractSet[str]) -> Iterator[str]:
    """What differs between the sessions on one image, or from what its label says that it violates."""
    first = sessions[0].verdicts
    for number, one in enumerate(sessions, start=1):
        if one.failing != expected:
            yield f"session {number} ({one.how.name}): fails {sorted(one.failing)}, its label says {sorted(expected)}"
        for check in sorted(first.keys() | one.verdicts.keys()):
            if first.get(check) != (now := one.verdicts.get(check)):
                yield f"session {number} ({one.how.name}): {check} {now}, at first {first.get(check)}"


def _selected(words: Sequence[str]) -> list[str]:
    names = [*flawed_folders(), *sound_folders()]
    if not words:
        return names
    chosen: list[str] = []
    for word in words:
        part, slash, parts = word.partition("/")
        chosen += names[int(part) - 1 :: int(parts)] if slash and parts.isdigit() else [word]
    return chosen


def main(words: Sequence[str]) -> int:
    """Judge the images of these names or parts, or all; 1 where a verdict differs."""
    client = docker.from_env()
    jobs = max((int(word) for word in words if word.isdigit()), default=1)
    names = _selected([word for word in words if not word.isdigit()])
    unsteady = 0
    remaining = iter(names)
    while some := list(islice(remaining, jobs)):
        found = judged(some, [build.build(name, client) for name in some], jobs)
        for name, sessions in found.items():
            told = list(differences(sessions, declared_failure(name)))
            unsteady += bool(told)
            print(f"{name:60} {'DIFFERS' if told else 'steady'}", flush=True)
            for difference in told:
                print(f"    {difference}", flush=True)
    print(f"{len(names) - unsteady} of {len(names)} images got the same verdicts in {len(SESSIONS)} sessions each")
    return int(unsteady > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
