"""What a container needs to see a GPU, and what it must leave to the host."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.files.tree import Kind
from conformance.image.gpu.driver import (
    NO_DEVICES,
    bundled,
    is_gpu_image,
    kernel_parts,
    links_to_stand_ins,
    residue,
    stubs_on_path,
)
from conformance.image.gpu.variables import DRIVER_CAPABILITIES, VISIBLE_DEVICES, capabilities
from conformance.image.image import Image
from conformance.image.packages import driver_packages
from conformance.job.variation import GPUS_AT_WORK, LOOK_AT_GPUS
from conformance.outcome.gpu import Look
from conformance.outcome.outcome import Host, Outcome
from conformance.rule.contract import BYOC, NVIDIA_ISSUES, TOOLKIT
from conformance.rule.declaration import DOCUMENTED, INFERRED, MUST, OBSERVED, SHOULD, DoesNotApply, NotJudged, check
from conformance.rule.evidence import LINE_CHARACTERS, needs_success
from conformance.rule.sight import Sight

INSPECT = "docker image inspect --format '{{json .Config.Env}}' IMAGE"

CAPABILITIES = frozenset({"compute", "compat32", "graphics", "utility", "video", "display", "ngx", "all"})
"""The driver capabilities that NVIDIA documents; the toolkit refuses to start a container that asks for another."""


@check(
    "gpu.no-bundled-driver",
    MUST,
    "The image brings no NVIDIA driver",
    job=None,
    clause="Include only the CUDA toolkit in the image, and do not bundle NVIDIA drivers: they come from the host.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Purge the package that brings the driver (on Debian `dpkg -S` tells which, else `rpm -qf`), or build from "
    "an official CUDA image; stubs and forward-compatibility libraries may stay.",
    reproduce="docker run --rm --entrypoint find IMAGE / -xdev -name 'lib*.so.[0-9][0-9][0-9].*' -o -name 'nvidia-smi'",
)
def no_bundled_driver(image: Image) -> Iterator[str]:
    """By the names that NVIDIA's toolkit injects; an empty file is a leftover of its mounts and no driver."""
    parts = bundled(image)
    packages = driver_packages(image.documents)
    if parts and packages:
        yield f"Expected no package of NVIDIA's driver to be installed, and there are {', '.join(packages)}."
    for part in parts:
        yield (
            f"Expected no part of NVIDIA's driver in the image, and it has {part.path} ({part.size:,} bytes)"
            f"{part.origin}."
        )


@check(
    "gpu.no-kernel-modules",
    MUST,
    "The image brings no kernel module of NVIDIA's driver",
    job=None,
    clause="Include only the CUDA toolkit in the image, and do not bundle NVIDIA drivers: a container runs on the "
    "kernel of the host, which has its own modules.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Purge the packages of kernel modules, their sources and their firmware: nvidia-dkms-*, nvidia-kernel-*, "
    "nvidia-firmware-*, kmod-nvidia*.",
    reproduce="docker run --rm --entrypoint find IMAGE /lib/modules /usr/src /lib/firmware/nvidia -iname '*nvidia*'",
)
def no_kernel_modules(image: Image) -> Iterator[str]:
    """Modules, built or to be built, and the firmware that they load."""
    for part in kernel_parts(image):
        yield (
            f"Expected no part of a kernel module of NVIDIA's driver in the image, and it has {part.path} "
            f"({part.size:,} bytes){part.origin}."
        )


@check(
    "gpu.runtime-residue",
    SHOULD,
    "The image has no empty files that are called as the driver's",
    job=None,
    clause="An image that is built or committed under the nvidia runtime keeps the targets of its mounts as empty "
    "files, of one version of the driver; beside the driver of another host they are in the way.",
    spec=NVIDIA_ISSUES / "libnvidia-container/issues/140",
    basis=OBSERVED,
    remedy="Build the image again with runc as the default runtime of the engine, and link with CUDA's stubs where a "
    "build needs the driver's libraries.",
    reproduce="docker run --rm --entrypoint find IMAGE / -xdev -size 0 -name '*nvidia*' -o -size 0 -name 'libcuda*'",
)
def runtime_residue(image: Image) -> Iterator[str]:
    """They are no driver, and so no violation of what AWS documents."""
    for path in residue(image):
        yield f"Expected no file that the nvidia runtime left, and {path} is empty."


@check(
    "gpu.stub-on-library-path",
    SHOULD,
    "The library path leads to no stub of the driver",
    job=None,
    clause="CUDA's stubs are there to be linked with (LIBRARY_PATH); where programs run, the dynamic linker must find "
    "the driver's own libraries (LD_LIBRARY_PATH, /etc/ld.so.conf).",
    spec=NVIDIA_ISSUES / "nvidia-docker/issues/76",
    basis=OBSERVED,
    remedy="Remove the directory of the stubs from LD_LIBRARY_PATH and from /etc/ld.so.conf.d; LIBRARY_PATH is for the "
    "linker of a build.",
    reproduce="docker run --rm --entrypoint sh IMAGE -c 'echo $LD_LIBRARY_PATH; cat /etc/ld.so.conf.d/*'",
)
def stub_on_library_path(image: Image) -> Iterator[str]:
    """A stub that is loaded has every function, and each returns an error."""
    for place, stub in stubs_on_path(image):
        yield f"Expected no stub on the library path, and {place.named_by} names {place.directory}, which has {stub}."


@check(
    "gpu.driver-not-shadowed",
    SHOULD,
    "No library of the driver is a link to a stub or to a forward-compatibility library",
    job=None,
    clause="The toolkit puts the host's driver into the system's directories and makes the links that lead to it; one "
    "that leads elsewhere takes its place.",
    spec=NVIDIA_ISSUES / "libnvidia-container/issues/117",
    basis=INFERRED,
    remedy="Remove the link when the build is done; what must be linked with a stub finds it by LIBRARY_PATH.",
    reproduce="docker run --rm --entrypoint find IMAGE /lib /usr/lib /usr/lib64 -type l -name 'libcuda.so*' -ls",
)
def driver_not_shadowed(image: Image) -> Iterator[str]:
    """Only in the directories where the driver will be; CUDA's own may link as they like."""
    for path, target in links_to_stand_ins(image):
        yield f"Expected {path} to be left to the driver of the host, and it leads to {target}."


@check(
    "gpu.visible-devices-not-void",
    SHOULD,
    "NVIDIA_VISIBLE_DEVICES keeps no GPU from the container",
    job=None,
    clause="With NVIDIA_VISIBLE_DEVICES empty or void the nvidia runtime does nothing for a container, and with none "
    "it brings the driver and no GPU.",
    spec=TOOLKIT / "gpu-enumeration",
    basis=DOCUMENTED,
    remedy="Leave the value of the official CUDA images, NVIDIA_VISIBLE_DEVICES=all, or set no such variable.",
    reproduce=INSPECT,
)
def visible_devices_not_void(image: Image) -> Iterator[str]:
    """Where it is not set, the host may still ask for devices itself: that is noted, and judged by nobody."""
    _for_gpus(image)
    value = image.environment.get("NVIDIA_VISIBLE_DEVICES")
    if value is not None and value in NO_DEVICES:
        yield f"Expected NVIDIA_VISIBLE_DEVICES to name devices, and the image sets it to {value!r}."


@check(
    "gpu.capabilities-compute",
    SHOULD,
    "NVIDIA_DRIVER_CAPABILITIES has compute",
    job=None,
    clause="NVIDIA_DRIVER_CAPABILITIES says which libraries of the driver a container gets: compute is what CUDA "
    "needs. Where it is not set or empty, a container gets utility and compute.",
    spec=TOOLKIT / "driver-capabilities",
    basis=DOCUMENTED,
    remedy="Set NVIDIA_DRIVER_CAPABILITIES=compute,utility, as the official CUDA images do.",
    reproduce=INSPECT,
)
def capabilities_compute(image: Image) -> Iterator[str]:
    """A capability that there is not keeps the container from starting at all."""
    _for_gpus(image)
    value = image.environment.get(DRIVER_CAPABILITIES, "")
    words = capabilities(image.environment)
    if words.isdisjoint({"compute", "all"}):
        yield f"Expected NVIDIA_DRIVER_CAPABILITIES to have compute, and the image sets it to {value!r}."
    if "all" not in words and words - CAPABILITIES:
        named = ", ".join(repr(word) for word in sorted(words - CAPABILITIES))
        yield f"Expected NVIDIA_DRIVER_CAPABILITIES to have what NVIDIA documents, and it has {named}."


def _for_gpus(image: Image) -> None:
    """Go on only for an image that is made for GPUs, which none has to be."""
    if not is_gpu_image(image):
        raise DoesNotApply("nothing shows that the image is made for GPUs")


# With a GPU


@check(
    "gpu.visible",
    MUST,
    "The image's loader finds the driver of the host, and CUDA answers",
    job=LOOK_AT_GPUS,
    sees={Sight.ENDS, Sight.GPUS},
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
        if {"compute", "all"}.isdisjoint(capabilities(look.variables)):
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


@check(
    "gpu.workload-uses-it",
    SHOULD,
    "A job whose instances have GPUs loads CUDA's driver",
    job=GPUS_AT_WORK,
    sees={Sight.ENDS, Sight.GPUS, Sight.PROCESSES},
    clause="If a GPU is to be used, the container must be nvidia-docker compatible; who asks for an instance with GPUs "
    "is taken to want one used.",
    spec=BYOC / "byoc-run-image",
    basis=INFERRED,
    remedy="Install the build of the framework that is made for CUDA, and have the program say so where it falls back "
    "to the CPU; or ask for an InstanceType without GPUs.",
)
def workload_uses_it(image: Image, looked: Outcome, outcome: Outcome) -> Iterator[str]:
    """By the memory of each process at its end, in which a driver that was loaded still is; not by how much it did."""
    if not _look(looked).works:
        raise NotJudged("CUDA's driver does not answer in the container, for whatever program", see="gpu.visible")
    needs_success(outcome)
    idle = [host for host in outcome.hosts if not _loaded_driver(host)]
    for host in idle:
        yield f"Expected a program on {host.name} to load libcuda.so, and none had it in its memory at its end."
    if outcome.gpus.are_simulated and not idle:
        raise NotJudged("the GPU was simulated: CUDA's driver was loaded, which shows nothing of what it would do")


def _loaded_driver(host: Host) -> bool:
    if host.trace is None or host.untraced:
        raise NotJudged(f"its processes were not seen: {host.untraced}")
    return any(process.mapped for process in host.trace.processes)


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
