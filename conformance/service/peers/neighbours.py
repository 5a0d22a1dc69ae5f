"""The neighbours of a host, told to its kernel where the hosts of a job are too many for that to find them by itself.

A kernel looks for the MAC of each address that it sends to, and keeps at most 1,024 of them for all containers of a
machine together (arp(7), `gc_thresh3`): where a hundred hosts all know each other there are ten thousand, and most of
what they send is lost. On AWS each host is a machine with a kernel of its own. What the kernel has been told does not
count. To tell it takes CAP_NET_ADMIN in the network of that host alone; a container of the suite's own has it, gives it
up when it has told, and never runs a program of the image.
"""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import docker

from conformance.errors import JobError
from conformance.probe.bundle import words
from conformance.service import sidecar
from conformance.service.peers.network import Place

FOUND_HOSTS = 16
"""The most hosts that are left to find each other: 272 neighbours, so that three such jobs may run at a time."""

TELL_SECONDS = 60.0

_MEMORY_BYTES = 32 << 20
_PROCESSES = 8


def mac(address: str) -> str:
    """The MAC of a host, as Docker Engine makes it of the address where nobody chooses one."""
    return ":".join(f"{byte:02x}" for byte in (0x02, 0x42, *IPv4Address(address).packed))


def lines(place: Place) -> list[str]:
    """The lines of a plan that tell of them, before the line that says what the probe is to be."""
    return [words("neighbour", address, mac(address)) for address in place.neighbours]


def rights(place: Place) -> dict[str, Any]:
    """What a container beside this host has to be created with: what tells of none needs no right at all."""
    return {"cap_add": ["NET_ADMIN"]} if place.neighbours else {"user": sidecar.NOBODY}


def tell(client: docker.APIClient, container: str, place: Place, *, labels: dict[str, str]) -> None:
    """Tell the kernel of a running container.

    Raises:
        JobError: it takes none.
    """
    telling = sidecar.create(
        client,
        "\n".join(lines(place)),
        labels=labels,
        network_mode=f"container:{container}",
        mem_limit=_MEMORY_BYTES,
        pids_limit=_PROCESSES,
        **rights(place),
    )
    with telling:
        telling.start()
        if not telling.wait(TELL_SECONDS) or telling.exit_code():
            said = telling.output().decode(errors="replace").strip()
            raise JobError(f"{place.host} was not told of the other hosts: {said}")
