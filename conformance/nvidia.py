"""NVIDIA's driver files by name: what the container toolkit brings in at start, and what only looks like it.

Source: what NVIDIA's libnvidia-container and nvidia-container-toolkit inject, and the contents of the official CUDA
images, which bring forward-compatibility libraries and stubs and must not be taken for a driver.
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

KERNEL_MODULE = re.compile(r"/lib/modules/.*/nvidia(-uvm|-modeset|-drm|-peermem)?\.ko(\.xz|\.zst)?")
KERNEL_SOURCE = re.compile(r"(/usr)?/src/nvidia-([a-z]+-)*\d[^/]*/.+")
FIRMWARE = re.compile(r"/lib/firmware/nvidia/\d[^/]*/gsp[^/]*\.bin")
RUNFILE = re.compile(r".*/NVIDIA-Linux-[^/]+\.run")
PROGRAM_PLACES = re.compile(r"((/usr)?(/local)?/s?bin|/usr/lib/nvidia/[^/]+)/[^/]+")

EXEMPT_COMPONENTS = frozenset({"stubs", "compat", "cuda-compat", "compat.orig", "lib.real"})
"""Directories of CUDA's stubs and of its forward-compatibility libraries."""

NOTE_SECTION = b".note.cuda.fwd_compatibility"
"""The ELF section by which NVIDIA marks a forward-compatibility library."""


def is_driver_name(path: str) -> bool:
    """Whether a file has the name and, where that matters, the place of a part of NVIDIA's driver.

    A library counts only with a driver's version: plain `libcuda.so` is a stub, `libnvvm.so` is the toolkit's.
    """
    name = posixpath.basename(path)
    library = LIBRARY.fullmatch(name)
    if library is not None:
        return library["name"] in DRIVER_LIBRARIES
    if name in DRIVER_PROGRAMS:
        return PROGRAM_PLACES.fullmatch(path) is not None
    # A merged /usr has the same trees below /usr/lib.
    place = path.removeprefix("/usr") if path.startswith("/usr/lib") else path
    return any(pattern.fullmatch(place) for pattern in (KERNEL_MODULE, FIRMWARE)) or any(
        pattern.fullmatch(path) for pattern in (KERNEL_SOURCE, RUNFILE)
    )


def is_exempt_place(path: str) -> bool:
    """Whether a file lies where CUDA keeps stubs and forward-compatibility libraries."""
    return not EXEMPT_COMPONENTS.isdisjoint(posixpath.dirname(path).split("/"))
