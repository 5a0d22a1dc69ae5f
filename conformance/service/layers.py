"""The layers of an image with their sizes, as `docker history` tells them."""

from __future__ import annotations

from docker.errors import APIError

from conformance.image.image import Layer
from conformance.service.engine import Engine


def of_image(engine: Engine, image_id: str) -> tuple[Layer, ...]:
    """The layers that hold anything, the lowest first; none where the engine does not tell them."""
    try:
        # Docker 28 has none of an image that was loaded without one, where it keeps the variants of each.
        history = engine.client.history(image_id) or ()
    except APIError:
        return ()
    return tuple(
        Layer(int(entry["Size"]), str(entry.get("CreatedBy") or "")) for entry in reversed(history) if entry.get("Size")
    )
