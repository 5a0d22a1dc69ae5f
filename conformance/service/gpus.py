"""How a container gets GPUs: what an engine offers is tried, and a GPU can be simulated on an engine without any.

An engine does not say whether it provides GPUs: `docker info` knows of runtimes and of CDI, but not of a hook
on the daemon's PATH, and Podman takes a device request and gives nothing. So a container is started, in which the
probe looks for the device nodes.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Iterator, Mapping
from typing import Any

import docker
from docker.types import DeviceRequest
from requests.exceptions import HTTPError

from conformance.errors import JobError
from conformance.image.gpu.variables import ALL, VISIBLE_DEVICES, capabilities
from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.outcome.gpu import Gpus, Means, devices_in, has_gpu
from conformance.probe import LOADER, binary
from conformance.probe.bundle import report, words
from conformance.service import sidecar
from conformance.service.engine import Engine, stat
from conformance.service.trouble import as_job_error

LOOK_SECONDS = 60.0
"""How long a container may take that only looks for device nodes; a suspended driver takes some time to wake up."""

NOTHING_GIVEN = "it accepts a GPU request, but the container gets no device node"

SIMULATED_NODES = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm")
SIMULATED_SMI = "/usr/bin/nvidia-smi"


def host_config(means: Means) -> dict[str, Any]:
    """What is requested when the engine creates a container, in docker-py's form."""
    match means:
        case Means.REQUEST:
            return {"device_requests": [DeviceRequest(count=-1, capabilities=[["gpu"]])]}
        case Means.CDI:
            return {"device_requests": [DeviceRequest(driver="cdi", device_ids=["nvidia.com/gpu=all"])]}
        case Means.RUNTIME:
            return {"runtime": "nvidia"}
        case Means.SIMULATION:
            return {"devices": [f"/dev/null:{node}:rwm" for node in SIMULATED_NODES]}
        case Means.NONE:
            return {}


def environment(means: Means, hidden: str) -> dict[str, str]:
    """The variables that go with it.

    `hidden` is what keeps an engine whose default runtime is NVIDIA's from giving any.
    """
    match means:
        case Means.NONE:
            return {VISIBLE_DEVICES: hidden}
        case Means.RUNTIME:
            return {VISIBLE_DEVICES: ALL}
        case _:
            return {}


def find(engine: Engine, image: Image, labels: Mapping[str, str]) -> Gpus:
    """Try what the engine offers, in containers of the image in which nothing but the probe runs."""
    if engine.is_foreign:
        return Gpus(wanted=True, lack=f"the engine runs on {engine.architecture}, but the probe requires x86_64")
    lack = ""
    for means in engine.offers:
        try:
            with as_job_error("it cannot be tried"):
                if _gives_gpu(engine.client, image, means, labels):
                    return Gpus(wanted=True, means=means)
            lack = lack or NOTHING_GIVEN
        except JobError as error:
            lack = lack or error.message
    return Gpus(wanted=True, lack=f"no GPU on this engine: {lack}")


def _gives_gpu(client: docker.APIClient, image: Image, means: Means, labels: Mapping[str, str]) -> bool:
    looking = sidecar.create_in(
        client,
        image.id,
        report(words("gpus")),
        labels=labels,
        # USER is not what is tried here, nor what a program may do: a driver's hook is the engine's.
        user="0",
        image_checks=True,
        environment=environment(means, ""),
        network_mode="none",
        **host_config(means),
    )
    with looking:
        looking.start()
        if not looking.wait(LOOK_SECONDS):
            raise JobError(f"detection took more than {LOOK_SECONDS:g} s")
        return has_gpu(devices_in(looking.record()))


def simulate(client: docker.APIClient, container: str, image: Image, request: JobRequest) -> frozenset[str]:
    """Put the driver's library and nvidia-smi into a created container, and return their paths.

    As NVIDIA's toolkit does, it brings what NVIDIA_DRIVER_CAPABILITIES names; the library lies beside the C library,
    where the image's loader looks last.
    """
    wanted = capabilities({**image.environment, **request.environment})
    put = set()
    for capability, path in _simulated(client, container):
        if {capability, "all"} & wanted:
            # From the root on, so that a directory that an image lacks is made.
            client.put_archive(container, "/", _archive(path, binary(posixpath.basename(path))))
            put.add(path)
    return frozenset(put)


def _simulated(client: docker.APIClient, container: str) -> Iterator[tuple[str, str]]:
    """What is brought for which capability, and where to; no library where there is no glibc that could load it."""
    yield "utility", SIMULATED_SMI
    try:
        loader = stat(client, container, LOADER)
    except HTTPError:
        return
    yield "compute", posixpath.join(posixpath.dirname(loader["linkTarget"] or LOADER), "libcuda.so.1")


def _archive(path: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(path.lstrip("/"))
        entry.size, entry.mode = len(content), 0o755
        archive.addfile(entry, io.BytesIO(content))
        end = archive.offset
    # Not padded to a whole record: Podman may fail to hand on what comes after the end.
    return buffer.getvalue()[:end] + bytes(2 * tarfile.BLOCKSIZE)
