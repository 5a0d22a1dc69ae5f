"""Which variant of an image is judged, on an engine that has another platform than AWS."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import docker
import pytest
from docker.errors import APIError

from conformance.errors import ImageError
from conformance.service import inspection, platforms
from conformance.service.dialect import DOCKER, PODMAN
from conformance.service.emulation import Emulation
from conformance.service.engine import Engine
from conformance.service.labels import run_labels
from conformance.service.platforms import Held, has_another
from conformance.service.pull import pull_for
from tests.conftest import Ran, reference_job
from tests.support.engine_proxy import failing_engine, foreign_engine
from tests.support.outcomes import image
from tests.support.registry import registry

ARM, AWS = "linux/arm64", "linux/amd64"
DIGEST = "registry.example/x@sha256:0"
ALONE = "which AWS runs"
UNKNOWN = "is not known"
BOTH = "but its registry has it for linux/amd64, too"


def by_registry(*platforms: str) -> platforms.Published:
    """A registry that has an image for these."""
    return lambda _: frozenset(platforms) or None


@pytest.mark.parametrize(
    ("held", "published", "another"),
    [
        (Held("x", AWS), (), False),
        (Held("x", AWS, {ARM: True, AWS: True}, [DIGEST]), (), False),
        (Held("x", ARM), (AWS,), False),
        (Held("x", ARM, names=[DIGEST]), (ARM,), False),
        (Held("x", ARM, {ARM: True}, [DIGEST]), (), False),
        (Held("x", ARM, {ARM: True, AWS: True}, [DIGEST]), (), True),
        (Held("x", "windows/amd64", {"windows/amd64": True}, [DIGEST]), (), False),
    ],
    ids=["it", "it of several", "built here", "published alone", "alone", "both", "Windows"],
)
def test_what_is_certainly_all_that_there_is_is_judged(
    held: Held, published: tuple[str, ...], *, another: bool
) -> None:
    """And of several variants that are here, the one that AWS would run."""
    assert another == has_another(held, by_registry(*published))


@pytest.mark.parametrize(
    ("held", "published", "said"),
    [
        (Held("x", ARM, names=[DIGEST]), (ARM, AWS), BOTH),
        (Held("x", ARM, names=[DIGEST]), (), UNKNOWN),
        (Held("x", ARM, {ARM: True, AWS: False}, [DIGEST]), (ARM,), ALONE),
    ],
    ids=["published for both", "no registry answers", "not all of it is here"],
)
def test_a_variant_is_not_taken_for_the_image(held: Held, published: tuple[str, ...], said: str) -> None:
    """The error says how to get the one that AWS runs."""
    with pytest.raises(ImageError, match=said) as caught:
        has_another(held, by_registry(*published))

    assert "docker pull --platform linux/amd64 x" in caught.value.hint


def test_the_variants_are_those_that_the_engine_lists() -> None:
    """Docker 28 lists an attestation as well, and an engine with another image store nothing."""
    listed: list[Mapping[str, object]] = [
        {"Kind": "image", "Available": True, "ImageData": {"Platform": {"os": "linux", "architecture": "arm64"}}},
        {"Kind": "image", "Available": False, "ImageData": {"Platform": {"os": "linux", "architecture": "amd64"}}},
        {"Kind": "attestation", "Available": True, "AttestationData": {"For": "sha256:0"}},
    ]

    assert {ARM: True, AWS: False} == platforms.variants({"Manifests": listed})
    assert [None, None] == [platforms.variants(facts) for facts in ({}, {"Manifests": None})]


def test_podman_gives_a_digest_to_what_was_built_here() -> None:
    """Only where a name has two of them, one is that of an index."""
    names = ["localhost/x@sha256:0", "r.example/y@sha256:0", "r.example/y@sha256:1"]

    assert (tuple(names), tuple(names[1:])) == (DOCKER.published(names), PODMAN.published(names))


@pytest.mark.parametrize(
    "said",
    [
        "no matching manifest for linux/amd64 in the manifest list entries",
        "image with reference x was found but does not match the specified platform: wanted linux/amd64, actual: arm64",
        'no image found in image index for architecture "amd64", variant "", OS "linux"',
    ],
)
def test_a_registry_may_have_an_image_for_other_platforms_alone(said: str) -> None:
    """However the engine words it; that there is no such image is something else."""
    assert platforms.is_lacking(said)
    assert not platforms.is_lacking("manifest for x:latest not found: manifest unknown")


@pytest.mark.parametrize(
    ("architecture", "variant", "platform"), [("amd64", "", AWS), ("amd64", "v3", f"{AWS}/v3"), ("arm64", "v8", None)]
)
def test_a_container_is_created_for_the_platform_of_aws(architecture: str, variant: str, platform: str | None) -> None:
    """Where its image is for that, and the engine is not by itself."""
    of = image(architecture=architecture, variant=variant)

    assert [platform, None] == [platforms.to_create(of, foreign=foreign) for foreign in (True, False)]


@pytest.fixture(name="built")
def _built(client: docker.APIClient) -> Iterator[str]:
    """An image of no layer but its own."""
    name = f"conformance-test/{uuid.uuid4().hex[:12]}"
    dockerfile = f'FROM scratch\nENV UNIQUE={name}\nADD Dockerfile /program\nENTRYPOINT ["/program"]\n'.encode()
    for step in client.build(fileobj=io.BytesIO(dockerfile), tag=name, rm=True, decode=True):
        assert "error" not in step, step["error"]
    yield name
    with suppress(APIError):
        client.remove_image(name)


@pytest.mark.engine
def test_one_variant_of_a_published_image_is_not_judged(
    reached: Engine, client: docker.APIClient, built: str, tag: Callable[[str], str]
) -> None:
    """As an engine on Arm pulls it by itself; also where nobody can be asked any more."""
    with registry(client, built, "vendor/image", python=tag("reference"), platforms=(ARM, AWS)) as (reference, _):
        pull_for(reached, reference, lambda _: None, platform=ARM)
        with pytest.raises(ImageError, match=f"is here for {ARM}, but"):
            inspection.find(reached, reference)
    with pytest.raises(ImageError, match=f"is here for {ARM}, (and whether .* is not known|but not)"):
        inspection.find(reached, reference)
    client.remove_image(reference)


@pytest.mark.engine
def test_an_image_that_is_published_for_arm_alone_is_judged(
    reached: Engine, client: docker.APIClient, built: str, tag: Callable[[str], str]
) -> None:
    """Whether it was here, or is pulled by an engine on Arm."""
    if reached.lists_variants:
        pytest.skip("an engine on x86_64 with the containerd image store pulls none for Arm alone")
    engine = replace(reached, architecture="aarch64")
    with registry(client, built, "vendor/image", python=tag("reference"), platforms=(ARM,)) as (reference, _):
        found = [inspection.find(engine, reference).platform for _ in range(2)]
    client.remove_image(reference)

    assert [ARM, ARM] == found


@pytest.mark.engine
def test_an_engine_on_arm_pulls_the_variant_of_aws(
    reached: Engine, client: docker.APIClient, built: str, tag: Callable[[str], str]
) -> None:
    """And a registry that cannot be reached is an error all the same."""
    engine = replace(reached, architecture="aarch64")
    with registry(client, built, "vendor/image", python=tag("reference"), platforms=(ARM, AWS)) as (reference, _):
        found = inspection.find(engine, reference).platform
        client.remove_image(reference)
    with pytest.raises(ImageError, match="cannot be pulled"):
        inspection.find(engine, reference)

    assert AWS == found


@pytest.mark.engine
def test_whether_an_engine_on_arm_emulates_is_tried(reached: Engine, tmp_path: Path) -> None:
    """This one executes the probe, as an emulator would; where that does not start, nothing of an image does."""
    labels = run_labels("test", kept=False)
    engine = replace(reached, architecture="aarch64")
    arguments = {"base_url": f"unix://{tmp_path / 'socket'}"}
    with failing_engine(tmp_path / "socket", call="/start ", status="500 No", message="exec format error"):
        without = Engine("1", reached.api_version, 1 << 30, "aarch64", arguments=arguments)
        said = Emulation(without).why_not_run(image(), labels)
        without.client.close()

    assert said == "the engine runs on aarch64, and has no emulator for programs for linux/amd64"
    assert "" == Emulation(engine).why_not_run(image(), labels)
    assert "the image is for linux/arm64" == Emulation(engine).why_not_run(image(architecture="arm64"), labels)


@pytest.mark.engine
def test_an_image_is_judged_on_an_engine_on_arm(
    conformance: Callable[..., Ran], client: docker.APIClient, tag: Callable[[str], str], tmp_path: Path
) -> None:
    """A session says what the engine emulates; what depends on the tracer is open, and a failure is not judged."""
    with foreign_engine(tmp_path / "socket", client, "aarch64") as at:
        good = conformance(tag("reference"), *reference_job(), environment={"DOCKER_HOST": at})
        failing = tag("flawed/output-directory-must-not-exist")
        bad = conformance(failing, *reference_job(), environment={"DOCKER_HOST": at})

    assert "the engine emulates x86_64 on aarch64: no MUST is judged by what fails there" in good.output
    assert 6 == good.status, good.output
    assert set() == good.failing
    assert {"exit.no-process-left", "environment.reaches-the-program"} <= good.open
    assert set() == bad.violating
    assert "failed in an emulator of x86_64 on aarch64" in bad.verdict("exit.zero-on-success")["reason"], bad.output
