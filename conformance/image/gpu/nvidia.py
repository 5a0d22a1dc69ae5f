"""NVIDIA's driver files by name: what the container toolkit injects at start, and what only looks like it.

Source: what NVIDIA's libnvidia-container and nvidia-container-toolkit inject, and the contents of the official CUDA
images, which contain forward-compatibility libraries and stubs and must not be mistaken for a driver.
"""

from __future__ import annotations

import posixpath
import re

DRIVER_LIBRARIES = frozenset(
    {
        # utility
        *("libnvidia-ml", "libnvidia-cfg", "libnvidia-nscq"),
        # compute
        *("libcuda", "libcudadebugger", "libnvidia-opencl", "libnvidia-gpucomp", "libnvidia-ptxjitcompiler"),
        *("libnvidia-fatbinaryloader", "libnvidia-allocator", "libnvidia-compiler", "libnvidia-pkcs11"),
        *("libnvidia-pkcs11-openssl3", "libnvidia-nvvm", "libnvidia-nvvm70", "libnvidia-tileiras"),
        # video
        *("libvdpau_nvidia", "libnvidia-encode", "libnvidia-opticalflow", "libnvcuvid"),
        # graphics
        *("libnvidia-eglcore", "libnvidia-glcore", "libnvidia-tls", "libnvidia-glsi", "libnvidia-fbc"),
        *("libnvidia-ifr", "libnvidia-rtcore", "libnvidia-glvkspirv", "libnvidia-cbl", "libnvidia-ngx"),
        *("libnvoptix", "libGLX_nvidia", "libEGL_nvidia", "libGLESv2_nvidia", "libGLESv1_CM_nvidia"),
    }
)
"""The libraries of the driver, without `.so` and version."""

DRIVER_PROGRAMS = frozenset(
    {
        *("nvidia-smi", "nvidia-debugdump", "nvidia-persistenced", "nv-fabricmanager"),
        *("nvidia-cuda-mps-control", "nvidia-cuda-mps-server", "nvidia-modprobe", "nvidia-settings"),
        *("nvidia-xconfig", "nvidia-installer", "nvidia-uninstall"),
    }
)

LIBRARY = re.compile(r"(?P<name>.+)\.so\.(?P<version>\d{3}\.\d{2,3}(\.\d{2,3})?)")
"""A library that carries a driver's version, as `libcuda.so.535.183.01`."""

UNVERSIONED = re.compile(r"(?P<name>.+)\.so(\.\d+)?")
"""Names of stubs, and of links to a library of the driver."""

KERNEL_MODULE = re.compile(r"/lib/modules/.*/nvidia(-uvm|-modeset|-drm|-peermem)?\.ko(\.gz|\.xz|\.zst)?")
KERNEL_SOURCE = re.compile(r"(?P<tree>(/usr)?/src/nvidia-([a-z]+-)*\d[^/]*)/.+")
FIRMWARE = re.compile(r"/lib/firmware/nvidia/\d[^/]*/gsp[^/]*\.bin(\.xz|\.zst)?")
RUNFILE = re.compile(r".*/NVIDIA-Linux-[^/]+\.run")
PROGRAM_PLACES = re.compile(r"((/usr)?(/local)?/s?bin|/usr/lib/nvidia/[^/]+)/[^/]+")

RUNTIME_LIBRARY = re.compile(r".*/libcudart(-[0-9a-f]+)?\.so\..*")
"""CUDA's runtime library, which some wheels contain under another name."""

STUB_COMPONENTS = frozenset({"stubs"})
"""Directories of CUDA's stubs, which are only for linking."""

COMPATIBILITY_COMPONENTS = frozenset({"compat", "cuda-compat", "compat.orig", "lib.real"})
"""Directories of CUDA's forward-compatibility libraries, with which newer programs run on an older driver."""

NOTE_SECTION = b".note.cuda.fwd_compatibility"
"""The ELF section by which NVIDIA marks a forward-compatibility library."""


def is_driver_name(path: str) -> bool:
    """Whether a file has the name and, if that matters, the directory of a part of NVIDIA's driver."""
    return is_user_part(path) or is_kernel_part(path)


def is_user_part(path: str) -> bool:
    """Whether a file is named like a library, program or installer of the driver.

    A library counts only with a driver's version: plain `libcuda.so` is a stub, `libnvvm.so` is the toolkit's.
    """
    name = posixpath.basename(path)
    library = LIBRARY.fullmatch(name)
    if library is not None:
        return library["name"] in DRIVER_LIBRARIES
    if name in DRIVER_PROGRAMS:
        return PROGRAM_PLACES.fullmatch(path) is not None
    return RUNFILE.fullmatch(path) is not None


def is_kernel_part(path: str) -> bool:
    """Whether a file has the directory and name of one of the driver's kernel modules, its source, or its firmware."""
    # A merged /usr has the same trees below /usr/lib.
    place = path.removeprefix("/usr") if path.startswith("/usr/lib") else path
    return any(pattern.fullmatch(place) for pattern in (KERNEL_MODULE, FIRMWARE)) or bool(source_tree(path))


def source_tree(path: str) -> str:
    """The directory with the source of a kernel module, if a file is part of one; otherwise empty."""
    source = KERNEL_SOURCE.fullmatch(path)
    return source["tree"] if source is not None else ""


def stands_for_driver(name: str) -> bool:
    """Whether a library without a driver's version has a name that the dynamic linker looks for: a stub, a link.

    So are `libcuda.so` and `libcuda.so.1`.
    """
    library = UNVERSIONED.fullmatch(name)
    return library is not None and library["name"] in DRIVER_LIBRARIES


def is_exempt_place(path: str) -> bool:
    """Whether a file is where CUDA has stubs and forward-compatibility libraries."""
    return lies_in(path, STUB_COMPONENTS | COMPATIBILITY_COMPONENTS)


def lies_in(path: str, components: frozenset[str]) -> bool:
    """Whether a parent directory of a file has one of these names."""
    return not components.isdisjoint(posixpath.dirname(path).split("/"))
