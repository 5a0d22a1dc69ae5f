"""The containers of the suite's own beside that of a host: what feeds its Pipe inputs, and the relay to its AWS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.outcome.feed import Feed
from conformance.service import calls, pipes, staging
from conformance.service.containers import Container
from conformance.service.peers import neighbours
from conformance.service.peers.gate import Gate
from conformance.service.peers.network import Place
from conformance.service.plan import Plan, Surroundings


@dataclass
class Beside:
    """What is beside the container of one host of a run; `gate` is what its program waits at where it is held back."""

    place: Place
    plan: Plan
    around: Surroundings
    gate: Gate
    feeder: pipes.Feeder | None = None
    line: calls.Line | None = None

    def prepare(self, container: Container, aws: str, leads_to: Callable[[str], str]) -> None:
        """Create it, as long as the host's container has not started; `aws` is the socket of its AWS, if any.

        `leads_to` says where a path is by the places of the host's volumes.
        """
        plan, client, labels = self.plan, self.around.engine.client, self.around.labels
        if any(item.is_pipe for item in plan.request.inputs):
            piped = staging.piped(
                plan.request,
                self.around.objects,
                plan.variation,
                host=self.place.host,
                hosts=plan.hosts,
                programs=plan.programs,
            )
            self.feeder = pipes.start(client, container.id, piped, labels=labels, leads_to=leads_to)
        if plan.awaits:
            self.line = calls.create(client, container.id, aws, place=self.place, gate=self.gate, labels=labels)

    def begin(self, container: Container) -> None:
        """See to what a program needs that is about to begin, and where it is held back, wait until it has begun."""
        if self.line is not None:
            self.line.start(self.place.host)
        elif self.place.neighbours:
            neighbours.tell(container.client, container.id, self.place, labels=self.around.labels)

    def feeds(self) -> tuple[Feed, ...]:
        """How much of its Pipe inputs the host has read, which has ended."""
        return () if self.feeder is None else self.feeder.end()

    def remove(self, forget: Callable[[str, Callable[[], None]], None]) -> None:
        """Remove it; `forget` removes a thing of this name, or keeps it."""
        if self.feeder is not None:
            forget(f"container {self.feeder.sidecar.id[:12]}", self.feeder.sidecar.remove)
        if self.line is not None:
            forget(f"container {self.line.sidecar.id[:12]}", self.line.remove)
