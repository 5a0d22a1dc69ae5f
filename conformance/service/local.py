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
from typing import Any, TypeVar

from docker.errors import DockerException
from urllib3.exceptions import HTTPError

from conformance.errors import JobError
from conformance.gpu import NO_GPUS, Choice, Gpus, Means, wants
from conformance.image import Image
from conformance.job import DEFAULT_COMMAND_SECONDS, JobRequest, Variation
from conformance.objects import ObjectTree
from conformance.outcome import End, Host, Outcome, Upload
from conformance.probe.names import Name
from conformance.resolution import Queries
from conformance.service import cleanup, containers, documents, gpus, message, names, network, status
from conformance.service.engine import Engine, explanation
from conformance.service.hosts import HostRun, Plan, Surroundings
from conformance.service.inspection import read_files
from conformance.service.labels import run_labels
from conformance.service.settings import Settings
from conformance.service.storage import ObjectStore

DISTURBED = "it runs programs that give themselves other privileges, which no traced program gets"
"""Why a run is made again without the tracer."""

LOOKED = "the probe looked for a GPU in the place of the command"

INSTEAD = "the probe stood in for its program"
"""Why a run with a stand-in is not traced."""


Result = TypeVar("Result")


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
            gpus=given,
            hosts=request.hosts if variation is not Variation.RENAMED_HOSTS else renamed(request.hosts),
        )
        with _as_job_error(f"job {request.name!r} ({variation}) could not be run"):
            ran = self._run_hosts(plan)
            if any(host.trace is not None and host.trace.disturbed for host in ran.hosts):
                # What has other privileges when it is traced is run again as it is.
                ran = self._run_hosts(replace(plan, untraced=DISTURBED))
        hosts = ran.hosts
        messages = {host.name: host.message for host in hosts if host.message is not None}
        fault = message.fault(messages)
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
        """Prepare all hosts, start them, wait until all have ended, and read them back; one step after the other."""
        if not plan.argv:
            refused = "no command is specified"
            return Ran(tuple(Host(name, (), End.NOT_STARTED, start_error=refused) for name in plan.hosts))
        around = Surroundings(self._engine, self._objects, self._settings, self.labels)
        with contextlib.ExitStack() as removal:
            store = ObjectStore(self._settings.region)
            removal.callback(store.close)
            places, server = self._places(plan, removal)
            runs = [HostRun(place, plan, around, store) for place in places]
            for run in runs:
                removal.callback(self._remove, run)
            _each(runs, HostRun.prepare)
            if self._closing.is_set():
                raise JobError("the run is being ended")
            _each(runs, HostRun.run)
            completes = all(run.host.end is End.EXITED and run.host.exit_code == 0 for run in runs)
            uploads = _each(runs, functools.partial(HostRun.collect, upload=completes))
            return Ran(
                tuple(run.host for run in runs),
                tuple(upload for found in uploads for upload in found),
                None if server is None else server.queries(),
            )

    def _places(
        self, plan: Plan, removal: contextlib.ExitStack
    ) -> tuple[list[containers.Place], names.NameServer | None]:
        """Where the hosts are; several get a network with a name server, which are removed with the rest."""
        if len(plan.hosts) == 1:
            # Without a network, a server that binds to its own name finds it in /etc/hosts alone.
            own = dict.fromkeys((self._settings.hostname, *plan.hosts), "127.0.0.1")
            return [containers.Place(*plan.hosts, names=own)], None
        client = self._engine.client
        made = network.create(client, labels=self.labels)
        removal.callback(self._forget, f"network {made.name}", made.remove)
        true = plan.variation is Variation.TRUE_HOSTNAMES
        late = plan.variation is Variation.LATE_NAMES
        # It is other nodes that AWS speaks of: a server that binds to its own name has nothing to wait for.
        places = [
            containers.Place(
                host,
                made,
                made.host(at),
                hostname=host if true else "",
                names={host: made.host(at)} if late else {},
            )
            for at, host in enumerate(plan.hosts, start=1)
        ]
        known = [
            Name(
                place.host,
                place.address,
                after_seconds=self._settings.late_name_seconds if late else 0,
                after_queries=self._settings.late_name_queries if late else 0,
            )
            for place in places
        ]
        server = names.start(client, made, known, labels=self.labels)
        removal.callback(self._forget, f"container {server.id[:12]}", server.remove)
        return places, server

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
        if run.container is not None:
            volumes = ", ".join(run.container.volumes) or "none"
            self._forget(f"container {run.container.id[:12]}, volumes {volumes}", run.container.remove)

    def _forget(self, what: str, remove: Callable[[], None]) -> None:
        if self._keep:
            self.kept.append(what)
        else:
            remove()


def renamed(hosts: Sequence[str]) -> tuple[str, ...]:
    """Other names for as many hosts, whose order is theirs."""
    return tuple(f"host-{number:03}.job.internal" for number, _ in enumerate(hosts, start=1))


def _each(runs: Sequence[HostRun], step: Callable[[HostRun], Result]) -> list[Result]:
    """Take a step with every host at once; the first trouble is raised when all have taken it."""
    if len(runs) == 1:
        return [step(runs[0])]
    with ThreadPoolExecutor(len(runs), thread_name_prefix="host") as pool:
        return list(pool.map(step, runs))


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
