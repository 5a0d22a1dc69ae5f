"""Look for bytes that what reads them cannot read: `python -m tests.fuzz [SECONDS [NAME ...]]`.

Each target of `targets.py` runs under atheris, and each program of `probe/` under libFuzzer, with AddressSanitizer and
UndefinedBehaviorSanitizer. It prints for each how often it ran and how much of the code that is instrumented it
reached, and exits with 1 if anything was found; what was found lies in `.cache/fuzz/NAME/found` then. A file there of a
target belongs into `tests/fuzz/found/NAME`, which the tests read.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.fuzz.targets import ROOT, TARGETS

PROBE = "probe-"
"""How the names of those begin that are of the probe."""

SECONDS = 60
AT_ONCE = 2

LONGEST_BYTES = 65536
SLOWEST_SECONDS = 20
"""What takes a target longer counts as found."""

MEMORY_MIB = 1024

SOURCES = ROOT / "conformance/probe/src"
PROGRAMS = ROOT / "tests/fuzz/probe"
CACHE = ROOT / ".cache/fuzz"

BESIDE: Mapping[str, tuple[str, ...]] = {
    "dns": ("dns", "interface", "record", "refusal", "seal", "words"),
    "observe": ("record", "seal"),
    "plan": ("beginning", "halt", "observe", "record", "seal", "tasks", "words"),
    "refusal": ("interface",),
    "relay": (),
}
"""The programs of `probe/`, each with the sources of the probe that it is linked with beside those that it includes."""

PROBE_SEEDS: Mapping[str, bytes] = {
    "dns": bytes(2) + b"\1\0\0\1" + bytes(6) + b"\6algo-1\0\0\1\0\1",
    "observe": b"PYTHONUNBUFFERED=1\0\nTgid:\t8\nPPid:\t1\nUid:\t0\t1\t1\t1\nSigCgt:\t4000\n/x/lib\n",
    "plan": b"halt 15 python3%00 /opt/ml/processing/input /opt/ml/processing/output",
    # A segment that opens a connection: the headers of IP and of TCP, 20 bytes each.
    "refusal": bytes([0x45, 0, 0, 40]) + bytes(5) + b"\6" + bytes(22) + b"\x50\2" + bytes(6),
    "relay": b"".join(bytes(4) + bytes([kind]) + bytes(3) + b"\3" + b"abc" * (kind == 1) for kind in (1, 4, 1, 2, 3)),
}

SANITIZED = (
    *("-g", "-O1", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"),
    *("-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=undefined"),
)


@dataclass(frozen=True)
class Run:
    """One target: how often it ran, how many edges of its code were reached, and what was found."""

    name: str
    runs: int
    reached: int
    edges: int
    found: tuple[Path, ...]
    said: str

    def __str__(self) -> str:
        """On one line."""
        share = f"{self.reached:6} of {self.edges}" if self.edges else f"{self.reached:6}"
        return f"{self.name:18} {self.runs:10} runs  {share:16} edges  {len(self.found)} found"


def built(name: str) -> Path:
    """A program of `probe/`, compiled by clang with the sanitizers."""
    program = CACHE / f"{PROBE}{name}" / "program"
    program.parent.mkdir(parents=True, exist_ok=True)
    sources = [PROGRAMS / f"{name}.c", *(SOURCES / f"{each}.c" for each in BESIDE[name])]
    subprocess.run(["clang", *SANITIZED, *map(str, sources), "-o", str(program)], check=True)
    return program


def command(name: str) -> list[str]:
    """What runs a target."""
    if name in TARGETS:
        return [sys.executable, "-m", "tests.fuzz.python", name]
    return [str(built(name.removeprefix(PROBE)))]


def fuzzed(name: str, *, seconds: int, runs: int = -1) -> Run:
    """Run one for so many seconds or times, from its seeds and from what it came to in earlier runs."""
    here = CACHE / name
    corpus, found = here / "corpus", here / "found"
    shutil.rmtree(found, ignore_errors=True)
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir()
    seeds = TARGETS[name].seeds if name in TARGETS else (PROBE_SEEDS[name.removeprefix(PROBE)],)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = (
        *(f"-max_total_time={seconds}", f"-runs={runs}", f"-max_len={LONGEST_BYTES}", f"-timeout={SLOWEST_SECONDS}"),
        *(f"-rss_limit_mb={MEMORY_MIB}", f"-artifact_prefix={found}/", "-close_fd_mask=1", str(corpus)),
    )
    ran = subprocess.run([*command(name), *options], cwd=ROOT, capture_output=True, check=False)
    said = ran.stderr.decode("utf-8", "replace")
    files = tuple(sorted(found.iterdir()))
    if ran.returncode and not files:
        raise SystemExit(f"{name} ended with {ran.returncode}:\n{said[-4000:]}")
    return Run(
        name,
        runs=_last(r"^#(\d+)\s", said),
        reached=_last(r"\bcov: (\d+)", said),
        edges=_last(r"Loaded \d+ modules\s+\((\d+) inline", said),
        found=files,
        said=said,
    )


def _last(pattern: str, text: str) -> int:
    return int((re.findall(pattern, text, re.MULTILINE) or ["0"])[-1])


def every(names: Iterable[str], seconds: int) -> Iterator[Run]:
    """All of these, a few at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(partial(fuzzed, seconds=seconds), names)


def main(words: Sequence[str]) -> int:
    """Print all of them, and what was found, and return 1 if anything was."""
    seconds, names = (int(words[0]), words[1:]) if words else (SECONDS, ())
    found = 0
    for run in every(names or [*TARGETS, *(f"{PROBE}{name}" for name in BESIDE)], seconds):
        print(run, flush=True)
        found += len(run.found)
        if run.found:
            print(run.said[-4000:], *run.found, sep="\n")
    print(f"{found} found")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
