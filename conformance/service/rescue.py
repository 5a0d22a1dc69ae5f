"""Ending a container that SIGKILL does not end: what the engine signals is its first process alone.

That one ends only when whoever traces it lets it, and a tracer, the suite's or one of the image's, may itself have been
stopped. From within its namespace of processes, all the others can be killed, whatever they are.
"""

from __future__ import annotations

import docker

from conformance.probe.bundle import report, words
from conformance.service import sidecar
from conformance.service.labels import KEPT, OWNER, RUN

SECONDS = 10.0
"""How long that may take."""


def kill_from_within(client: docker.APIClient, container: str) -> None:
    """Kill every process of a container but the first; raises APIError where it has just ended."""
    found = client.inspect_container(container)["Config"]["Labels"]
    killer = sidecar.create(
        client,
        report(words("kill")),
        labels={name: found[name] for name in (RUN, OWNER, KEPT)},
        network_mode="none",
        pid_mode=f"container:{container}",
        # They may be of any user.
        cap_add=["KILL"],
    )
    with killer:
        killer.start()
        killer.wait(SECONDS)
