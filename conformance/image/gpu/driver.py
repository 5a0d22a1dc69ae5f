"""Which parts of NVIDIA's driver an image contains, although the host provides it, and what shadows that driver."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.files.tree import File, Kind
from conformance.image.gpu.nvidia import (
    COMPATIBILITY_COMPONENTS,
    RUNTIME_LIBRARY,
    STUB_COMPONENTS,
    is_driver_name,
    is_exempt_place,
    is_kernel_part,
    is_user_part,
    lies_in,
    source_tree,
    stands_for_driver,
)
from conformance.image.image import Image
from conformance.image.library_path import SYSTEM_DIRECTORIES, Place, library_path
from conformance.image.packages import owners, whole

DRIVER_DIRECTORIES = frozenset({"/lib64", "/usr/lib64"}) | {
    f"{place}/{machine}-linux-gnu" for place in ("/lib", "/usr/lib") for machine in ("x86_64", "aarch64")
}
"""Where NVIDIA's toolkit puts the driver's libraries, by distribution."""

NO_DEVICES = frozenset({"", "void", "none"})
"""The values of NVIDIA_VISIBLE_DEVICES with which a container gets no GPU."""


@dataclass(frozen=True)
class Part:
    """A part of a driver: a file, or the directory of a kernel module's source; `package` is empty if unknown."""

    path: str
    size: int
    package: str

    @property
    def origin(self) -> str:
        """The package as the end of a sentence; empty if unknown."""
        return f", of the package {self.package}" if self.package else ""


def is_gpu_image(image: Image) -> bool:
    """Whether an image is made for GPUs: by CUDA's variables and labels, or by CUDA's runtime library.

    Requesting no GPU is not evidence of a GPU image.
    """
    environment = image.environment
    named = any(
        name == "CUDA_VERSION" or name.startswith(("NV_CUDA_", "NVIDIA_"))
        for name in environment
        if name != "NVIDIA_VISIBLE_DEVICES"
    )
    asked = environment.get("NVIDIA_VISIBLE_DEVICES", "") not in NO_DEVICES
    labelled = any(label.startswith("com.nvidia.") for label in image.labels)
    return named or asked or labelled or any(RUNTIME_LIBRARY.fullmatch(file.path) for file in image.files)


def bundled(image: Image) -> tuple[Part, ...]:
    """Libraries, programs and installers of a driver, each with its package."""
    return tuple(_parts(image, [file for file in _present(image) if is_user_part(file.path)]))


def kernel_parts(image: Image) -> tuple[Part, ...]:
    """Kernel modules and firmware of a driver; the source of a module is listed as one directory."""
    files = [file for file in _present(image) if is_kernel_part(file.path)]
    parts: dict[str, Part] = {}
    for part in _parts(image, files):
        tree = source_tree(part.path)
        first = parts.get(tree or part.path, Part(tree, 0, part.package))
        parts[tree or part.path] = Part(tree, first.size + part.size, first.package) if tree else part
    return tuple(parts.values())


def _present(image: Image) -> Iterator[File]:
    """Non-empty files that are named like a part of the driver, without stubs and forward-compatibility libraries."""
    owner: dict[str, str] | None = None
    for file in image.files:
        if file.kind is not Kind.FILE or not file.size or not is_driver_name(file.path) or is_exempt_place(file.path):
            continue
        owner = owners(image.documents) if owner is None else owner
        if file.path not in image.forward_compatible and "cuda-compat" not in owner.get(whole(file.path), ""):
            yield file


def _parts(image: Image, files: list[File]) -> Iterator[Part]:
    owner = owners(image.documents) if files else {}
    return (Part(file.path, file.size, owner.get(whole(file.path), "")) for file in files)


def residue(image: Image) -> tuple[str, ...]:
    """Empty files that are named like a part of the driver: mount points that the nvidia runtime left in the image."""
    return tuple(
        file.path
        for file in image.files
        if file.kind is Kind.FILE and not file.size and is_driver_name(file.path) and not is_exempt_place(file.path)
    )


def stubs_on_path(image: Image) -> Iterator[tuple[Place, str]]:
    """The places on the library path that hold a stub of the driver, each with the stub.

    The first directory with a library wins, so one after the driver's own directory is harmless.
    """
    for place in library_path(image):
        found = image.files.resolve(place.directory).file
        if place.directory in DRIVER_DIRECTORIES:
            return
        if found is None or found.kind is not Kind.DIRECTORY:
            continue
        if not any(lies_in(f"{path}/", STUB_COMPONENTS) for path in (place.directory, found.path)):
            continue
        stub = next((file.path for file in image.files.below(found.path) if _is_stand_in(file, found.path)), "")
        if stub:
            yield place, stub


def _is_stand_in(file: File, directory: str) -> bool:
    return posixpath.dirname(file.path) == directory and stands_for_driver(posixpath.basename(file.path))


def compatibility_on_path(image: Image) -> tuple[Place, ...]:
    """The places on the library path that hold forward-compatibility libraries."""
    named = library_path(image)
    resolved = ((place, image.files.resolve(place.directory).file) for place in named)
    return tuple(
        place
        for place, found in resolved
        if found is not None
        and any(lies_in(f"{path}/", COMPATIBILITY_COMPONENTS) for path in (place.directory, found.path))
    )


def links_to_stand_ins(image: Image) -> Iterator[tuple[str, str]]:
    """Links in the system's directories that should lead to the driver, and the stub that they lead to instead."""
    for file in image.files:
        directory, name = posixpath.split(file.path)
        if file.kind is Kind.SYMLINK and directory in SYSTEM_DIRECTORIES and stands_for_driver(name):
            found = image.files.resolve(file.path).file
            if found is not None and is_exempt_place(found.path):
                yield file.path, found.path
