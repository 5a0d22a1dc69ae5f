"""Chapter `gpu`: the driver is the host's; `tests/image/gpu/test_nvidia.py` tries whole listings."""

import pytest

from conformance.files.tree import File
from conformance.verdict.verdict import Word
from tests.support.outcomes import directory, file, image, judged, link

CHECK = "gpu.no-bundled-driver"
KERNEL = "gpu.no-kernel-modules"
RESIDUE = "gpu.runtime-residue"
STUB = "gpu.stub-on-library-path"
SHADOW = "gpu.driver-not-shadowed"
DEVICES = "gpu.visible-devices-not-void"
CAPABILITIES = "gpu.capabilities-compute"
LIBRARY = "/usr/lib/x86_64-linux-gnu/libcuda.so.535.183.01"


def test_an_image_without_cuda_conforms() -> None:
    """The rule is for all images."""
    assert Word.CONFORMS == judged(CHECK).word


def test_a_driver_violates() -> None:
    """The sentence names the file and its size."""
    verdict = judged(CHECK, image(file(LIBRARY, size=29_453_200)))

    assert Word.VIOLATES == verdict.word
    assert (f"Expected no NVIDIA driver in the image, but found {LIBRARY} (29,453,200 bytes).",) == verdict.violations


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


def test_the_package_to_purge_is_named() -> None:
    """That of the file, and all that are installed: one that has no file of its own is the reason for the others."""
    documents = {
        "/var/lib/dpkg/info/libnvidia-compute-535:amd64.list": f"{LIBRARY}\n".encode(),
        "/var/lib/dpkg/status": b"Package: nvidia-driver-535\n\nPackage: libnvidia-compute-535\n\nPackage: bash\n",
    }

    assert (
        ("Expected no NVIDIA driver package to be installed, but found libnvidia-compute-535, nvidia-driver-535."),
        (
            f"Expected no NVIDIA driver in the image, but found {LIBRARY} (1 bytes), of the package "
            "libnvidia-compute-535."
        ),
    ) == judged(CHECK, image(file(LIBRARY), documents=documents)).violations


def test_a_package_whose_files_are_gone_is_no_driver() -> None:
    """What counts is what the container has."""
    documents = {"/var/lib/dpkg/status": b"Package: libnvidia-compute-535\n"}

    assert Word.CONFORMS == judged(CHECK, image(documents=documents)).word


def test_a_kernel_module_is_told_apart_from_the_driver_that_programs_load() -> None:
    """Each has a check of its own, and none is told twice."""
    module = image(file("/lib/modules/6.8.0/updates/dkms/nvidia.ko.zst", size=63_000_000))
    library = image(file(LIBRARY))

    assert (
        (
            "Expected no NVIDIA kernel module in the image, but found "
            "/lib/modules/6.8.0/updates/dkms/nvidia.ko.zst (63,000,000 bytes)."
        ),
    ) == judged(KERNEL, module).violations
    assert Word.VIOLATES == judged(KERNEL, module).word
    assert [Word.CONFORMS, Word.CONFORMS] == [judged(CHECK, module).word, judged(KERNEL, library).word]


def test_the_source_of_a_module_is_told_once() -> None:
    """By its directory, with the size of all that is in it."""
    tree = [file(f"/usr/src/nvidia-535.183.01/nvidia/{name}.c", size=100) for name in "abc"]

    assert (
        ("Expected no NVIDIA kernel module in the image, but found /usr/src/nvidia-535.183.01 (300 bytes)."),
    ) == judged(KERNEL, image(*tree)).violations


def test_modules_of_the_kernel_itself_conform() -> None:
    """Linux has modules and firmware for NVIDIA's hardware of its own."""
    own = [
        file("/lib/modules/6.8.0/kernel/drivers/video/fbdev/nvidia/nvidiafb.ko.zst"),
        file("/lib/firmware/nvidia/ga102/gsp/gsp-535.113.01.bin"),
    ]

    assert Word.CONFORMS == judged(KERNEL, image(*own)).word


def test_an_empty_file_is_residue_and_no_driver() -> None:
    """Whatever it is called of a driver's parts; it is advice."""
    verdict = judged(RESIDUE, image(file(LIBRARY, size=0)))

    assert (f"Expected no files left by the nvidia runtime, but {LIBRARY} is empty.",) == verdict.violations
    assert Word.ADVISED == verdict.word
    assert Word.CONFORMS == judged(CHECK, image(file(LIBRARY, size=0))).word


@pytest.mark.parametrize("path", ["/usr/lib/python3/nvidia/__init__.py", "/usr/lib/libcuda.so", "/stubs/nvidia-smi"])
def test_other_empty_files_are_no_residue(path: str) -> None:
    """A package of Python has some, and no mount is of a name without a version."""
    assert Word.CONFORMS == judged(RESIDUE, image(file(path, size=0))).word


CUDA = (
    link("/usr/local/cuda", "cuda-12.4"),
    link("/usr/local/cuda-12.4/lib64", "targets/x86_64-linux/lib"),
    file("/usr/local/cuda-12.4/targets/x86_64-linux/lib/libcudart.so.12"),
    file("/usr/local/cuda-12.4/targets/x86_64-linux/lib/stubs/libcuda.so"),
    file("/usr/local/cuda-12.4/compat/libcuda.so.1"),
    directory("/usr/lib/x86_64-linux-gnu"),
)
STUBS = "/usr/local/cuda/lib64/stubs"


def test_stubs_in_ld_library_path_are_advised_against() -> None:
    """With the stub that would be loaded."""
    verdict = judged(STUB, image(*CUDA, environment={"LD_LIBRARY_PATH": f"/usr/local/cuda/lib64:{STUBS}"}))

    assert (
        (
            f"Expected no driver stub on the library path, but LD_LIBRARY_PATH contains {STUBS}, which has "
            "/usr/local/cuda-12.4/targets/x86_64-linux/lib/stubs/libcuda.so."
        ),
    ) == verdict.violations
    assert Word.ADVISED == verdict.word


def test_stubs_that_ldconfig_reads_are_advised_against() -> None:
    """The file that names them is told."""
    documents = {
        "/etc/ld.so.conf": b"include ld.so.conf.d/*.conf\n",
        "/etc/ld.so.conf.d/stubs.conf": f"{STUBS}\n".encode(),
    }
    (violation,) = judged(STUB, image(*CUDA, documents=documents)).violations

    assert f"/etc/ld.so.conf.d/stubs.conf contains {STUBS}" in violation


@pytest.mark.parametrize(
    "environment",
    [
        {"LIBRARY_PATH": STUBS},
        {"LD_LIBRARY_PATH": "/usr/local/cuda/lib64:/usr/local/cuda/compat"},
        {"LD_LIBRARY_PATH": f"/usr/lib/x86_64-linux-gnu:{STUBS}"},
        {"LD_LIBRARY_PATH": "/opt/cuda/stubs"},
        {"LD_LIBRARY_PATH": "stubs"},
    ],
    ids=["for the linker of a build", "no stubs", "behind the driver", "not there", "relative"],
)
def test_stubs_that_are_not_loaded_conform(environment: dict[str, str]) -> None:
    """The official devel images have the first of these."""
    assert Word.CONFORMS == judged(STUB, image(*CUDA, environment=environment)).word


def test_a_directory_of_other_stubs_conforms() -> None:
    """Only the driver's are looked for, and only where the dynamic linker looks."""
    others = (file("/app/stubs/libapp.so"), file("/app/stubs/libcublas.so"), file("/app/stubs/below/libcuda.so"))

    assert Word.CONFORMS == judged(STUB, image(*others, environment={"LD_LIBRARY_PATH": "/app/stubs"})).word


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        (f"{STUBS}/libcuda.so", "/usr/local/cuda-12.4/targets/x86_64-linux/lib/stubs/libcuda.so"),
        ("/usr/local/cuda/compat/libcuda.so.1", "/usr/local/cuda-12.4/compat/libcuda.so.1"),
    ],
)
def test_a_link_to_a_stand_in_is_advised_against(target: str, leads: str) -> None:
    """Where the driver of the host should be."""
    path = "/usr/lib/x86_64-linux-gnu/libcuda.so.1"
    verdict = judged(SHADOW, image(*CUDA, link(path, target)))

    assert (f"Expected {path} to be left to the host's driver, but it is a link to {leads}.",) == verdict.violations
    assert Word.ADVISED == verdict.word


@pytest.mark.parametrize(
    "entry",
    [
        link("/usr/local/cuda-12.4/lib/libcuda.so.1", f"{STUBS}/libcuda.so"),
        link("/usr/lib/x86_64-linux-gnu/libcudart.so.12", "/usr/local/cuda/lib64/libcudart.so.12"),
        link("/usr/lib/x86_64-linux-gnu/libcuda.so.1", "libcuda.so.535.183.01"),
        link("/usr/lib/x86_64-linux-gnu/libapp.so.1", "/usr/local/cuda/compat/libcuda.so.1"),
        file("/usr/lib/x86_64-linux-gnu/libcuda.so.1"),
    ],
    ids=["of CUDA's own", "to the toolkit", "that dangles", "of another name", "no link"],
)
def test_other_links_conform(entry: File) -> None:
    """Of one that dangles nothing could be loaded."""
    assert Word.CONFORMS == judged(SHADOW, image(*CUDA, entry)).word


@pytest.mark.parametrize("check", [DEVICES, CAPABILITIES])
@pytest.mark.parametrize("environment", [{}, {"NVIDIA_VISIBLE_DEVICES": "void"}, {"NVIDIA_VISIBLE_DEVICES": ""}])
def test_variables_of_an_image_without_cuda_do_not_apply(check: str, environment: dict[str, str]) -> None:
    """One that only says that it wants no GPU is not made for GPUs."""
    verdict = judged(check, image(environment=environment))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


SIGNS = {
    "a variable": {"environment": {"CUDA_VERSION": "12.4.1"}},
    "a version": {"environment": {"NV_CUDA_LIB_VERSION": "12.4.1-1"}},
    "a requirement": {"environment": {"NVIDIA_REQUIRE_CUDA": "cuda>=12.4"}},
    "devices": {"environment": {"NVIDIA_VISIBLE_DEVICES": "0"}},
    "a label": {"labels": {"com.nvidia.cuda.version": "12.4"}},
}


@pytest.mark.parametrize("sign", SIGNS)
def test_each_sign_of_cuda_counts(sign: str) -> None:
    """By itself."""
    assert Word.CONFORMS == judged(DEVICES, image(**SIGNS[sign])).word


@pytest.mark.parametrize("name", ["libcudart.so.12", "libcudart.so.12.4.127", "libcudart-d0da41ae.so.11.0"])
def test_the_runtime_library_is_a_sign_of_cuda(name: str) -> None:
    """Also under the name that older wheels give it."""
    assert Word.CONFORMS == judged(DEVICES, image(file(f"/app/lib/{name}"))).word


@pytest.mark.parametrize("name", ["libcudart_static.a", "libcudart.md", "libmycudart.so.12"])
def test_what_is_called_like_the_runtime_library_is_no_sign(name: str) -> None:
    """Nothing loads it."""
    assert Word.NOT_JUDGED == judged(DEVICES, image(file(f"/app/lib/{name}"))).word


@pytest.mark.parametrize("value", ["", "void", "none"])
def test_no_devices_are_advised_against(value: str) -> None:
    """In an image that is made for GPUs."""
    verdict = judged(DEVICES, image(environment={"CUDA_VERSION": "12.4.1", "NVIDIA_VISIBLE_DEVICES": value}))

    assert (
        f"Expected NVIDIA_VISIBLE_DEVICES to name devices, but the image sets it to {value!r}.",
    ) == verdict.violations
    assert Word.ADVISED == verdict.word


@pytest.mark.parametrize("value", ["all", "0", "0,1", "GPU-fef8089b", "MIG-41b3359c"])
def test_devices_conform(value: str) -> None:
    """However they are named; where the variable is not set, the host may ask for them."""
    assert Word.CONFORMS == judged(DEVICES, image(environment={"NVIDIA_VISIBLE_DEVICES": value})).word
    assert Word.CONFORMS == judged(DEVICES, image(environment={"CUDA_VERSION": "12.4.1"})).word


@pytest.mark.parametrize("value", ["utility", "video,graphics", " "])
def test_capabilities_without_compute_are_advised_against(value: str) -> None:
    """CUDA finds no driver then."""
    verdict = judged(CAPABILITIES, image(environment={"NVIDIA_DRIVER_CAPABILITIES": value}))

    assert (
        f"Expected NVIDIA_DRIVER_CAPABILITIES to include compute, but the image sets it to {value!r}."
        == (verdict.violations[0])
    )
    assert Word.ADVISED == verdict.word


def test_a_capability_that_there_is_not_is_advised_against() -> None:
    """The toolkit refuses to start the container."""
    for value, odd in (("compute,profile,utility", "'profile'"), ("profile,compute,cuda", "'cuda', 'profile'")):
        verdict = judged(CAPABILITIES, image(environment={"NVIDIA_DRIVER_CAPABILITIES": value}))

        assert (
            f"Expected NVIDIA_DRIVER_CAPABILITIES to have documented values only, but it has {odd}.",
        ) == verdict.violations


@pytest.mark.parametrize(
    "value", ["compute", "compute,utility", "utility, compute", "all", "all,x", "", "ngx,compute,compat32"]
)
def test_capabilities_with_compute_conform(value: str) -> None:
    """An empty value is the default, which has it."""
    environment = {"CUDA_VERSION": "12.4.1", "NVIDIA_DRIVER_CAPABILITIES": value}

    assert Word.CONFORMS == judged(CAPABILITIES, image(environment=environment)).word
