"""The layers of an image with their sizes, as `docker history` tells them."""

from __future__ import annotations

import contextlib

from conformance.errors import JobError
from conformance.image.image import Layer
from conformance.service.engine import Engine
from conformance.service.trouble import as_job_error


def of_image(engine: Engine, image_id: str) -> tuple[Layer, ...]:
    """The layers that hold anything, the lowest first; none where the engine does not tell them."""
    with contextlib.suppress(JobError), as_job_error("the layers are not told"):
        # Docker 28 has none of an image that was loaded without one, where it keeps the variants of each.
        history = reversed(engine.client.history(image_id) or ())
        return tuple(Layer(int(each["Size"]), str(each.get("CreatedBy") or "")) for each in history if each.get("Size"))
    return ()
