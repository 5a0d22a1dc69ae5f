"""Package databases tell what is installed and whose a file is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.image.packages import driver_packages, is_database, is_driver_package, is_relevant, owners, whole

STATUS = "/var/lib/dpkg/status"
DISTROLESS = "/var/lib/dpkg/status.d/"
LISTS = "/var/lib/dpkg/info/"
APK = "/lib/apk/db/installed"
LIBRARY = "/usr/lib/x86_64-linux-gnu/libcuda.so.535.183.01"


def test_dpkg_tells_what_is_installed() -> None:
    """Of a package that was removed, the configuration stays and its stanza with it."""
    status = (
        b"Package: nvidia-utils-535\nStatus: install ok installed\nDescription: programs\n of the driver\n\n"
        b"Package: nvidia-dkms-535\nStatus: deinstall ok config-files\n\n"
        b"Package: libcuda1\nStatus: hold ok installed\n\n"
        b"Package: bash\nStatus: install ok installed\n"
    )

    assert ("libcuda1", "nvidia-utils-535") == driver_packages({STATUS: status})


def test_a_description_is_no_field() -> None:
    """Its lines begin with a space."""
    assert () == driver_packages({STATUS: b"Package: bash\nDescription: a shell\n Package: libcuda1\n"})


def test_a_distroless_image_has_a_file_for_each_package() -> None:
    """Without a status, and with checksums beside it, which name the package's files."""
    documents = {
        f"{DISTROLESS}libcuda1": b"Package: libcuda1\nVersion: 535.247.01-1\n",
        f"{DISTROLESS}libcuda1.md5sums": f"5d41402abc4b2a76b9719d911017c592  {LIBRARY[1:]}\n".encode(),
        f"{DISTROLESS}base": b"Package: base-files\n",
    }

    assert ("libcuda1",) == driver_packages(documents)
    assert {LIBRARY: "libcuda1"} == {path: name for path, name in owners(documents).items() if path == LIBRARY}


@pytest.mark.parametrize("path", [APK, "/usr/lib/apk/db/installed"])
def test_apk_has_packages_and_files_in_one(path: str) -> None:
    """A file belongs to the package above it, and lies in the directory above it."""
    installed = b"P:bash\nF:bin\nR:bash\n\nP:nvidia-utils-535\nV:535.183.01\nF:usr\nF:usr/bin\nR:nvidia-smi\nZ:Q1abc=\n"

    assert ("nvidia-utils-535",) == driver_packages({path: installed})
    assert {"/usr/bin/bash": "bash", "/usr/bin/nvidia-smi": "nvidia-utils-535"} == owners({path: installed})


@pytest.mark.parametrize("name", ["libnvidia-compute-535.list", "libnvidia-compute-535:amd64.list"])
def test_dpkg_lists_the_files_of_a_package(name: str) -> None:
    """The name may have an architecture, which is no part of the package's."""
    assert "libnvidia-compute-535" == owners({LISTS + name: f"/.\n{LIBRARY}\n".encode()})[LIBRARY]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/lib/firmware/nvidia/gsp.bin", "/usr/lib/firmware/nvidia/gsp.bin"),
        ("/bin/nvidia-smi", "/usr/bin/nvidia-smi"),
        ("/lib64/libcuda.so.1", "/usr/lib64/libcuda.so.1"),
        ("/usr/lib/libcuda.so.1", "/usr/lib/libcuda.so.1"),
        ("/library/libcuda.so.1", "/library/libcuda.so.1"),
        ("/", "/"),
        ("", ""),
    ],
)
def test_a_path_is_that_of_a_merged_usr(path: str, expected: str) -> None:
    """A package may name its files as they were before."""
    assert expected == whole(path)


@pytest.mark.parametrize(
    "name",
    [
        *("nvidia-driver-535", "nvidia-driver", "libnvidia-compute-580-server", "nvidia-utils-535", "cuda-drivers-570"),
        *("nvidia-dkms-535-open", "nvidia-kernel-common-535", "xserver-xorg-video-nvidia-535", "kmod-nvidia-open"),
        *("libcuda1", "libnvidia-ml1", "nvidia-smi", "libnvidia-tesla-470-cuda1", "libnvidia-legacy-390xx-cuda1"),
        *("linux-modules-nvidia-535-generic", "firmware-nvidia-gsp", "nvidia-open-580"),
    ],
)
def test_a_package_of_a_driver_is_known_by_its_name(name: str) -> None:
    """Of Ubuntu, of Debian, and of NVIDIA's own repositories."""
    assert is_driver_package(name)


@pytest.mark.parametrize(
    "name",
    [
        *("cuda-compat-12-4", "cuda-cudart-12-4", "cuda-driver-dev-12-4", "cuda-nvml-dev-12-4", "nvidia-cuda-toolkit"),
        *("libnvidia-container1", "nvidia-container-toolkit", "libnvidia-egl-wayland1", "nvidia-driver-assistant"),
        *("firmware-nvidia-graphics", "libcudart12", "nvidia-ml-py", "libnccl2", "linux-firmware"),
    ],
)
def test_what_only_sounds_like_it_is_none(name: str) -> None:
    """The toolkit's, the container toolkit's, and free firmware."""
    assert not is_driver_package(name)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (STATUS, True),
        (f"{DISTROLESS}libc6", True),
        (f"{LISTS}libc6.list", True),
        (f"{LISTS}libc6.md5sums", False),
        (f"{LISTS}libc6.postinst", False),
        (APK, True),
        ("/var/lib/rpm/rpmdb.sqlite", False),
        ("/home/user/status", False),
    ],
)
def test_a_database_is_known_by_its_place(path: str, expected: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """That of rpm is not read."""
    assert expected == is_database(path)


def test_only_lists_that_may_name_a_driver_are_relevant() -> None:
    """An image has hundreds of lists, and one status."""
    assert not is_relevant(f"{LISTS}libc6.list", b"/lib/x86_64-linux-gnu/libc.so.6\n")
    assert not is_relevant(f"{DISTROLESS}libc6.md5sums", b"0  lib/x86_64-linux-gnu/libc.so.6\n")
    assert is_relevant(f"{LISTS}libcuda1.list", b"/usr/lib/x86_64-linux-gnu/libcuda.so.535.183.01\n")
    assert is_relevant(f"{LISTS}cuda-compat-12-4.list", b"/usr/local\n")
    assert is_relevant(STATUS, b"Package: libc6\n")


@given(
    st.dictionaries(
        st.sampled_from([STATUS, APK, f"{DISTROLESS}a", f"{DISTROLESS}a.md5sums", f"{LISTS}a.list", "/etc/passwd"]),
        st.one_of(
            st.binary(max_size=60),
            st.lists(
                st.sampled_from([b"P:", b"F:usr", b"R:x", b"Package: libcuda1", b"Status: a", b"", b"  ", b": "])
            ).map(b"\n".join),
        ),
    )
)
def test_no_database_is_too_broken_to_read(documents: dict[str, bytes]) -> None:
    """The image is somebody else's: a name may be anything, but what is found of a driver is called like it."""
    assert all(is_driver_package(name) for name in driver_packages(documents))
    assert all(isinstance(name, str) for name in owners(documents).values())
