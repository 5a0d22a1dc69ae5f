"""Removing what runs made on the engine: one's own at the end, and what a killed run left behind.

A run of this machine is over when its process has ended. Of any other the engine tells, in whose own time everything
was made: as long as a run goes on it has something made every few seconds (`presence`), so that one of which nothing
was made for a minute is over, wherever it was.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import docker
from docker.errors import APIError, NotFound

from conformance.errors import JobError
from conformance.service import labels
from conformance.service.engine import STILL_THERE
from conformance.service.rescue import kill_from_within

PAUSE_SECONDS = 0.5

REMOVAL_SECONDS = 180.0
"""How long something of one's own is tried to be removed that the engine still makes or holds."""

HELD_SECONDS = 20.0
"""The same where only networks are left: Docker 20.10, which starts and ends very many containers at once, may lose
count of those on a network and hold it until it is itself started again."""

SILENCE_SECONDS = 60.0
"""A run of which the engine has made nothing for so long is over."""


@dataclass(frozen=True)
class Thing:
    """A container, volume or network on the engine, and how it is removed; `made` is in the engine's own time."""

    kind: str
    name: str
    labels: Mapping[str, str]
    made: float
    remove: Callable[[], object]

    @property
    def run(self) -> str:
        """The run that made it."""
        return self.labels[labels.RUN]


def remove_run(client: docker.APIClient, run_id: str, *, within_seconds: float = REMOVAL_SECONDS) -> None:
    """Remove every container, volume and network of one run.

    Raises:
        JobError: something is still there after that time.
    """
    left = _removed(lambda: _own(client, f"{labels.RUN}={run_id}"), within_seconds)
    if left:
        raise JobError(
            f"the engine has not removed {', '.join(f'{thing.kind} {thing.name}' for thing in left)} in time",
            hint="the next session removes what is left of it",
        )


def cancel_run(client: docker.APIClient, run_id: str, *, keep: bool) -> None:
    """Remove the containers of a run, or only kill them, so that whoever waits for one of them goes on."""
    for thing in _own(client, f"{labels.RUN}={run_id}"):
        if thing.kind == "container":
            _is_removed(partial(client.kill, thing.name) if keep else thing.remove)


def remove_all(things: Sequence[Thing]) -> list[Thing]:
    """Try once to remove these, and return what could not be."""
    return [thing for thing in things if not _is_removed(thing.remove)]


def side_by_side(removes: Sequence[Callable[[], None]]) -> None:
    """Remove several things at once; the first trouble is raised when all have been tried."""
    with ThreadPoolExecutor(len(removes), thread_name_prefix="remove") as pool:
        list(pool.map(lambda remove: remove(), removes))


def is_over(things: Sequence[Thing], now: float) -> bool:
    """Whether a run is over that made these things, all of which are its own, and nobody asked to keep them."""
    if any(thing.labels.get(labels.KEPT) == "true" for thing in things):
        return False
    owner = labels.Owner.parse(things[0].labels[labels.OWNER])
    lives = None if owner is None else owner.lives()
    if lives is None:
        return now - max(thing.made for thing in things) > SILENCE_SECONDS
    return not lives


def left_behind(client: docker.APIClient) -> list[Thing]:
    """What is left of runs that are over; nothing that belongs to anybody else."""
    runs: dict[str, list[Thing]] = {}
    for thing in _own(client, labels.RUN):
        runs.setdefault(thing.run, []).append(thing)
    if not runs:
        return []
    now = _time(client.info().get("SystemTime"))
    return [thing for things in runs.values() if is_over(things, now) for thing in things]


def _removed(find: Callable[[], list[Thing]], seconds: float) -> list[Thing]:
    """Remove what is found until nothing is, and return what is still there when time is up.

    What the engine still makes for a killed process, or holds, is looked for again.
    """
    deadline = time.monotonic() + seconds
    held_until = math.inf
    while found := find():
        left = remove_all(found)
        only_networks = all(thing.kind == "network" for thing in left)
        held_until = min(held_until, time.monotonic() + HELD_SECONDS) if only_networks else math.inf
        if time.monotonic() > min(deadline, held_until):
            return left
        if left:
            time.sleep(PAUSE_SECONDS)
    return []


def _is_removed(remove: Callable[[], object]) -> bool:
    try:
        remove()
    except NotFound:
        # Somebody else has removed it at this moment, which is all that is asked.
        return True
    except STILL_THERE:
        return False
    return True


def _own(client: docker.APIClient, label: str) -> list[Thing]:
    """What of the things with this label was made here, containers first: they hold the others."""
    return [thing for thing in _labelled(client, label) if labels.is_own(thing.name, thing.labels)]


def _labelled(client: docker.APIClient, label: str) -> Iterator[Thing]:
    filters = {"label": label}
    for found in client.containers(all=True, filters=filters):
        remove = partial(_remove_container, client, found["Id"])
        # A container that is just being removed has no name.
        name = next(iter(found["Names"] or ()), "")
        yield Thing("container", name.removeprefix("/"), found["Labels"], found["Created"], remove)
    for found in client.volumes(filters=filters).get("Volumes") or ():
        remove = partial(client.remove_volume, found["Name"])
        yield Thing("volume", found["Name"], found["Labels"] or {}, _time(found.get("CreatedAt")), remove)
    for found in client.networks(filters=filters):
        remove = partial(_remove_network, client, found["Id"])
        yield Thing("network", found["Name"], found["Labels"] or {}, _time(found.get("Created")), remove)


def _remove_container(client: docker.APIClient, container: str) -> None:
    """Remove a container, of which one that cannot be ended is ended from within, to be removed the next time."""
    try:
        client.remove_container(container, v=True, force=True)
    except NotFound:
        raise
    except STILL_THERE:
        with contextlib.suppress(JobError, *STILL_THERE):
            kill_from_within(client, container)
        raise


def _remove_network(client: docker.APIClient, network: str) -> None:
    """Remove a network, by force where only endpoints keep it that no container has any more."""
    try:
        client.remove_network(network)
    except NotFound:
        raise
    except APIError:
        lost = lost_endpoints(client.inspect_network(network))
        if not lost:
            raise
        for endpoint in lost:
            client.disconnect_container_from_network(endpoint, network, force=True)
        client.remove_network(network)


def lost_endpoints(network: Mapping[str, Any]) -> list[str]:
    """The endpoints of a network, as the engine describes it, without a container; Docker 20.10 may lose one.

    It lists them by an id of their own, where others stand by that of their container.
    """
    attached = (network.get("Containers") or {}).items()
    return [endpoint["Name"] for key, endpoint in attached if key.startswith("ep-")]


def _time(text: str | None) -> float:
    """Seconds since 1970 of a time as the engine writes it; without an end where it says none, as nothing is so old."""
    try:
        return datetime.fromisoformat(text or "").timestamp()
    except ValueError:
        return math.inf
