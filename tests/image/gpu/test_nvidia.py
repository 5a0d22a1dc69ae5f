"""A driver is told from what only looks like one, by the names and places of the listings."""

from pathlib import Path

import pytest

from conformance.checks import load_checks
from conformance.image.gpu.nvidia import DRIVER_LIBRARIES, is_driver_name, is_exempt_place, stands_for_driver
from conformance.verdict.verdict import Word
from tests.support.listings import CHECKS, NAMES, listed, marked, table
from tests.support.outcomes import judged

GOLDEN = Path(__file__).resolve().parent.parent.parent / "golden" / "gpu.txt"


def test_every_kind_of_listing_is_there() -> None:
    """A parametrised test over none would pass; CUDA of each generation is there as base, runtime and devel."""
    cuda = {f"cuda-{version}-{kind}" for version in ("11.8", "12.4", "13.0") for kind in ("base", "runtime", "devel")}
    with_driver = {"apt-driver", "debian-driver", "distroless-driver", "dkms", "rpm-driver", "runfile"}

    assert cuda | {"conda", "distroless-cuda", "dlc-pytorch-2.5", "ngc", "pip-pytorch", "residue"} <= set(NAMES)
    assert with_driver == {name for name in NAMES if marked(name, "driver") or marked(name, "kernel")}


def test_every_check_of_the_image_alone_is_in_the_table() -> None:
    """One that is new belongs there."""
    assert {check.id for check in load_checks() if check.chapter == "gpu" and check.job is None} <= set(CHECKS.values())


def test_what_is_said_of_the_listings_reads_as_its_golden_file() -> None:
    """`python -m tests.support.listings` prints it; a change of a verdict is a change that somebody has to look at."""
    assert GOLDEN.read_text(encoding="utf-8") == table()


def found(name: str, check: str) -> list[str]:
    """The paths that a check names."""
    violations = judged(check, listed(name)).violations
    return [text.partition(", but found ")[2].rpartition(" (")[0] for text in violations if " bytes)" in text]


@pytest.mark.parametrize("name", NAMES)
def test_exactly_the_driver_is_found(name: str) -> None:
    """Each file that the listing marks, and no other: no stub, no compatibility library, no empty file, no link."""
    verdict = judged("gpu.no-bundled-driver", listed(name))

    assert marked(name, "driver") == sorted(found(name, "gpu.no-bundled-driver"))
    assert (Word.VIOLATES if marked(name, "driver") else Word.CONFORMS) == verdict.word


@pytest.mark.parametrize("name", NAMES)
def test_exactly_the_kernels_part_is_found(name: str) -> None:
    """Each file that the listing marks; the source of a module is named by its directory."""
    sources = {path: "/".join(path.split("/")[:4]) for path in marked(name, "kernel") if path.startswith("/usr/src/")}
    expected = {sources.get(path, path) for path in marked(name, "kernel")}

    assert expected == set(found(name, "gpu.no-kernel-modules"))


@pytest.mark.parametrize("library", sorted(DRIVER_LIBRARIES))
@pytest.mark.parametrize("version", ["470.82.01", "535.183.01", "550.54", "580.65.06"])
def test_a_library_with_a_drivers_version_is_one(library: str, version: str) -> None:
    """Wherever it lies."""
    assert is_driver_name(f"/usr/lib/x86_64-linux-gnu/{library}.so.{version}")
    assert is_driver_name(f"/app/lib/{library}.so.{version}")


@pytest.mark.parametrize(
    "suffix", ["", ".1", ".1.1", ".12", ".12.4.127", ".1.17.4", ".4.0.0", ".535", ".535.183.01.bak"]
)
def test_a_library_without_a_drivers_version_is_none(suffix: str) -> None:
    """A stub has no version, a link has one number, the toolkit's have those of CUDA."""
    assert not is_driver_name(f"/usr/lib/libcuda.so{suffix}")


@pytest.mark.parametrize(
    "path",
    [
        "/usr/bin/nvidia-container-cli",
        "/home/user/nvidia-smi",
        "/usr/share/bash-completion/completions/nvidia-settings",
        "/usr/share/doc/nvidia-smi/copyright",
        "/usr/src/nvidia/readme",
        "/usr/lib/libnvvm.so.535.183.01",
        "/usr/lib/libcudart.so.550.54.15",
        "/data/NVIDIA-Linux.txt",
    ],
)
def test_what_only_sounds_like_it_is_none(path: str) -> None:
    """Another place, or another library."""
    assert not is_driver_name(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/local/cuda-12.4/compat/libcuda.so.550.54.15", True),
        ("/usr/local/cuda/compat/lib.real/libcuda.so.550.54.15", True),
        ("/opt/conda/cuda-compat/libcuda.so.550.54.15", True),
        ("/opt/conda/lib/stubs/libcuda.so", True),
        ("/usr/lib/compatibility/libcuda.so.550.54.15", False),
        ("/usr/lib/compat", False),
        ("/usr/lib/stubs", False),
        ("/usr/lib/libcuda.so.550.54.15", False),
    ],
)
def test_places_are_told_by_their_components(path: str, expected: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Only a directory of that very name counts."""
    assert expected == is_exempt_place(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("libcuda.so", True),
        ("libcuda.so.1", True),
        ("libnvidia-ml.so.1", True),
        ("libnvidia-nvvm.so.4", True),
        ("libcuda.so.535.183.01", False),
        ("libcudart.so.12", False),
        ("libcublas.so", False),
        ("libcuda.a", False),
    ],
)
def test_a_name_by_which_the_driver_is_looked_for(name: str, expected: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """That of a stub, and that of a link to the driver."""
    assert expected == stands_for_driver(name)


@pytest.mark.parametrize(
    "path",
    [
        "/lib/modules/5.14.0/extra/nvidia.ko.gz",
        "/lib/firmware/nvidia/580.65.06/gsp_ga10x.bin.zst",
        "/src/nvidia-open-580.65.06/dkms.conf",
        "/root/NVIDIA-Linux-x86_64-580.65.06.run",
        "/usr/lib/nvidia/current/nvidia-smi",
    ],
)
def test_parts_of_other_kinds(path: str) -> None:
    """Compressed modules and firmware, a source tree, the installer, and a program in Debian's own place."""
    assert is_driver_name(path)
