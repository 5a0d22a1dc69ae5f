"""Pulling an image, with what has been done of it so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from docker.errors import DockerException
from requests.exceptions import RequestException

from conformance.errors import ImageError
from conformance.service import platforms
from conformance.service.engine import Engine
from conformance.service.trouble import explanation

HINT = "build it first, or check its name: `docker image ls` lists local images"

DONE = frozenset({"Pull complete", "Already exists"})

Show = Callable[[str], None]
"""Takes one line on what is being done; the next one replaces it."""


@dataclass
class Pulling:
    """What the engine's events say of the layers: of each the bytes that are here and all of them, by id."""

    layers: dict[str, tuple[int, int]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def take(self, event: dict[str, Any]) -> None:
        """Take in an event; one without a layer, such as the name of the tag, counts for nothing."""
        layer, state = str(event.get("id", "")), str(event.get("status", ""))
        if state in DONE:
            self.done.add(layer)
            self.layers.setdefault(layer, (0, 0))
        elif state == "Pulling fs layer":
            self.layers.setdefault(layer, (0, 0))
        elif state == "Downloading" and layer in self.layers:
            detail = event.get("progressDetail") or {}
            self.layers[layer] = (int(detail.get("current") or 0), int(detail.get("total") or 0))
        elif state == "Download complete" and layer in self.layers:
            self.layers[layer] = (self.layers[layer][1],) * 2

    def told(self) -> str:
        """Such as `3 of 7 layers, 120 of 340 MB`; the size of a layer is known once it is being downloaded."""
        here, total = (sum(sizes) for sizes in zip((0, 0), *self.layers.values(), strict=True))
        return f"{len(self.done)} of {len(self.layers)} layers, {here // 1_000_000} of {total // 1_000_000} MB"


def pull(engine: Engine, reference: str, show: Show) -> None:
    """Pull an image, saying how far it is once the registry has answered.

    An engine of another architecture is asked for the platform of AWS first, and for its own only where the registry
    says that it has no other: what it gets then is certainly all that there is.

    Raises:
        ImageError: the registry has no such image, or cannot be reached.
    """
    if not engine.is_foreign:
        pull_for(engine, reference, show)
        return
    try:
        pull_for(engine, reference, show, platform=platforms.AWS)
    except ImageError as error:
        if not platforms.is_lacking(error.message):
            raise
        pull_for(engine, reference, show)


def pull_for(engine: Engine, reference: str, show: Show, *, platform: str | None = None) -> None:
    """Pull an image for a platform, by default that of the engine; raises the same."""
    pulling = Pulling()
    try:
        for event in engine.client.pull(reference, stream=True, decode=True, platform=platform):
            if "error" in event:
                raise ImageError(_unavailable(reference, event["error"]), hint=HINT)
            pulling.take(event)
            if pulling.layers:
                show(f"pulling {reference}: {pulling.told()}")
    except (DockerException, RequestException) as error:
        raise ImageError(_unavailable(reference, explanation(error)), hint=HINT) from error


def _unavailable(reference: str, reason: str) -> str:
    return f"--image: {reference!r} not found locally and cannot be pulled: {reason}"
