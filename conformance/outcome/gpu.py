"""GPUs: how a container came by them, and what was seen of one from inside.

This module is pure: `Look.parse` takes the bytes of the probe's record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from conformance.outcome.record import Event, Record, to_text
from conformance.outcome.standin import every_witness

DRIVER_LIBRARY = "/libcuda.so"
"""What a program has in its memory that uses a GPU by way of CUDA: its driver cannot be linked in, and is not unloaded
before the program ends."""

MOUNTED = re.compile(r".*/libcuda\.so[.0-9]*")

GPU_NODE = re.compile(r"/dev/(nvidia[0-9]+|dxg)")
"""The device node of a GPU, and not of its driver; the second one stands for all in the Windows Subsystem for Linux."""


CODE = re.compile(r"-?[0-9]{1,10}")
"""What a function of the driver returns; a library of the image's own may have written anything else."""

UNREADABLE = -1


class Means(StrEnum):
    """How a container comes by GPUs."""

    NONE = "none"
    REQUEST = "a device request"
    """What `docker run --gpus all` asks for."""
    RUNTIME = "the runtime nvidia"
    CDI = "CDI"
    SIMULATION = "simulated"


@dataclass(frozen=True, slots=True)
class Gpus:
    """What the containers of a run had of GPUs: `wanted` says whether the job asks for any, `lack` why it got none."""

    wanted: bool = False
    means: Means = Means.NONE
    lack: str = ""

    @property
    def are_simulated(self) -> bool:
        """Whether they show nothing of CUDA."""
        return self.means is Means.SIMULATION

    @property
    def are_real(self) -> bool:
        """Whether the engine gave some."""
        return self.means not in {Means.NONE, Means.SIMULATION}

    @property
    def unlike_the_job(self) -> str:
        """Why a job that needs a GPU may fail here and not on its own instance; empty where there is no such reason."""
        if self.are_simulated:
            return "the GPU is simulated and cannot run CUDA code"
        return self.lack if self.wanted else ""


NO_GPUS = Gpus()


@dataclass(frozen=True, slots=True)
class Utilization:
    """How busy the GPUs of the machine were during a run, in percent of one GPU, added up over all.

    `mean` and `most` are of the time in which a kernel ran, AWS's metric GPUUtilization, and `memory` is the most that
    was taken of the memory, GPUMemoryUtilization.
    """

    mean: float
    most: float
    memory: float


@dataclass(frozen=True, slots=True)
class Device:
    """One of NVIDIA's device nodes; `error` says why it cannot be opened."""

    path: str
    is_character: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """What a program that was run for a look said; `status` is None where it had to be ended."""

    error: str
    status: int | None
    output: str

    @property
    def was_found(self) -> bool:
        """Whether it, or the loader that was to run it, is in the container."""
        return not self.error


@dataclass(frozen=True, slots=True)
class Look:
    """What a process saw of a GPU: the device nodes, CUDA's driver by way of the image's loader, and nvidia-smi.

    `variables` are those whose names begin with NVIDIA_. `mounted` are the files of libcuda.so that the engine mounted
    into the container, which is how the driver of the host gets there.
    """

    devices: tuple[Device, ...]
    cuda: Program
    smi: Program
    variables: Mapping[str, str] = field(default_factory=dict)
    mounted: tuple[str, ...] = ()

    @classmethod
    def parse(cls, content: bytes, key: bytes = b"") -> Look | None:
        """Read a record, sealed with this key; None where it holds no look that came to its end."""
        record = Record.parse(content, key)
        programs = {
            event["name"]: Program(to_text(event["error"]), event["status"], to_text(event["output"]))
            for event in record.named("program")
        }
        witness = next(iter(every_witness(content, key)), None)
        if witness is None or programs.keys() != {"look", "nvidia-smi"}:
            return None
        return cls(
            devices=_devices(record.named("device")),
            cuda=programs["look"],
            smi=programs["nvidia-smi"],
            variables={name: value for name, value in witness.environment.items() if name.startswith("NVIDIA_")},
            mounted=tuple(path for path in witness.mounts if MOUNTED.fullmatch(path)),
        )

    @property
    def has_gpu(self) -> bool:
        """Whether the node of a GPU is there."""
        return has_gpu(self.devices)

    @property
    def lines(self) -> Mapping[str, str]:
        """What the look at the driver wrote, by the first word of each line."""
        return {name: value for name, _, value in (line.partition(" ") for line in self.cuda.output.splitlines())}

    @property
    def library(self) -> str:
        """The file that the image's loader took for libcuda.so.1; empty where it got none."""
        return self.lines.get("library", "")

    @property
    def failed(self) -> tuple[str, int] | None:
        """The function of the driver that did not succeed, and what it returned."""
        for name, value in self.lines.items():
            if name.startswith("cu") and value != "0":
                return name, int(value) if CODE.fullmatch(value) else UNREADABLE
        return None

    @property
    def works(self) -> bool:
        """Whether the memory of a device gave back what was put into it."""
        return self.cuda.status == 0


def devices_in(content: bytes) -> tuple[Device, ...]:
    """NVIDIA's device nodes in a record of the probe."""
    return _devices(Record.parse(content).named("device"))


def _devices(events: Iterable[Event]) -> tuple[Device, ...]:
    found = (Device(to_text(event["path"]), bool(event["character"]), to_text(event["error"])) for event in events)
    return tuple(sorted(found, key=lambda device: device.path))


def has_gpu(devices: Iterable[Device]) -> bool:
    """Whether one of the nodes is that of a GPU."""
    return any(device.is_character and GPU_NODE.fullmatch(device.path) for device in devices)
