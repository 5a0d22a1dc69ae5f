"""Folders below images/ become images, and only when something changed."""

import re
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker import DockerClient
from docker.errors import ImageNotFound

from images.builder.build import BuildFailedError, build, build_folder, main
from images.builder.folders import ROOT, DockerfileError, Folder, UnknownImageError, all_names, folder, folder_of_tag

FLAWED = [name for name in all_names() if name.startswith("flawed/")]


@pytest.fixture(name="client")
def _client() -> Iterator[DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(name="tiny")
def _tiny(tmp_path: Path) -> Folder:
    (tmp_path / "Dockerfile").write_text("ARG BASE=busybox\nFROM ${BASE}\nCOPY run.sh /\n")
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    return Folder("tests/tiny", tmp_path)


@pytest.fixture(name="built")
def _built(tiny: Folder, client: DockerClient) -> Iterator[Folder]:
    yield tiny
    try:
        client.images.remove(tiny.tag)
    except ImageNotFound:
        return


def test_every_image_is_named_by_its_folder() -> None:
    """The names are the paths of the folders below images/."""
    assert {"reference", "examples/sklearn", "flawed/swallowed-exit-code"} <= set(all_names())


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("reference", "conformance/reference:latest"),
        ("examples/sklearn", "conformance/examples-sklearn:latest"),
        ("flawed/no-command", "conformance/flawed-no-command:latest"),
    ],
)
def test_tags_follow_names(name: str, tag: str) -> None:
    """A tag is the name with dashes, in a namespace of ours."""
    assert tag == folder(name).tag


def test_a_tag_of_ours_leads_back_to_its_folder() -> None:
    """An image can be built from another image of ours, with or without the tag's version."""
    reference = folder("reference")

    assert reference == folder_of_tag("conformance/reference")
    assert reference == folder_of_tag("conformance/reference:latest")
    assert folder_of_tag("busybox") is None


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    """A typing error is answered with the names that there are."""
    with pytest.raises(UnknownImageError, match=r"no image is called 'refrence'; there are .*reference"):
        folder("refrence")


@pytest.mark.parametrize("name", all_names())
def test_every_dockerfile_names_its_base(name: str) -> None:
    """Comments, then the base, then the rest: the builder can put another base of the role there."""
    image = folder(name)

    assert re.match(r"(# .*\n)+ARG BASE=\S+\nFROM \$\{BASE\}\n", image.dockerfile)
    ours = {"conformance/reference", "conformance/examples-s3", "conformance/examples-wordcount"}
    assert image.base in {"python:3.12-slim", "busybox", "arm64v8/busybox", *ours}


@pytest.mark.parametrize("name", FLAWED)
def test_every_flawed_image_says_what_it_fails(name: str) -> None:
    """A flawed image opens with its flaw in words, and names the check that it fails, or two that one flaw breaks."""
    text = folder(name).dockerfile

    assert text.startswith("# Flaw: ")
    assert 1 == len(
        re.findall(r'^LABEL conformance\.fails="[a-z]+\.[a-z0-9-]+( [a-z]+\.[a-z0-9-]+)?"$', text, re.MULTILINE)
    )


def test_a_dockerfile_without_base_is_refused(tiny: Folder) -> None:
    """A base that the builder cannot replace is an error and not a pull of whatever."""
    (tiny.path / "Dockerfile").write_text("FROM busybox\n")

    with pytest.raises(DockerfileError, match=r"images/tests/tiny/Dockerfile must begin with `ARG BASE="):
        _ = tiny.base


def test_the_content_hash_covers_what_the_image_is_made_of(tiny: Folder) -> None:
    """Files, executable bits and the base count; the mode that a umask left and the image's job do not."""
    script = tiny.path / "run.sh"
    script.chmod(0o644)
    first = tiny.content_hash("sha256:base")
    (tiny.path / "job.json").write_text("{}")
    script.chmod(0o600)
    same = tiny.content_hash("sha256:base")
    script.chmod(0o755)
    executable = tiny.content_hash("sha256:base")
    script.write_text("#!/bin/sh\nexit 0\n")
    edited = tiny.content_hash("sha256:base")

    assert first == same
    assert 4 == len({first, executable, edited, tiny.content_hash("sha256:other")})


def test_the_list_names_every_image(capsys: pytest.CaptureFixture[str]) -> None:
    """--list prints the names and needs no engine."""
    assert 0 == main(["--list"])
    assert "\n".join(all_names()) + "\n" == capsys.readouterr().out


def test_scripts_are_executable_unless_that_is_the_flaw() -> None:
    """An engine starts a script only if the checkout kept its executable bit."""
    scripts = sorted(ROOT.glob("flawed/*/run.sh"))

    refused = [script.parent.name for script in scripts if not script.stat().st_mode & 0o100]

    assert ["script-without-execute-permission"] == refused


@pytest.mark.engine
def test_an_image_is_built_once(built: Folder, client: DockerClient) -> None:
    """The second build finds the first one's image; a change makes another one."""
    first = client.images.get(build_folder(built, client)).id
    second = client.images.get(build_folder(built, client)).id
    (built.path / "run.sh").write_text("#!/bin/sh\nexit 0\n")
    third = client.images.get(build_folder(built, client)).id

    assert first == second
    assert first != third
    with pytest.raises(ImageNotFound):
        client.images.get(str(first))


@pytest.mark.engine
def test_a_failing_build_shows_the_end_of_its_log(built: Folder, client: DockerClient) -> None:
    """One error names the image and ends with what the engine said last; no container stays."""
    (built.path / "Dockerfile").write_text("ARG BASE=busybox\nFROM ${BASE}\nRUN echo out of order && exit 3\n")

    with pytest.raises(BuildFailedError) as error:
        build_folder(built, client)

    assert str(error.value).startswith("images/tests/tiny cannot be built:\n")
    assert "out of order\n" in str(error.value)
    assert "returned a non-zero code: 3" in str(error.value).splitlines()[-1]
    assert [] == client.containers.list(all=True, filters={"ancestor": built.tag})


@pytest.mark.engine
def test_the_reference_can_be_built(client: DockerClient) -> None:
    """The reference starts its program in exec form and inherits no command from its base."""
    config = client.images.get(build("reference", client)).attrs["Config"]

    assert ["python3", "/processing.py"] == config["Entrypoint"]
    assert not config["Cmd"]
