"""Chapter `gpu`: the driver is the host's; `tests/test_nvidia.py` tries whole listings."""

from conformance.verdict import Word
from tests.outcomes import file, image, judged

CHECK = "gpu.no-bundled-driver"
LIBRARY = "/usr/lib/x86_64-linux-gnu/libcuda.so.535.183.01"


def test_an_image_without_cuda_conforms() -> None:
    """The rule is for all images."""
    assert Word.CONFORMS == judged(CHECK).word


def test_a_driver_violates() -> None:
    """The sentence names the file and its size."""
    verdict = judged(CHECK, image(file(LIBRARY, size=29_453_200)))

    assert Word.VIOLATES == verdict.word
    assert (
        f"Expected no part of NVIDIA's driver in the image, and it has {LIBRARY} (29,453,200 bytes).",
    ) == verdict.violations


def test_a_library_that_bears_nvidias_note_conforms() -> None:
    """It is made for running on older drivers, wherever somebody has copied it to."""
    assert Word.CONFORMS == judged(CHECK, image(file(LIBRARY), forward_compatible=frozenset({LIBRARY}))).word


def test_a_library_of_the_compatibility_package_conforms() -> None:
    """Its list of files names it, also in its first and its last line."""
    documents = {"/var/lib/dpkg/info/cuda-compat-12-4.list": f"{LIBRARY}\n/usr\n".encode()}

    assert Word.CONFORMS == judged(CHECK, image(file(LIBRARY), documents=documents)).word


def test_a_longer_name_in_that_list_is_another_file() -> None:
    """Nor do other packages' lists count."""
    longer = {"/var/lib/dpkg/info/cuda-compat-12-4.list": f"/copy{LIBRARY}\n{LIBRARY}.old\n".encode()}
    other = {"/var/lib/dpkg/info/libnvidia-compute-535.list": f"{LIBRARY}\n".encode()}

    assert Word.VIOLATES == judged(CHECK, image(file(LIBRARY), documents=longer)).word
    assert Word.VIOLATES == judged(CHECK, image(file(LIBRARY), documents=other)).word


def test_the_list_of_the_package_need_not_end_with_a_line_feed() -> None:
    """A file is in it all the same."""
    documents = {"/var/lib/dpkg/info/cuda-compat-12-4.list": f"/usr\n{LIBRARY}".encode()}

    assert Word.CONFORMS == judged(CHECK, image(file(LIBRARY), documents=documents)).word
