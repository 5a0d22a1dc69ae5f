"""Where the hosts of a run are: the one of a job of one host, or several on a network with their name server."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.probe.names import Name
from conformance.service.peers.neighbours import FOUND_HOSTS
from conformance.service.peers.network import Network, Place
from conformance.service.settings import Settings


def outside(request: JobRequest, variation: Variation, settings: Settings) -> str:
    """The network by which the hosts of a job reach the outside; empty where they do not.

    Whether an image starts when nothing is overridden is asked of the image alone, and of no job.
    """
    return "" if request.is_isolated or variation is Variation.DEFAULT_COMMAND else settings.outside_network


def alone(host: str, settings: Settings, *, outside: str = "") -> Place:
    """The place of the only host: a server that binds to its own name has nothing but /etc/hosts to find it in."""
    return Place(host, names=dict.fromkeys((settings.hostname, host), "127.0.0.1"), outside=outside)


def decoy(hostname: str, number: int) -> str:
    """The hostname of a container by the number of its host: on AWS each instance has another."""
    label, dot, domain = hostname.partition(".")
    name, dash, last = label.rpartition("-")
    return f"{name}{dash}{int(last) + number - 1}{dot}{domain}"


def together(
    hosts: tuple[str, ...],
    variation: Variation,
    network: Network,
    settings: Settings,
    *,
    outside: str = "",
    tells: bool = True,
) -> list[Place]:
    """The places of the hosts on their network; `tells` is whether many are told of each other.

    For that an engine has to give them the MAC that it is asked for, which is tried with Docker Engine alone.
    """
    true = variation is Variation.TRUE_HOSTNAMES
    late = variation is Variation.LATE_NAMES
    addresses = [network.host(at) for at, _ in enumerate(hosts, start=1)]
    told = addresses if tells and len(hosts) > FOUND_HOSTS else []
    # It is other nodes that AWS speaks of: a server that binds to its own name has nothing to wait for.
    return [
        Place(
            host,
            network,
            address,
            hostname=host if true else decoy(settings.hostname, at),
            names={host: address} if late else {},
            outside=outside,
            neighbours=tuple(other for other in told if other != address),
        )
        for at, (host, address) in enumerate(zip(hosts, addresses, strict=True), start=1)
    ]


def known(places: list[Place], variation: Variation, settings: Settings) -> list[Name]:
    """What the name server of these places is to know, and from when on."""
    late = variation is Variation.LATE_NAMES
    return [
        Name(
            place.host,
            place.address,
            after_seconds=settings.late_name_seconds if late else 0,
            after_queries=settings.late_name_queries if late else 0,
        )
        for place in places
    ]


def renamed(hosts: Sequence[str]) -> tuple[str, ...]:
    """Other names for as many hosts, whose order is theirs."""
    return tuple(f"host-{number:03}.job.internal" for number, _ in enumerate(hosts, start=1))
