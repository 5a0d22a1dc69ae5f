"""What a container needs to see a GPU, and what it must leave to the host."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.contract import BYOC
from conformance.declaration import DOCUMENTED, MUST, check
from conformance.filetree import File, Kind
from conformance.image import Image
from conformance.nvidia import is_driver_name, is_exempt_place


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
