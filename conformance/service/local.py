"""The service on this machine: a Docker Engine for the containers, moto for S3.

A run goes: stage the inputs, create the container with a fresh volume at `/opt/ml`, put inputs and documents into it,
start, wait within a bound, read logs and files back, upload the outputs, remove everything. Only the engine's API is
used, no bind mount and no path of this machine, so a remote engine does as well.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from docker.errors import DockerException
from urllib3.exceptions import HTTPError

from conformance.errors import JobError
from conformance.image.image import Image
from conformance.job.gpu import Choice, wants
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.variation import DEFAULT_COMMAND_SECONDS, Variation
from conformance.outcome.gpu import NO_GPUS, Gpus, Means
from conformance.outcome.outcome import End, Host, Outcome, Upload
from conformance.outcome.resolution import Queries
from conformance.service import cleanup, containers, documents, gpus, message, status
from conformance.service.engine import Engine, explanation
from conformance.service.hosts import HostRun, Plan, Surroundings
from conformance.service.inspection import read_files
from conformance.service.labels import run_labels
from conformance.service.peers import names, network, places
from conformance.service.results.storage import ObjectStore
from conformance.service.settings import Settings

DISTURBED = "it runs programs that give themselves other privileges, which no traced program gets"
"""Why a run is made again without the tracer."""

LOOKED = "the probe looked for a GPU in the place of the command"

INSTEAD = "the probe stood in for its program"
"""Why a run with a stand-in is not traced."""

NOT_REACHED = "what the hosts ask does not reach their name server"
NOT_REACHED_HINT = (
    "Docker Engine 23.0.11, 25.0.5 and 26.0.0 have stopped handing on queries from an internal network, and 26.1.3 "
    "does so again (moby/moby, issue 47822)"
)


@dataclass(frozen=True)
class Ran:
    """What the hosts of a job showed, what the service uploaded, and what the name server was asked."""

    hosts: tuple[Host, ...]
    uploads: tuple[Upload, ...] = ()
    queries: Queries | None = None


class LocalService:
    """Runs jobs, several at a time; see `conformance.service.Service`."""

    def __init__(
        self,
        engine: Engine,
        objects: ObjectTree | None,
        settings: Settings,
        *,
        keep: bool = False,
        gpu: Choice = Choice.AUTO,
    ) -> None:
        """Use this engine, and the objects of this tree as what S3 holds before a job."""
        self._engine = engine
        self._objects = objects
        self._settings = settings
        self._keep = keep
        self._gpu = gpu
        self._gpus_found: Gpus | None = None
        self._looking = threading.Lock()
        self._closing = threading.Event()
        self._names_are_reached = False
        self._names_reach_nobody = False
        self.run_id = uuid.uuid4().hex[:12]
        self.kept: list[str] = []

    @functools.cached_property
    def labels(self) -> dict[str, str]:
        """The labels of everything that this service makes on the engine."""
        return run_labels(self.run_id, kept=self._keep)

    def remove_left_behind(self) -> None:
        """Remove what killed runs left; see `conformance.service.labels`."""
        with _as_job_error("what earlier runs left cannot be removed"):
            cleanup.remove_left_behind(self._engine.client)

    def read_files(self, image: Image) -> Image:
        """The image with the names of its files; see `conformance.service.inspection`."""
        return read_files(self._engine, image, self.labels)

    def gpus(self, image: Image, request: JobRequest) -> Gpus:
        """What the containers of a request get of GPUs; the engine is asked for some once, where they are wanted."""
        if not wants(request, self._gpu):
            return NO_GPUS
        if self._gpu is Choice.SIMULATED:
            return Gpus(wanted=True, means=Means.SIMULATION)
        with self._looking:
            if self._gpus_found is None:
                self._gpus_found = gpus.find(self._engine, image, self.labels)
            return self._gpus_found

    def run(
        self,
        image: Image,
        request: JobRequest,
        variation: Variation,
        *,
        stop_after_seconds: float | None = None,
        cut_off_after_seconds: float | None = None,
        stand_in: str = "",
    ) -> Outcome:
        """Run a job to its end; see `conformance.service.Service.run`."""
        begun = time.monotonic()
        with _as_job_error("whether there are GPUs cannot be found out"):
            given = self.gpus(image, request)
        plan = Plan(
            image,
            request,
            variation,
            self._limits(request, variation, stop_after_seconds),
            untraced=INSTEAD if stand_in else self._why_not_traced(variation),
            stand_in=stand_in,
            cut_off_after_seconds=cut_off_after_seconds,
            gpus=given,
            hosts=request.hosts if variation is not Variation.RENAMED_HOSTS else places.renamed(request.hosts),
        )
        with _as_job_error(f"job {request.name!r} ({variation}) could not be run"):
            ran = self._run_hosts(plan)
            if any(host.trace is not None and host.trace.disturbed for host in ran.hosts):
                # What has other privileges when it is traced is run again as it is.
                ran = self._run_hosts(replace(plan, untraced=DISTURBED))
        hosts = ran.hosts
        messages = {host.name: host.message for host in hosts if host.message is not None}
        fault = message.fault(hosts)
        text = None if fault else message.exit_message(list(messages.values()))
        job_status, reason = status.job_status(hosts, message_fault=fault)
        return Outcome(
            request=request,
            variation=variation,
            status=job_status,
            hosts=hosts,
            uploads=ran.uploads,
            queries=ran.queries,
            exit_message=text,
            failure_reason=reason,
            seconds=time.monotonic() - begun,
            gpus=given,
        )

    def close(self) -> None:
        """End what is still running and remove all that this service made, unless it is to be kept."""
        self._closing.set()
        if not self._keep:
            with _as_job_error("what this run made cannot be removed"):
                cleanup.remove_run(self._engine.client, self.run_id)

    def documents(self, request: JobRequest, variation: Variation = Variation.AS_REQUESTED) -> dict[str, bytes]:
        """The two JSON files that the first host finds below /opt/ml/config, by path."""
        return documents.of_host(request.hosts[0], request.hosts, request, variation, region=self._settings.region)

    def described(self) -> dict[str, Any]:
        """What the reports say of the service: the engine's version and every choice with its basis."""
        return {"name": "local", "engine": self._engine.version, "choices": self._settings.described()}

    def _run_hosts(self, plan: Plan) -> Ran:
        """Prepare all hosts, and when all are filled, start them; each is read back and removed once it has ended."""
        if not plan.argv:
            refused = "no command is specified"
            return Ran(tuple(Host(name, (), End.NOT_STARTED, start_error=refused) for name in plan.hosts))
        with contextlib.ExitStack() as removal:
            store = ObjectStore(self._settings.region)
            removal.callback(store.close)
            made = self._network(plan, removal)
            places, server = self._places(plan, made, removal)
            around = Surroundings(self._engine, self._objects, self._settings, self.labels)
            runs = [HostRun(place, plan, around, store) for place in places]
            removes = [functools.cache(functools.partial(self._remove, run)) for run in runs]
            removal.callback(cleanup.side_by_side, removes)
            # Its threads have ended before anything is removed here that one of them may need.
            with ThreadPoolExecutor(len(runs) + 1, thread_name_prefix="host") as pool:
                answering = None if server is None else pool.submit(server.start)
                list(pool.map(HostRun.prepare, runs))
                # No host starts before all are filled and their names are known.
                if answering is not None:
                    answering.result()
                if self._closing.is_set():
                    raise JobError("the run is being ended")
                lives = pool.map(_live, runs, removes)
                asked = None if server is None or made is None else pool.submit(self._asked, made, server, runs)
                found = [upload for uploads in lives for upload in uploads]
            hosts = tuple(run.host for run in runs)
            completes = all(run.succeeded for run in runs)
            continuous = {output.name for output in plan.request.outputs if output.is_continuous}
            uploads = tuple(upload for upload in found if completes or upload.output in continuous)
            return Ran(hosts, uploads, None if asked is None else asked.result())

    def _network(self, plan: Plan, removal: contextlib.ExitStack) -> network.Network | None:
        """The network of several hosts, which is removed with the rest."""
        if len(plan.hosts) == 1:
            return None
        if self._names_reach_nobody:
            raise JobError(NOT_REACHED, hint=NOT_REACHED_HINT)
        made = network.create(self._engine.client, labels=self.labels)
        removal.callback(self._forget, f"network {made.name}", made.remove)
        return made

    def _places(
        self, plan: Plan, made: network.Network | None, removal: contextlib.ExitStack
    ) -> tuple[list[network.Place], names.NameServer | None]:
        """Where the hosts are; several get a name server, which is removed with the rest."""
        outside = places.outside(plan.request, plan.variation, self._settings)
        if made is None:
            return [places.alone(plan.hosts[0], self._settings, outside=outside)], None
        where = places.together(plan.hosts, plan.variation, made, outside=outside)
        known = places.known(where, plan.variation, self._settings)
        server = names.create(made.client, made, known, labels=self.labels)
        removal.callback(self._forget, f"container {server.id[:12]}", server.remove)
        return where, server

    def _asked(self, made: network.Network, server: names.NameServer, runs: Sequence[HostRun]) -> Queries:
        """What the name server was asked until the last host had ended; it has nothing to do then.

        Raises:
            JobError: nothing was asked, and nothing that is asked gets there.
        """
        for run in runs:
            run.over.wait()
        queries = server.queries()
        if not queries.queries and not self._names_are_reached and not self._closing.is_set():
            self._names_reach_nobody = not server.is_reached(made, labels=self.labels)
            if self._names_reach_nobody:
                raise JobError(NOT_REACHED, hint=NOT_REACHED_HINT)
        # One query that came is enough to know.
        self._names_are_reached = True
        server.end()
        return queries

    def _why_not_traced(self, variation: Variation) -> str:
        if variation is Variation.DEFAULT_COMMAND:
            return "only its start is watched, which is the engine's own"
        if self._engine.architecture not in {"x86_64", "amd64"}:
            return f"the engine runs on {self._engine.architecture}, and the probe is for x86_64"
        return LOOKED if variation is Variation.LOOK_AT_GPUS else ""

    def _limits(self, request: JobRequest, variation: Variation, stop_after_seconds: float | None) -> containers.Limits:
        signal = self._settings.stop_signal
        if stop_after_seconds is not None:
            return containers.Limits(stop_after_seconds, End.STOPPED, variation.stop_signal)
        if variation is Variation.DEFAULT_COMMAND:
            return containers.Limits(DEFAULT_COMMAND_SECONDS, End.SUITE_LIMIT)
        if request.max_runtime_seconds <= self._settings.time_limit_seconds:
            return containers.Limits(request.max_runtime_seconds, End.MAX_RUNTIME, signal)
        return containers.Limits(self._settings.time_limit_seconds, End.SUITE_LIMIT, signal)

    def _remove(self, run: HostRun) -> None:
        if run.feeder is not None:
            self._forget(f"container {run.feeder.id[:12]}", run.feeder.remove)
        if run.container is not None:
            volumes = ", ".join(run.container.volumes) or "none"
            self._forget(f"container {run.container.id[:12]}, volumes {volumes}", run.container.remove)

    def _forget(self, what: str, remove: Callable[[], None]) -> None:
        if self._keep:
            self.kept.append(what)
        else:
            remove()


def _live(run: HostRun, remove: Callable[[], None]) -> tuple[Upload, ...]:
    """Run a host to its end, read it back and remove it; what it is to upload if all hosts succeed."""
    run.run()
    uploads = run.collect()
    remove()
    return uploads


@contextlib.contextmanager
def _as_job_error(what: str) -> Iterator[None]:
    """Put trouble with the engine into one line, which no verdict lays to the image."""
    try:
        yield
    except (DockerException, HTTPError, OSError) as error:
        # What breaks off within a stream comes as urllib3's or the socket's own error, and requests' are OSErrors too.
        raise JobError(f"{what}: {explanation(error)}") from error
    except JobError as error:
        raise JobError(f"{what}: {error.message}", hint=error.hint) from error
