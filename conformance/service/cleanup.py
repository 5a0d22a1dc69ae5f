"""Removing what runs made on the engine: one's own at the end, and what a killed run left behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import docker
from docker.errors import APIError, NotFound

from conformance.service import labels

ATTEMPTS = 10
PAUSE_SECONDS = 0.5
"""How long something is tried to be removed that the engine still makes or holds."""


def remove_run(client: docker.APIClient, run_id: str) -> None:
    """Remove every container, volume and network of one run."""
    _remove(client, f"{labels.RUN}={run_id}", lambda _: True)


def remove_left_behind(client: docker.APIClient) -> None:
    """Remove what runs left whose process is gone; what belongs to anybody else is not touched."""
    now = time.time()
    _remove(client, labels.RUN, lambda found: labels.is_left_behind(found, now=now))


def side_by_side(removes: Sequence[Callable[[], None]]) -> None:
    """Remove several things at once; the first trouble is raised when all have been tried."""
    with ThreadPoolExecutor(len(removes), thread_name_prefix="remove") as pool:
        list(pool.map(lambda remove: remove(), removes))


def _remove(client: docker.APIClient, label: str, wanted: Callable[[dict[str, str]], bool]) -> None:
    """Remove what is wanted; what the engine still makes for a killed process, or holds, is looked for again."""
    for _ in range(ATTEMPTS):
        if not _remains(client, label, wanted):
            return
        time.sleep(PAUSE_SECONDS)


def _remains(client: docker.APIClient, label: str, wanted: Callable[[dict[str, str]], bool]) -> bool:
    """Try to remove what is wanted, and say whether anything may still be there."""
    filters = {"label": label}
    remains = False
    for container in client.containers(all=True, filters=filters):
        if wanted(container["Labels"]):
            remains |= not _is_removed(partial(client.remove_container, container["Id"], v=True, force=True))
    for volume in client.volumes(filters=filters).get("Volumes") or ():
        if wanted(volume["Labels"] or {}):
            remains |= not _is_removed(partial(client.remove_volume, volume["Name"]))
    for network in client.networks(filters=filters):
        if wanted(network["Labels"] or {}):
            remains |= not _is_removed(partial(client.remove_network, network["Id"]))
    return remains


def _is_removed(remove: Callable[[], object]) -> bool:
    try:
        remove()
    except NotFound:
        # Somebody else has removed it at this moment, which is all that is asked.
        return True
    except APIError:
        return False
    return True
