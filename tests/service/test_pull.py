"""An image that the engine does not have is pulled once, and the report is bound to its manifest."""

from __future__ import annotations

import io
from collections.abc import Callable

import docker
import pytest

from tests.conftest import Ran
from tests.support.registry import registry

pytestmark = pytest.mark.engine


def test_image_is_pulled_and_pinned_by_digest(conformance: Callable[..., Ran], client: docker.APIClient) -> None:
    """The image is pulled from the registry that its name says, and its digest is the manifest's."""
    # An image of no layer but its own, so that the engine has nothing of it once it is removed.
    dockerfile = b'FROM scratch\nENV UNIQUE=1\nADD Dockerfile /program\nENTRYPOINT ["/program"]\n'
    for step in client.build(fileobj=io.BytesIO(dockerfile), tag="conformance-test/pulled", rm=True, decode=True):
        assert "error" not in step, step["error"]
    with registry(client, "conformance-test/pulled", "vendor/image") as (reference, digest):
        client.remove_image("conformance-test/pulled")
        ran = conformance(reference, "-k", "image.platform")
        unknown = conformance(reference.replace("vendor", "nobody"))
        missing_tag = conformance(f"{reference}:no-such-tag")
    client.remove_image(reference)

    assert (reference, digest) == (ran.report["image"]["reference"], ran.report["image"]["digest"]), ran.output
    assert digest != ran.report["image"]["id"]
    assert "conforms" == ran.verdict("image.platform")["verdict"]
    for refused in (unknown, missing_tag):
        assert 4 == refused.status
        assert "not found locally and cannot be pulled" in refused.output
        assert 1 == len(refused.output.strip().splitlines()), refused.output
