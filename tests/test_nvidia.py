"""A driver is told from what only looks like one, by the names and places of the listings."""

import pytest

from conformance.nvidia import DRIVER_LIBRARIES, is_driver_name, is_exempt_place
from conformance.verdict import Word
from tests.listings import NAMES, drivers, files
from tests.outcomes import image, judged


def test_every_listing_is_there() -> None:
    """A parametrised test over none would pass."""
    assert {"apt-driver", "conda", "cuda-12.4-devel", "ngc", "residue"} < set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_exactly_the_driver_is_found(name: str) -> None:
    """Each file that the listing marks, and no other: no stub, no compatibility library, no empty file, no link."""
    verdict = judged("gpu.no-bundled-driver", image(*files(name)))
    found = sorted(text.partition(" it has ")[2].rpartition(" (")[0] for text in verdict.violations)

    assert drivers(name) == found
    assert (Word.VIOLATES if drivers(name) else Word.CONFORMS) == verdict.word


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
        ("/usr/lib/libcuda.so.550.54.15", False),
    ],
)
def test_places_are_told_by_their_components(path: str, expected: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Only a directory of that very name counts."""
    assert expected == is_exempt_place(path)
