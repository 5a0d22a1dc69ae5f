"""The volumes of a host's container: where they are, what is put into each of them, and their removal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import docker

from conformance.files.archive import Content
from conformance.files.tree import is_below
from conformance.job.request import RESERVED
from conformance.service.engine import STILL_THERE

Entries = Iterable[tuple[str, Content]]
"""Paths below /opt/ml, each with what it gets."""


def mounted(client: docker.APIClient, container: str) -> tuple[str, ...]:
    """Where a container's volumes are at and below /opt/ml, in the order of their paths; the image may bring some."""
    places = (str(mount["Destination"]) for mount in client.inspect_container(container)["Mounts"])
    return tuple(sorted(place for place in places if is_below(place, RESERVED)))


def shares(first: str, volumes: tuple[str, ...], entries: Entries) -> dict[str, Entries]:
    """What is put where: each path into the volume that it is in, and all others at the first place.

    What is nothing's share is left out, but for the first place and /opt/ml.
    """
    if not volumes:
        return {first: entries}
    found: dict[str, list[tuple[str, Content]]] = {place: [] for place in (first, *volumes)}
    for path, content in entries:
        found[max((place for place in found if is_below(path, place)), key=len)].append((path, content))
    return {place: share for place, share in found.items() if share or place in {first, RESERVED}}


def remove(client: docker.APIClient, volumes: Iterable[str]) -> None:
    """Remove volumes by their names; what takes long is left to the end of the session."""
    for volume in volumes:
        with contextlib.suppress(*STILL_THERE):
            client.remove_volume(volume)
