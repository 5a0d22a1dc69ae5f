"""A refused container is laid to its image where the image's files show why, else only by words about its program."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.files.tree import File, FileTree, Kind
from conformance.image.image import Image
from conformance.service.refused import Needs, because_of, without_links
from tests.support.outcomes import directory, elf, file, image, link, program

ARGV = ("python3", "/processing.py")
MOUNTS = ("/opt/ml",)
UNKNOWN_WORDS = "the engine has no words for it"


def refused(
    of: Image, said: str = UNKNOWN_WORDS, *, argv: tuple[str, ...] = ARGV, mounts: tuple[str, ...] = MOUNTS
) -> bool:
    """Whether a refusal with these words is because of the image."""
    return because_of(of, Needs(argv, mounts), said)


@pytest.mark.parametrize(
    "files",
    [
        [file("/opt/ml")],
        [file("/opt")],
        [link("/opt/ml", "/etc/passwd"), file("/etc/passwd")],
        [link("/opt/ml", "../data/ml/below"), file("/data/ml")],
        [link("/opt", "/data"), file("/data/ml")],
        [File("/opt/ml", Kind.FIFO)],
    ],
)
def test_what_cannot_be_mounted_over_is_of_the_image(files: list[File]) -> None:
    """Whatever the engine says: there is something else than a directory where a volume goes, or above."""
    assert refused(image(*files))


@pytest.mark.parametrize(
    "files",
    [
        [],
        [directory("/opt/ml")],
        [file("/opt/ml/model/weights")],
        [link("/opt/ml", "/data/ml"), directory("/data/ml")],
        [link("/opt/ml", "/not/there")],
        [link("/opt/ml", "/opt/ml")],
        [file("/opt/mlx")],
    ],
)
def test_what_can_be_mounted_over_is_not(files: list[File]) -> None:
    """A link is followed, and what is missing is made; of a loop nobody knows what an engine makes."""
    assert not refused(image(*files))


def test_a_place_without_a_volume_is_needed_too() -> None:
    """What a job finds is put below /opt/ml, also where nothing is mounted there."""
    assert refused(image(file("/opt/ml")), mounts=())


def test_every_volume_needs_a_place() -> None:
    """An input may have a volume of its own."""
    assert refused(image(file("/data")), mounts=("/opt/ml", "/data/in"))


@pytest.mark.parametrize(
    ("of", "argv"),
    [
        (image(), ("python3.6",)),
        (image(), ("/nowhere",)),
        (image(file("/run.sh")), ("/run.sh",)),
        (image(directory("/run.sh")), ("/run.sh",)),
        (image(link("/run.sh", "/run.sh")), ("/run.sh",)),
        (image(program("/run.sh", b"#!/none\n")), ("/run.sh",)),
        (image(program("/run.sh", b"#!/bin/sh\r\n")), ("/run.sh",)),
        (image(program("/run.sh", b"echo\n")), ("/run.sh",)),
        (image(environment={"PATH": "/nowhere"}), ("python3",)),
        (image(user="processing"), ARGV),
        (image(user="0:nobody"), ARGV),
        (image(user=str(1 << 31)), ARGV),
        (image(file("/work"), working_directory="/work"), ARGV),
        (image(file("/work"), working_directory="work"), ARGV),
        (image(file("/work"), working_directory="/work/below"), ARGV),
    ],
)
def test_what_the_image_lacks_is_of_the_image(of: Image, argv: tuple[str, ...]) -> None:
    """The command's program, the account of USER, or the directory of WORKDIR."""
    assert refused(of, argv=argv)


@pytest.mark.parametrize(
    ("of", "argv"),
    [
        (image(), ARGV),
        (image(), ()),
        (image(program("/run", elf())), ("/run",)),
        (image(user="65534", working_directory="/not/there"), ARGV),
        (image(user="nobody", documents={"/etc/passwd": b"nobody:x:65534:65534::/:/bin/sh\n"}), ARGV),
        (image(link("/etc/passwd", "/usr/passwd"), file("/usr/passwd"), user="nobody"), ARGV),
        (image(), ("/opt/ml/processing/input/code/run.sh",)),
        (image(working_directory="/opt/ml/processing/input"), ("code/run.sh",)),
        (image(link("/usr/bin/run.sh", "/opt/ml/processing/input/code/run.sh")), ("run.sh",)),
        (image(link("/code", "/opt/ml/processing/input/code")), ("/code/run.sh",)),
        (image(link("/run.sh", "/opt/ml/processing/input/code/run.sh")), ("/run.sh",)),
        (image(program("/run.sh", b"#!/opt/ml/processing/input/sh\n")), ("/run.sh",)),
        (image(environment={"PATH": "/bin:/opt/ml/processing/input/code"}), ("run.sh",)),
        (image(environment={"PATH": "bin"}), ("run.sh",)),
        (image(file("/opt/ml/code"), working_directory="/opt/ml/code"), ("python3",)),
    ],
)
def test_what_an_image_may_have_is_no_reason(of: Image, argv: tuple[str, ...]) -> None:
    """Nothing is missing, or it is where only the volume or the container's directory could tell."""
    assert not refused(of, argv=argv)


RUNC = "OCI runtime create failed: runc create failed: unable to start container process: "
CRUN = "OCI runtime create failed: "

OF_THE_PROGRAM = {
    "runc 1.1, not in PATH": RUNC + 'exec: "run": executable file not found in $PATH: unknown',
    "runc 1.1, no such file": RUNC + 'exec: "/x/run": stat /x/run: no such file or directory: unknown',
    "runc 1.1, not executable": RUNC + 'exec: "/x/run": permission denied: unknown',
    "runc 1.1, for another user": RUNC + "exec /x/run: permission denied: unknown",
    "runc 1.1, below a file": RUNC + 'exec: "/x/run": stat /x/run: not a directory: unknown: Are you trying to mount',
    "runc 1.0": 'container_linux.go:380: starting container process caused: exec: "run": executable file not found',
    "runc 1.3, not in PATH": RUNC + 'error during container init: exec: "run": executable file not found in $PATH',
    "runc 1.3, a directory": RUNC + 'error during container init: exec: "/x/run": is a directory: permission denied',
    "runc 1.3, a loop": RUNC + 'error during container init: exec: "run": stat run: too many levels of symbolic links',
    "crun, not in PATH": CRUN + "executable file `run` not found in $PATH: No such file or directory",
    "crun, no such file": CRUN + "executable file `/x/run` not found: No such file or directory",
    "crun, not executable": CRUN + "the path `/x/run` exists but it is not executable: Operation not permitted",
    "crun, a directory": CRUN + "the path `/x/run` is not a regular file: Operation not permitted",
    "crun, below a file": CRUN + "open `/x/run`: Not a directory: Are you trying to mount",
    "crun, another machine": CRUN + "exec container process `\\/x\\/run`: Exec format error",
    "crun, no loader": CRUN
    + "exec container process (missing dynamic library?) `\\/x\\/run`: No such file or directory",
}
"""What runtimes say where the files of an image do not show it; measured with runc 1.1.5 and 1.3.6 and crun 1.28."""

RUN = image(program("/x/run", elf()), environment={"PATH": "/x"}, user="65534")


@pytest.mark.parametrize("said", OF_THE_PROGRAM.values(), ids=OF_THE_PROGRAM)
def test_words_about_the_program_are_of_the_image(said: str) -> None:
    """It may be there and yet be nothing that USER can execute."""
    assert refused(RUN, said, argv=("run",))


def test_what_root_may_execute_is_denied_by_something_else() -> None:
    """By its mode root may, so it is the engine or its machine that forbids it."""
    of = image(program("/x/run", elf()), environment={"PATH": "/x"})

    assert not refused(of, OF_THE_PROGRAM["runc 1.1, not executable"], argv=("run",))
    assert refused(of, OF_THE_PROGRAM["runc 1.1, no such file"], argv=("run",))


@pytest.mark.parametrize("said", OF_THE_PROGRAM.values(), ids=OF_THE_PROGRAM)
@pytest.mark.parametrize("argv", [(), ("other",), ("un",), ("run.sh",)])
def test_words_about_another_program_are_not(said: str, argv: tuple[str, ...]) -> None:
    """An engine has programs of its own; and where the probe is started, nothing is said of the image's."""
    of = image(program("/x/other"), program("/x/un"), program("/x/run.sh"), environment={"PATH": "/x"})

    assert not refused(of, said, argv=argv)


@pytest.mark.parametrize(
    "said",
    [
        RUNC + 'error running prestart hook #0: exec: "nvidia-container-runtime-hook": executable file not found',
        CRUN + "mount `proc` to `proc`: No such file or directory: OCI runtime attempted to invoke a command that was "
        "not found",
        RUNC + "unable to apply cgroup configuration: mkdir /sys/fs/cgroup/docker: not a directory",
        RUNC + "can't get final child's PID from pipe: EOF",
        'could not select device driver "" with capabilities: [[gpu]]',
        "mkdirat opt/ml: statat opt/ml: path escapes from parent",
        "failed to mount: permission denied",
        "no space left on device",
        "",
    ],
)
def test_trouble_of_the_engine_is_its_own(said: str) -> None:
    """It says nothing of an image that lacks nothing."""
    assert not refused(RUN, said, argv=("run",))


@pytest.mark.parametrize(
    "said",
    [
        "unable to find user nobody: no matching entries in passwd file",
        "unable to find group nobody: no matching entries in group file",
        "uids and gids must be in range 0-2147483647",
    ],
)
def test_words_about_user_are_of_an_image_that_has_one(said: str) -> None:
    """Its account files may be links, which are not read."""
    linked = (link("/etc/passwd", "/usr/passwd"), file("/usr/passwd"))

    assert refused(image(*linked, user="nobody"), said)
    assert not refused(image(*linked), said)


@pytest.mark.parametrize(
    "said",
    ['chdir to cwd ("/private") set in config.json failed: permission denied', "Cannot mkdir: /x is not a directory"],
)
def test_words_about_workdir_are_of_the_image(said: str) -> None:
    """Another user may not be allowed to enter it."""
    assert refused(image(user="65534"), said)


names = st.sampled_from(["opt", "ml", "data"])
paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
entries = st.builds(link, paths, st.sampled_from(["/data", "/opt", "data", "../data", "/", ".."])) | st.builds(
    directory, paths
)


@given(st.lists(entries, max_size=5))
def test_directories_and_links_alone_are_never_a_reason(files: list[File]) -> None:
    """There is nothing in the way of a volume, and with the link followed it is at no other place."""
    links = {entry.path for entry in files if entry.kind is Kind.SYMLINK}
    tree = FileTree.of(entry for entry in files if not any(entry.path.startswith(f"{place}/") for place in links))
    (place,) = without_links(tree, MOUNTS)
    there = tree.resolve(MOUNTS[0]).file

    assert not refused(image(*tree))
    assert there is None or there.path == place
    assert posixpath.normpath(place) == place
