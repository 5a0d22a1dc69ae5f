"""What a container needs in order to use a GPU, and what it must leave to the host."""

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
"""The driver capabilities that NVIDIA documents; the toolkit refuses to start a container with any other."""


@check(
    "gpu.no-bundled-driver",
    MUST,
    "The image bundles no NVIDIA driver",
    job=None,
    clause="Include only the CUDA toolkit in the image, and do not bundle NVIDIA drivers: they come from the host.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Remove the package that contains the driver (see `dpkg -S` or `rpm -qf`), or build from an official CUDA "
    "image; stubs and forward-compatibility libraries may stay.",
    reproduce="docker run --rm --entrypoint find IMAGE / -xdev -name 'lib*.so.[0-9][0-9][0-9].*' -o -name 'nvidia-smi'",
)
def no_bundled_driver(image: Image) -> Iterator[str]:
    """Checked by the file names that NVIDIA's toolkit injects; an empty file is left over from its mounts."""
    parts = bundled(image)
    packages = driver_packages(image.documents)
    if parts and packages:
        yield f"Expected no NVIDIA driver package to be installed, but found {', '.join(packages)}."
    for part in parts:
        yield (f"Expected no NVIDIA driver in the image, but found {part.path} ({part.size:,} bytes){part.origin}.")


@check(
    "gpu.no-kernel-modules",
    MUST,
    "The image bundles no NVIDIA kernel modules",
    job=None,
    clause="Include only the CUDA toolkit in the image, and do not bundle NVIDIA drivers: a container runs on the "
    "kernel of the host, which has its own modules.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Remove the packages of kernel modules, their sources and firmware: nvidia-dkms-*, nvidia-kernel-*, "
    "nvidia-firmware-*, kmod-nvidia*.",
    reproduce="docker run --rm --entrypoint find IMAGE /lib/modules /usr/src /lib/firmware/nvidia -iname '*nvidia*'",
)
def no_kernel_modules(image: Image) -> Iterator[str]:
    """Modules, their sources, and the firmware that they load."""
    for part in kernel_parts(image):
        yield (
            f"Expected no NVIDIA kernel module in the image, but found {part.path} ({part.size:,} bytes){part.origin}."
        )


@check(
    "gpu.runtime-residue",
    SHOULD,
    "The image has no empty driver files left by the nvidia runtime",
    job=None,
    clause="An image built or committed with the nvidia runtime keeps the mount targets of one driver version as empty "
    "files, which conflict with the driver of another host.",
    spec=NVIDIA_ISSUES / "libnvidia-container/issues/140",
    basis=OBSERVED,
    remedy="Rebuild the image with runc as the engine's default runtime, and link with CUDA's stubs if the build needs "
    "driver libraries.",
    reproduce="docker run --rm --entrypoint find IMAGE / -xdev -size 0 -name '*nvidia*' -o -size 0 -name 'libcuda*'",
)
def runtime_residue(image: Image) -> Iterator[str]:
    """They are not a driver, so not a violation of what AWS documents."""
    for path in residue(image):
        yield f"Expected no files left by the nvidia runtime, but {path} is empty."


@check(
    "gpu.stub-on-library-path",
    SHOULD,
    "The library path contains no driver stubs",
    job=None,
    clause="CUDA's stubs are for linking at build time (LIBRARY_PATH); at run time the dynamic linker must find the "
    "driver's own libraries (LD_LIBRARY_PATH, /etc/ld.so.conf).",
    spec=NVIDIA_ISSUES / "nvidia-docker/issues/76",
    basis=OBSERVED,
    remedy="Remove the stubs directory from LD_LIBRARY_PATH and /etc/ld.so.conf.d; use LIBRARY_PATH for linking at "
    "build time.",
    reproduce="docker run --rm --entrypoint sh IMAGE -c 'echo $LD_LIBRARY_PATH; cat /etc/ld.so.conf.d/*'",
)
def stub_on_library_path(image: Image) -> Iterator[str]:
    """A loaded stub has every function, but each returns an error."""
    for place, stub in stubs_on_path(image):
        yield (
            f"Expected no driver stub on the library path, but {place.named_by} contains {place.directory}, which has "
            f"{stub}."
        )


@check(
    "gpu.driver-not-shadowed",
    SHOULD,
    "No driver library is a link to a stub or forward-compatibility library",
    job=None,
    clause="The toolkit mounts the host's driver into the system library directories and creates the links to it; a "
    "link to something else shadows the driver.",
    spec=NVIDIA_ISSUES / "libnvidia-container/issues/117",
    basis=INFERRED,
    remedy="Remove the link after the build; to link with a stub, use LIBRARY_PATH.",
    reproduce="docker run --rm --entrypoint find IMAGE /lib /usr/lib /usr/lib64 -type l -name 'libcuda.so*' -ls",
)
def driver_not_shadowed(image: Image) -> Iterator[str]:
    """Only in the directories where the driver will be; links in CUDA's own directories do no harm."""
    for path, target in links_to_stand_ins(image):
        yield f"Expected {path} to be left to the host's driver, but it is a link to {target}."


@check(
    "gpu.visible-devices-not-void",
    SHOULD,
    "NVIDIA_VISIBLE_DEVICES hides no GPU from the container",
    job=None,
    clause="If NVIDIA_VISIBLE_DEVICES is empty or void, the nvidia runtime does nothing for a container; if it is "
    "none, the container gets the driver but no GPU.",
    spec=TOOLKIT / "gpu-enumeration",
    basis=DOCUMENTED,
    remedy="Keep the value of the official CUDA images, NVIDIA_VISIBLE_DEVICES=all, or do not set the variable.",
    reproduce=INSPECT,
)
def visible_devices_not_void(image: Image) -> Iterator[str]:
    """If it is not set, the host may still request devices itself, which is informational."""
    _for_gpus(image)
    value = image.environment.get("NVIDIA_VISIBLE_DEVICES")
    if value is not None and value in NO_DEVICES:
        yield f"Expected NVIDIA_VISIBLE_DEVICES to name devices, but the image sets it to {value!r}."


@check(
    "gpu.capabilities-compute",
    SHOULD,
    "NVIDIA_DRIVER_CAPABILITIES includes compute",
    job=None,
    clause="NVIDIA_DRIVER_CAPABILITIES selects the driver libraries that a container gets; CUDA needs compute. If it "
    "is unset or empty, a container gets utility and compute.",
    spec=TOOLKIT / "driver-capabilities",
    basis=DOCUMENTED,
    remedy="Set NVIDIA_DRIVER_CAPABILITIES=compute,utility, as the official CUDA images do.",
    reproduce=INSPECT,
)
def capabilities_compute(image: Image) -> Iterator[str]:
    """An unknown capability prevents the container from starting at all."""
    _for_gpus(image)
    words = capabilities(image.environment)
    if words.isdisjoint({"compute", "all"}):
        value = image.environment[DRIVER_CAPABILITIES]
        yield f"Expected NVIDIA_DRIVER_CAPABILITIES to include compute, but the image sets it to {value!r}."
    if "all" not in words and words - CAPABILITIES:
        named = ", ".join(repr(word) for word in sorted(words - CAPABILITIES))
        yield f"Expected NVIDIA_DRIVER_CAPABILITIES to have documented values only, but it has {named}."


def _for_gpus(image: Image) -> None:
    """Raise `DoesNotApply` unless it is a GPU image."""
    if not is_gpu_image(image):
        raise DoesNotApply("not a GPU image")


# With a GPU


@check(
    "gpu.visible",
    MUST,
    "The image's loader finds the host's driver, and CUDA works",
    job=LOOK_AT_GPUS,
    sees={Sight.ENDS, Sight.GPUS},
    clause="To use a GPU, the container must be nvidia-docker compatible: the driver comes from the host, and programs "
    "find it.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Leave libcuda.so.1 to the host: remove other copies from LD_LIBRARY_PATH and /etc/ld.so.conf.d, and "
    "include compute in NVIDIA_DRIVER_CAPABILITIES if it is set.",
)
def visible(image: Image, outcome: Outcome) -> Iterator[str]:
    """The image determines which libcuda.so.1 the loader finds, but not what the engine's own driver returns."""
    look = _look(outcome)
    last = (look.cuda.output.strip().splitlines() or ["nothing"])[-1][:LINE_CHARACTERS]
    if look.works and outcome.gpus.are_simulated:
        raise NotJudged("the GPU is simulated: libcuda.so.1 is found and responds, which does not show that CUDA works")
    if look.works:
        return
    if look.cuda.status is None:
        raise NotJudged(f"the CUDA driver did not respond in time; the last line was {last!r}")
    if not look.library:
        if {"compute", "all"}.isdisjoint(capabilities(look.variables)):
            named = look.variables[DRIVER_CAPABILITIES]
            yield f"Expected the driver's libcuda.so.1 in the container, but {DRIVER_CAPABILITIES} is {named!r}."
        elif not look.mounted and not outcome.gpus.are_simulated:
            raise NotJudged(f"the engine mounted no libcuda.so.1: {last!r}")
        else:
            yield f"Expected the image's loader to load the host's libcuda.so.1, but it said {last!r}."
        return
    answer = "{} returned {}".format(*look.failed) if look.failed else f"the last line was {last!r}"
    if not _is_own(image, look.library):
        raise NotJudged(f"the CUDA driver of this engine does not work: {answer}")
    yield (
        f"Expected the image's loader to load the host's libcuda.so.1, but it loaded {look.library} of the image, "
        f"where {answer}."
    )


@check(
    "gpu.workload-uses-it",
    SHOULD,
    "A job on GPU instances loads the CUDA driver",
    job=GPUS_AT_WORK,
    sees={Sight.ENDS, Sight.GPUS, Sight.PROCESSES},
    clause="To use a GPU, the container must be nvidia-docker compatible; a request for a GPU instance implies that "
    "one is used.",
    spec=BYOC / "byoc-run-image",
    basis=INFERRED,
    remedy="Install the CUDA build of the framework, and let the program log when it falls back to the CPU; or request "
    "an InstanceType without GPUs.",
)
def workload_uses_it(image: Image, looked: Outcome, outcome: Outcome) -> Iterator[str]:
    """Checked by the memory maps of each process when it ends, which still contain a loaded driver."""
    if not _look(looked).works:
        raise NotJudged("the CUDA driver does not respond in the container", see="gpu.visible")
    needs_success(outcome)
    idle = [host for host in outcome.hosts if not _loaded_driver(host)]
    for host in idle:
        yield f"Expected a program on {host.name} to load libcuda.so, but none had it in memory when it ended."
    if outcome.gpus.are_simulated and not idle:
        raise NotJudged("the GPU is simulated: the CUDA driver was loaded, which does not show that CUDA works")


def _loaded_driver(host: Host) -> bool:
    if host.trace is None or host.untraced:
        raise NotJudged(f"its processes could not be traced: {host.untraced}")
    return any(process.mapped for process in host.trace.processes)


def _look(outcome: Outcome) -> Look:
    """What the probe saw, if there is a GPU and a C library with which a driver could be loaded."""
    if outcome.gpus.lack:
        raise NotJudged(outcome.gpus.lack)
    host = outcome.hosts[0]
    if not host.started:
        raise NotJudged("the container did not start", see="launch.default-command")
    if host.look is None:
        raise NotJudged("the GPU inspection did not finish")
    said = outcome.request.environment.get(VISIBLE_DEVICES)
    if not host.look.has_gpu and said is not None:
        raise NotJudged(f"no GPU in the container: the request sets {VISIBLE_DEVICES} to {said!r}")
    if not host.look.has_gpu:
        raise NotJudged("the engine has a GPU, but the container got none")
    if not host.look.cuda.was_found:
        raise NotJudged(f"NVIDIA's driver needs glibc, whose loader cannot be run in the image: {host.look.cuda.error}")
    return host.look


def _is_own(image: Image, path: str) -> bool:
    """Whether a file is from the image, not mounted by the engine."""
    file = image.files.resolve(path).file
    return file is not None and file.kind is Kind.FILE and file.size > 0
