"""A traced container against the same one untraced, where the tracer has most to do: with thousands of processes."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import docker

from benchmarks.table import Benchmark, Row
from conformance.outcome.trace import Trace
from conformance.probe import PROGRAM, RECORD
from conformance.probe.bundle import bundle, read_record, trace
from conformance.service import engine
from conformance.service.labels import run_labels
from images.builder.build import build

PROCESSES = 2_000
BOUND = 1.5

WORKLOADS = {
    f"{PROCESSES} processes that end at once": "os.waitpid(os.fork() or os._exit(0), 0)",
    f"{PROCESSES} programs that end at once": "subprocess.run(['true'], check=True)",
}
"""What a program does, one after another; it waits for each."""


@dataclass(frozen=True)
class Life:
    """How long a container took from its creation to its removal, and its program by its own clock, in seconds."""

    container: float
    program: float


def live(client: docker.APIClient, image: str, workload: str, *, traced: bool) -> Life:
    """One container's life; the probe lies in it, traced or not."""
    program = (
        "import os, subprocess, time; begun = time.monotonic()\n"
        f"for _ in range({PROCESSES}): {workload}\n"
        "print(time.monotonic() - begun)"
    )
    record = b""
    begun = time.perf_counter()
    container = client.create_container(
        image,
        entrypoint=[*([PROGRAM] if traced else []), "python3", "-c", program],
        labels=run_labels("benchmark", kept=False),
        host_config=client.create_host_config(network_mode="none"),
    )["Id"]
    try:
        client.put_archive(container, "/", bundle(trace()))
        client.start(container)
        status = client.wait(container)["StatusCode"]
        lasted = time.perf_counter() - begun
        said = client.logs(container).decode(errors="replace")
        record = read_record(client.get_archive(container, RECORD)[0])
    finally:
        removing = time.perf_counter()
        client.remove_container(container, force=True)
        removed = time.perf_counter() - removing
    if status:
        sys.exit(f"tracer: the container ended with {status}: {said}")
    if traced:
        _check(Trace.parse(record))
    return Life(lasted + removed, float(said))


def _check(found: Trace) -> None:
    """A tracer that saw nothing would cost nothing."""
    if not found.complete or len(found.processes) != PROCESSES + 1:
        sys.exit(f"tracer: the trace has {len(found.processes)} processes: {found.fault or 'others than were made'}")


def measure(turns: int) -> Iterator[Row]:
    """Each workload, traced and untraced by turns; the first turn warms up."""
    image = build("reference", docker.from_env())
    client = engine.connect().client
    for name, workload in WORKLOADS.items():
        traced, alone = [], []
        for _ in range(turns + 1):
            traced.append(live(client, image, workload, traced=True))
            alone.append(live(client, image, workload, traced=False))
        for part in ("container", "program"):
            ours, theirs = (tuple(getattr(life, part) for life in lives[1:]) for lives in (traced, alone))
            yield Row(f"{name}: the {part}", ours, theirs, most=BOUND)


BENCHMARK = Benchmark("traced", "untraced", 9, measure)
