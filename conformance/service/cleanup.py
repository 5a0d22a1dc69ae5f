"""Removing what runs made on the engine: one's own at the end, and what a killed run left behind."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import docker
from docker.errors import APIError

from conformance.service import labels


def remove_run(client: docker.APIClient, run_id: str) -> None:
    """Remove every container, volume and network of one run."""
    _remove(client, f"{labels.RUN}={run_id}", lambda _: True)


def remove_left_behind(client: docker.APIClient) -> None:
    """Remove what runs left whose process is gone; what belongs to anybody else is not touched."""
    now = time.time()
    _remove(client, labels.RUN, lambda found: labels.is_left_behind(found, now=now))


def _remove(client: docker.APIClient, label: str, wanted: Callable[[dict[str, str]], bool]) -> None:
    filters = {"label": label}
    for container in client.containers(all=True, filters=filters):
        if wanted(container["Labels"]):
            # Somebody else may be removing it at this moment: then it is gone, which is all that is asked.
            with contextlib.suppress(APIError):
                client.remove_container(container["Id"], v=True, force=True)
    for volume in client.volumes(filters=filters).get("Volumes") or ():
        if wanted(volume["Labels"] or {}):
            with contextlib.suppress(APIError):
                client.remove_volume(volume["Name"])
    for network in client.networks(filters=filters):
        if wanted(network["Labels"] or {}):
            with contextlib.suppress(APIError):
                client.remove_network(network["Id"])
