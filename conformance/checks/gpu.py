"""What a container needs to see a GPU, and what it must leave to the host."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.contract import BYOC
from conformance.declaration import DOCUMENTED, MUST, NotJudged, check
from conformance.evidence import LINE_CHARACTERS
from conformance.filetree import File, Kind
from conformance.gpu import DRIVER_CAPABILITIES, VISIBLE_DEVICES, Look
from conformance.image import Image
from conformance.job import LOOK_AT_GPUS
from conformance.nvidia import is_driver_name, is_exempt_place
from conformance.outcome import Outcome


@check(
    "gpu.no-bundled-driver",
    MUST,
    "The image brings no NVIDIA driver",
    job=None,
    clause="Include only the CUDA toolkit in the image, and do not bundle NVIDIA drivers: they come from the host.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Purge the package that brings the driver (on Debian `dpkg -S` tells which), or build from an official CUDA "
    "image; stubs and forward-compatibility libraries may stay.",
    reproduce="docker run --rm --entrypoint find IMAGE / -xdev -name 'lib*.so.[0-9][0-9][0-9].*' -o -name 'nvidia-smi'",
)
def no_bundled_driver(image: Image) -> Iterator[str]:
    """By the names that NVIDIA's toolkit injects; an empty file is a leftover of its mounts and no driver."""
    for file in image.files:
        if _is_driver(image, file):
            yield f"Expected no part of NVIDIA's driver in the image, and it has {file.path} ({file.size:,} bytes)."


def _is_driver(image: Image, file: File) -> bool:
    return (
        file.kind is Kind.FILE
        and file.size > 0
        and is_driver_name(file.path)
        and not is_exempt_place(file.path)
        and file.path not in image.forward_compatible
        and not _owned_by_compat(image, file.path)
    )


def _owned_by_compat(image: Image, path: str) -> bool:
    """Whether a cuda-compat package lists the file as its own."""
    return any(
        f"\n{path}\n".encode() in b"\n" + listing + b"\n"
        for name, listing in image.documents.items()
        if "cuda-compat" in name
    )


# With a GPU


@check(
    "gpu.visible",
    MUST,
    "The image's loader finds the driver of the host, and CUDA answers",
    job=LOOK_AT_GPUS,
    clause="If a GPU is to be used, the container must be nvidia-docker compatible: the driver comes from the host, "
    "and programs find it.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Leave libcuda.so.1 to the host: take other copies of it out of LD_LIBRARY_PATH and of /etc/ld.so.conf.d, "
    "and let NVIDIA_DRIVER_CAPABILITIES, where it is set, have compute in it.",
)
def visible(image: Image, outcome: Outcome) -> Iterator[str]:
    """What the loader takes for libcuda.so.1 is the image's affair; what the engine's own driver answers is not."""
    look = _look(outcome)
    last = (look.cuda.output.strip().splitlines() or ["nothing"])[-1][:LINE_CHARACTERS]
    if look.works and outcome.gpus.are_simulated:
        raise NotJudged("the GPU was simulated: libcuda.so.1 is found and answers, which shows nothing of CUDA")
    if look.works:
        return
    if look.cuda.status is None:
        raise NotJudged(f"CUDA's driver did not answer in time; the last line was {last!r}")
    if not look.library:
        if not look.brings_compute:
            named = look.variables[DRIVER_CAPABILITIES]
            yield f"Expected the driver's libcuda.so.1 in the container, and {DRIVER_CAPABILITIES} is {named!r}."
        elif not look.mounted and not outcome.gpus.are_simulated:
            raise NotJudged(f"the engine brought no libcuda.so.1: {last!r}")
        else:
            yield f"Expected the image's loader to load the host's libcuda.so.1, and it said {last!r}."
        return
    answer = "{} returned {}".format(*look.failed) if look.failed else f"the last line was {last!r}"
    if not _is_own(image, look.library):
        raise NotJudged(f"CUDA's driver of this engine does not work: {answer}")
    yield (
        f"Expected the image's loader to take the libcuda.so.1 of the host, and it took {look.library} of the image, "
        f"where {answer}."
    )


def _look(outcome: Outcome) -> Look:
    """What the probe saw, where there is a GPU and a C library that a driver could be loaded with."""
    if outcome.gpus.lack:
        raise NotJudged(outcome.gpus.lack)
    host = outcome.hosts[0]
    if not host.started:
        raise NotJudged("the container did not start", see="launch.default-command")
    if host.look is None:
        raise NotJudged("the look at the GPU did not come to its end")
    said = outcome.request.environment.get(VISIBLE_DEVICES)
    if not host.look.has_gpu and said is not None:
        raise NotJudged(f"no GPU is in the container: the request sets {VISIBLE_DEVICES} to {said!r}")
    if not host.look.has_gpu:
        raise NotJudged("the engine has a GPU, and gave the container none")
    if not host.look.cuda.was_found:
        raise NotJudged(
            f"NVIDIA's driver is made for glibc, whose loader cannot be run in the image: {host.look.cuda.error}"
        )
    return host.look


def _is_own(image: Image, path: str) -> bool:
    """Whether a file is the image's, and not one that the engine mounted there."""
    file = image.files.resolve(path).file
    return file is not None and file.kind is Kind.FILE and file.size > 0
