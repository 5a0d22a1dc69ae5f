"""Bases are found, pulled, or made from Debian packages."""

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import docker
import pytest
from docker import DockerClient
from docker.errors import ImageNotFound

from images.builder import bases
from images.builder.debian import PackagesUnavailableError, parse_depends
from images.builder.layers import Config, File, directory, link, normal_path, pack, unpack, write_archive


def tar_of(*members: tuple[str, bytes, bytes, str]) -> io.BytesIO:
    """A tar as a package has it: name, type, content and link target of each member."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, kind, content, target in members:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(content), target
            member.mtime, member.uname = 1_700_000_000, "builder"
            tar.addfile(member, io.BytesIO(content))
    archive.seek(0)
    return archive


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("./", ""),
        ("./bin/sh", "usr/bin/sh"),
        ("lib64", "usr/lib64"),
        ("./usr/bin/env", "usr/bin/env"),
        ("/etc/passwd", "etc/passwd"),
        ("library/readme", "library/readme"),
    ],
)
def test_paths_are_those_of_a_merged_usr(name: str, path: str) -> None:
    """What a package installs into /bin, /lib, /lib64 or /sbin lies below /usr."""
    assert path == normal_path(name)


def test_a_member_outside_of_the_root_is_refused() -> None:
    """An archive cannot write beside the image."""
    with pytest.raises(ValueError, match="climbs out"):
        normal_path("../etc/passwd")


def test_a_later_package_wins_and_hard_links_become_files() -> None:
    """The files of several packages are merged in their order."""
    first = tar_of(
        ("./bin/tool", tarfile.REGTYPE, b"old", ""),
        ("./bin/same", tarfile.LNKTYPE, b"", "./bin/tool"),
        ("./bin/link", tarfile.SYMTYPE, b"", "tool"),
    )
    second = tar_of(("./bin/tool", tarfile.REGTYPE, b"new", ""))

    files = unpack([first, second])

    assert {
        "usr/bin/tool": File(data=b"new"),
        "usr/bin/same": File(data=b"old"),
        "usr/bin/link": link("tool"),
    } == files


def test_a_layer_depends_on_its_files_alone() -> None:
    """The same files in another order give the same bytes, with the directories above them."""
    files = {"usr/bin/tool": File(mode=0o755, data=b"x"), "tmp": directory(0o1777), "bin": link("usr/bin")}

    layer = pack(files)

    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        seen = [(member.name, member.mode, member.mtime, member.uid, member.uname) for member in archive]
    assert layer == pack(dict(reversed(files.items())))
    assert [
        ("bin", 0o777, 0, 0, ""),
        ("tmp", 0o1777, 0, 0, ""),
        ("usr", 0o755, 0, 0, ""),
        ("usr/bin", 0o755, 0, 0, ""),
        ("usr/bin/tool", 0o755, 0, 0, ""),
    ] == seen


def test_an_archive_depends_on_its_layers_and_config_alone() -> None:
    """The same image is written as the same bytes, and another command as others."""
    layers = [pack({"etc/motd": File(data=b"hello")})]

    def archive(command: str) -> bytes:
        written = io.BytesIO()
        write_archive(written, "conformance/base-test:latest", Config("amd64", (command,)), layers)
        return written.getvalue()

    assert archive("sh") == archive("sh")
    assert archive("sh") != archive("bash")


def test_dependencies_are_read_from_apt() -> None:
    """Virtual packages give way to their first provider, and qualifiers of the architecture are dropped."""
    text = """\
python3.12-minimal
  PreDepends: libc6
  Depends: python3:any
  Depends: <awk>
    mawk
    gawk
  Depends: <nobody-provides-this>
libc6
"""

    assert {"python3.12-minimal": ("libc6", "python3", "mawk"), "libc6": ()} == parse_depends(text)


@dataclass
class Registry:
    """An engine that has some images, and pulls others or says why not."""

    present: dict[str, str] = field(default_factory=dict)
    answer: bytes = b'{"message": "lookup registry: no such host"}'
    status: int = 500
    pulled: list[str] = field(default_factory=list)

    def __hash__(self) -> int:
        """By identity: a pull is remembered per engine."""
        return id(self)

    @property
    def images(self) -> "Registry":
        """The engine's images."""
        return self

    @property
    def api(self) -> SimpleNamespace:
        """The engine's HTTP interface."""
        return SimpleNamespace(base_url="http://engine", api_version="1.41", post=self.post)

    def get(self, name: str) -> SimpleNamespace:
        """An image by its name."""
        if name not in self.present:
            raise ImageNotFound(name)
        return SimpleNamespace(id=name, attrs={"Architecture": self.present[name]}, labels={})

    @contextmanager
    def post(self, _url: str, params: dict[str, str], **_options: object) -> Iterator[SimpleNamespace]:
        """Pull."""
        self.pulled.append(params["fromImage"])
        if self.status == 200:
            self.present[f"{params['fromImage']}:{params['tag']}"] = "amd64"
        yield SimpleNamespace(ok=self.status == 200, status_code=self.status, iter_lines=self.answer.splitlines)


def resolve(name: str, registry: Registry) -> str:
    """The id of the base that is found for an ordinary one."""
    return str(bases.resolve(name, cast("DockerClient", registry)).id)


def test_a_base_that_the_engine_has_is_used() -> None:
    """No pull is tried where the ordinary base is there."""
    registry = Registry({"python:3.12-slim": "amd64"})

    assert "python:3.12-slim" == resolve("python:3.12-slim", registry)
    assert [] == registry.pulled


def test_a_base_that_can_be_pulled_is_pulled() -> None:
    """A pull that succeeds gives the ordinary base, also where another architecture's was there."""
    registry = Registry({"python:3.12-slim": "arm64"}, answer=b'{"status": "Pull complete"}', status=200)

    assert "python:3.12-slim" == resolve("python:3.12-slim", registry)
    assert ["python"] == registry.pulled


def test_without_registry_and_packages_the_error_says_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """One error names what was tried and what to do, and the pull is tried once."""

    def no_packages(*_: object) -> None:
        raise PackagesUnavailableError("not installed here: apt-get")

    registry = Registry()
    monkeypatch.setattr(bases, "make_substitute", no_packages)

    for _ in range(2):
        with pytest.raises(bases.BaseUnavailableError) as error:
            resolve("python:3.12-slim", registry)

    assert (
        "no base for python:3.12-slim: the engine does not have it;"
        " pulling it failed (lookup registry: no such host);"
        " making a substitute from Debian packages failed (not installed here: apt-get)."
        " Bring it to this engine (docker pull python:3.12-slim, or docker save there and docker load here),"
        " or build on Debian or Ubuntu with a package mirror in reach."
    ) == str(error.value)
    assert ["python"] == registry.pulled


def test_an_unknown_base_is_an_error() -> None:
    """A base whose role nobody described cannot be substituted, so it is not accepted at all."""
    with pytest.raises(bases.BaseUnavailableError, match="no role is known for the base alpine"):
        resolve("alpine", Registry())


@pytest.mark.engine
def test_a_substitute_is_the_same_image_each_time() -> None:
    """The same packages give the same image id."""
    client = docker.from_env()
    try:
        first = bases.make_substitute(bases.BUSYBOX, client)
        second = bases.make_substitute(bases.BUSYBOX, client)
    finally:
        client.close()

    assert first.id == second.id
