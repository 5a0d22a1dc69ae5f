"""What a name server writes down besides queries, which nothing but its tests looks at."""

from __future__ import annotations

from conformance.outcome.record import Event, Record
from conformance.service.peers.names import NameServer


def malformed(server: NameServer) -> list[Event]:
    """The messages until now that were no question, or not one of the only kind that there is."""
    return list(Record.parse(server.sidecar.record()).named("malformed"))
