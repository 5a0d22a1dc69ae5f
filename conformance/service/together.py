"""The hosts of one run: prepared together, started together, each read back and removed as soon as it has ended."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from conformance.aws.order import Given, Order
from conformance.errors import JobError
from conformance.job.conditions import Lifted
from conformance.job.objects import ObjectTree
from conformance.job.variation import Variation
from conformance.outcome.calls import Calls
from conformance.outcome.outcome import End, Host, Upload
from conformance.outcome.resolution import Queries
from conformance.outcome.timeline import Moment, Step
from conformance.service import calls, cleanup
from conformance.service.hosts import HostRun
from conformance.service.moments import Moments
from conformance.service.peers import names, network, places
from conformance.service.peers.forwarding import Forwarding
from conformance.service.peers.gate import Gate
from conformance.service.plan import Plan, Surroundings

NOT_REACHED = "DNS queries of the hosts do not reach their name server"
NOT_REACHED_HINT = "another version of the engine may hand them on"

CANCELLED = "the run was cancelled"


@dataclass(frozen=True)
class Ran:
    """What the hosts of a job showed, what the service uploaded, and what was asked of name server and AWS."""

    hosts: tuple[Host, ...]
    uploads: tuple[Upload, ...] = ()
    queries: Queries | None = None
    calls: Calls | None = None
    timeline: tuple[Moment, ...] = ()


class Together:
    """Runs the hosts of a plan; several plans at a time."""

    def __init__(
        self, around: Surroundings, closing: threading.Event, forget: Callable[[str, Callable[[], None]], None]
    ) -> None:
        """Use what the runs of a service have in common; `forget` removes a thing of this name, or keeps it."""
        self._around = around
        self._closing = closing
        self._forget = forget
        self._names_are_reached = False
        self._names_reach_nobody = False
        self._forwarding = Forwarding(around.engine, around.labels)

    def run(self, plan: Plan) -> Ran:
        """Prepare all hosts, and when all are filled, start them; each is read back and removed once it has ended."""
        if self._closing.is_set():
            raise JobError(CANCELLED)
        if not plan.argv:
            refused = "no command is specified"
            return Ran(tuple(Host(name, (), End.NOT_STARTED, start_error=refused) for name in plan.hosts))
        moments = Moments()
        if not plan.reaches_aws or self._around.aws is None:
            return self._run(plan, moments, _given(plan), None)
        tree = self._around.objects
        order = functools.partial(
            Order,
            credentials=_given(plan),
            region=self._around.settings.region,
            role_arn=plan.request.document["RoleArn"],
            tree=str(tree.directory.absolute()) if isinstance(tree, ObjectTree) else "",
            throttles=plan.variation is Variation.THROTTLED,
        )
        with self._around.aws.of_run(order) as aws:
            ran = self._run(plan, moments, aws.order.credentials, aws.order)
        for host in ran.hosts:
            if host.started and host.name not in aws.calls.reached and not self._closing.is_set():
                raise JobError(f"{host.name} did not reach its AWS within {calls.patience_seconds(len(ran.hosts))} s")
        if aws.calls.began is not None:
            moments.note("", Step.AWS_REACHABLE, at=aws.calls.began)
        return replace(ran, calls=aws.calls, timeline=moments.noted)

    def _run(self, plan: Plan, moments: Moments, credentials: Mapping[str, Given], aws: Order | None) -> Ran:
        with contextlib.ExitStack() as removal:
            made = self._network(plan, removal)
            places, server = self._places(plan, made, removal)
            gate = Gate(plan.hosts)
            runs = [HostRun(place, plan, self._around, moments, credentials[place.host], gate, aws) for place in places]
            removes = [functools.cache(functools.partial(self._remove, run)) for run in runs]
            removal.callback(cleanup.side_by_side, removes)
            # Its threads have ended before anything is removed here that one of them may need.
            with ThreadPoolExecutor(len(runs) + 1, thread_name_prefix="host") as pool:
                answering = None if server is None else pool.submit(server.start)
                list(pool.map(HostRun.prepare, runs))
                # No host starts before all are filled and their names are known.
                if answering is not None:
                    answering.result()
                    moments.note("", Step.NAMES_ANSWERED)
                if self._closing.is_set():
                    raise JobError(CANCELLED)
                lives = pool.map(functools.partial(_live, server), runs, removes)
                asked = None if server is None or made is None else pool.submit(self._asked, made, server, runs)
                found = [upload for uploads in lives for upload in uploads]
            hosts = tuple(run.host for run in runs)
            completes = all(run.succeeded for run in runs)
            continuous = {output.name for output in plan.request.outputs if output.is_continuous}
            uploads = tuple(upload for upload in found if completes or upload.output in continuous)
            for host in hosts:
                if count := sum(upload.host == host.name for upload in uploads):
                    moments.note(host.name, Step.UPLOADED, str(count))
            return Ran(hosts, uploads, None if asked is None else asked.result(), timeline=moments.noted)

    def _network(self, plan: Plan, removal: contextlib.ExitStack) -> network.Network | None:
        """The network of several hosts, which is removed with the rest."""
        if len(plan.hosts) == 1 and Lifted.NO_NETWORK not in plan.conditions.lifted:
            return None
        if self._names_reach_nobody:
            raise JobError(NOT_REACHED, hint=NOT_REACHED_HINT)
        made = self._forwarding.new_network()
        removal.callback(self._forget, f"network {made.name}", made.remove)
        return made

    def _places(
        self, plan: Plan, made: network.Network | None, removal: contextlib.ExitStack
    ) -> tuple[list[network.Place], names.NameServer | None]:
        """Where the hosts are; several get a name server, which is removed with the rest."""
        outside = places.outside(plan.request, plan.variation, self._around.settings)
        if made is not None and outside and not self._around.engine.dialect.resolves_on_both:
            raise JobError(f"{self._around.engine} does not resolve the names of two networks")
        if made is None:
            return [places.alone(plan.hosts[0], self._around.settings, outside=outside)], None
        where = places.together(
            plan.hosts,
            plan.variation,
            made,
            self._around.settings,
            outside=outside,
            tells=not self._around.engine.dialect.has_libpod,
        )
        known = places.known(where, plan.variation, self._around.settings)
        server = names.create(made.client, made, known, labels=self._around.labels)
        removal.callback(self._forget, f"container {server.sidecar.id[:12]}", server.remove)
        return where, server

    def _asked(self, made: network.Network, server: names.NameServer, runs: Sequence[HostRun]) -> Queries:
        """What the name server was asked until the last host had ended; it has nothing to do then.

        Raises:
            JobError: there were no queries, and a test query does not arrive.
        """
        for run in runs:
            run.over.wait()
        queries = server.queries()
        if not queries.queries and not self._names_are_reached and not self._closing.is_set():
            self._names_reach_nobody = not server.is_reached(made, labels=self._around.labels)
            if self._names_reach_nobody:
                raise JobError(NOT_REACHED, hint=NOT_REACHED_HINT)
        # One query that came is enough to know.
        self._names_are_reached = True
        server.end()
        return queries

    def _remove(self, run: HostRun) -> None:
        run.beside.remove(self._forget)
        if run.container is not None:
            volumes = ", ".join(run.container.volumes) or "none"
            self._forget(f"container {run.container.id[:12]}, volumes {volumes}", run.remove)


def _given(plan: Plan) -> dict[str, Given]:
    """The credentials of each host, which it finds only where it reaches an AWS."""
    return {host: Given.fresh() for host in plan.hosts}


def _live(server: names.NameServer | None, run: HostRun, remove: Callable[[], None]) -> tuple[Upload, ...]:
    """Run a host to its end, read it back and remove it; what it is to upload if all hosts succeed.

    On AWS an instance stays until the whole job has ended, so that its name server answers for the host from its end
    on; one that was cut off is on no network.
    """
    run.run()
    if server is not None and run.host.cut_off_seconds is None:
        server.refuse(run.place.address)
    uploads = run.collect()
    remove()
    return uploads
