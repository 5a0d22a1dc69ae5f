"""An image that the engine does not have is pulled once, and the report is bound to its manifest."""

from __future__ import annotations

import io
from collections.abc import Callable

import docker
import pytest

from conformance.service.pull import Pulling
from tests.conftest import Ran
from tests.support.registry import registry


@pytest.mark.engine
def test_image_is_pulled_and_pinned_by_digest(
    conformance: Callable[..., Ran], client: docker.APIClient, tag: Callable[[str], str]
) -> None:
    """The image is pulled from the registry that its name says, and its digest is the manifest's."""
    # An image of no layer but its own, so that the engine has nothing of it once it is removed.
    dockerfile = b'FROM scratch\nENV UNIQUE=1\nADD Dockerfile /program\nENTRYPOINT ["/program"]\n'
    for step in client.build(fileobj=io.BytesIO(dockerfile), tag="conformance-test/pulled", rm=True, decode=True):
        assert "error" not in step, step["error"]
    with registry(client, "conformance-test/pulled", "vendor/image", python=tag("reference")) as (reference, digest):
        client.remove_image("conformance-test/pulled")
        ran = conformance(reference, "-k", "image.platform")
        unknown = conformance(reference.replace("vendor", "nobody"))
        missing_tag = conformance(f"{reference}:no-such-tag")
    client.remove_image(reference)

    assert (reference, digest) == (ran.report["image"]["reference"], ran.report["image"]["digest"]), ran.output
    assert "conforms" == ran.verdict("image.platform")["verdict"]
    assert f"conformance: pulling {reference}: 0 of 1 layers, 0 of 0 MB" in ran.output.splitlines()
    for refused in (unknown, missing_tag):
        assert 4 == refused.status
        assert "not found locally and cannot be pulled" in refused.output
        assert 1 == len(refused.output.strip().splitlines()), refused.output


EVENTS: tuple[tuple[dict[str, object], str], ...] = (
    ({"status": "Pulling from vendor/image", "id": "latest"}, "0 of 0 layers, 0 of 0 MB"),
    ({"status": "Pulling fs layer", "progressDetail": {}, "id": "a"}, "0 of 1 layers, 0 of 0 MB"),
    ({"status": "Already exists", "progressDetail": {}, "id": "b"}, "1 of 2 layers, 0 of 0 MB"),
    (
        {"status": "Downloading", "progressDetail": {"current": 3_000_000, "total": 9_900_000}, "id": "a"},
        "1 of 2 layers, 3 of 9 MB",
    ),
    ({"status": "Downloading", "id": "a", "progressDetail": {}}, "1 of 2 layers, 0 of 0 MB"),
    (
        {"status": "Downloading", "id": "a", "progressDetail": {"current": 1, "total": 4_000_000}},
        "1 of 2 layers, 0 of 4 MB",
    ),
    ({"status": "Download complete", "id": "a"}, "1 of 2 layers, 4 of 4 MB"),
    ({"status": "Extracting", "id": "a", "progressDetail": {"current": 1, "total": 2}}, "1 of 2 layers, 4 of 4 MB"),
    ({"status": "Pull complete", "id": "a"}, "2 of 2 layers, 4 of 4 MB"),
    ({"status": "Digest: sha256:0"}, "2 of 2 layers, 4 of 4 MB"),
)


def test_how_far_a_pull_is() -> None:
    """Layers and bytes, from the engine's events in the order in which it sends them."""
    pulling = Pulling()
    told = []
    for event, _ in EVENTS:
        pulling.take(event)
        told.append(pulling.told())

    assert [expected for _, expected in EVENTS] == told
