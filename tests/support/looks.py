"""What the probe would have seen of a GPU, written by hand: a look that works, but for what a test changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from conformance.job.variation import Variation
from conformance.outcome.gpu import Device, Gpus, Look, Means, Program
from conformance.outcome.outcome import Outcome
from tests.support.outcomes import host, outcome, request

LIBRARY = "/usr/lib/x86_64-linux-gnu/libcuda.so.1"
LOADED = f"{LIBRARY}.535.183.01"

NODES = ("/dev/nvidia-uvm", "/dev/nvidia0", "/dev/nvidiactl")

ANSWERS = {
    "library": LOADED,
    "cuInit": "0",
    "cuDriverGetVersion": "0",
    "version": "12040",
    "cuDeviceGetCount": "0",
    "count": "1",
}

NOT_FOUND = "/.conformance/look: error while loading shared libraries: libcuda.so.1: cannot open shared object file"


def answers(**changes: str) -> str:
    """What the look at the driver writes; a value that is changed is the last one, as after a failure."""
    lines = []
    for name, value in ANSWERS.items():
        lines.append(f"{name} {changes.get(name, value)}\n")
        if name in changes and name != "library":
            break
    return "".join(lines)


def look(
    *,
    devices: Iterable[str] = NODES,
    status: int | None = 0,
    output: str | None = None,
    error: str = "",
    variables: Mapping[str, str] | None = None,
    mounted: tuple[str, ...] = (LOADED,),
) -> Look:
    """A look at a GPU whose driver answers."""
    return Look(
        tuple(Device(path, is_character=True) for path in devices),
        Program(error, status, answers() if output is None else output),
        Program("", 0, "GPU 0: Tesla T4\n"),
        variables or {},
        mounted,
    )


def looked(seen: Look | None, *, means: Means = Means.REQUEST, lack: str = "", **variables: str) -> Outcome:
    """The outcome of a look, in a container that got GPUs by these means; the request sets these variables."""
    made = outcome(
        host(look=seen), of=request(environment=variables, inputs={}, outputs={}), variation=Variation.LOOK_AT_GPUS
    )
    return with_gpus(made, Gpus(wanted=True, means=means, lack=lack))


def with_gpus(made: Outcome, gpus: Gpus) -> Outcome:
    """The same outcome of a job whose containers had these GPUs."""
    return replace(made, gpus=gpus)
