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
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from docker.errors import DockerException
from urllib3.exceptions import HTTPError

from conformance.errors import JobError
from conformance.image import Image
from conformance.job import DEFAULT_COMMAND_SECONDS, JobRequest, Variation
from conformance.objects import ObjectTree
from conformance.outcome import End, Host, Outcome, Upload
from conformance.service import cleanup, containers, documents, message, status
from conformance.service.engine import Engine, explanation
from conformance.service.hosts import HostRun, Plan, Surroundings
from conformance.service.inspection import read_files
from conformance.service.labels import run_labels
from conformance.service.settings import Settings
from conformance.service.storage import ObjectStore

HOST = "algo-1"

DISTURBED = "it runs programs that give themselves other privileges, which no traced program gets"
"""Why a run is made again without the tracer."""

INSTEAD = "the probe stood in for its program"
"""Why a run with a stand-in is not traced."""


class LocalService:
    """Runs jobs of one host, several at a time; see `conformance.service.Service`."""

    def __init__(self, engine: Engine, objects: ObjectTree | None, settings: Settings, *, keep: bool = False) -> None:
        """Use this engine, and the objects of this tree as what S3 holds before a job."""
        self._engine = engine
        self._objects = objects
        self._settings = settings
        self._keep = keep
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
        plan = Plan(
            image,
            request,
            variation,
            self._limits(request, variation, stop_after_seconds),
            untraced=INSTEAD if stand_in else self._why_not_traced(variation),
            stand_in=stand_in,
        )
        with _as_job_error(f"job {request.name!r} ({variation}) could not be run"):
            hosts, uploads = self._run_hosts(plan)
            if any(host.trace is not None and host.trace.disturbed for host in hosts):
                # What has other privileges when it is traced is run again as it is.
                hosts, uploads = self._run_hosts(replace(plan, untraced=DISTURBED))
        messages = {host.name: host.message for host in hosts if host.message is not None}
        fault = message.fault(messages)
        text = None if fault else message.exit_message(list(messages.values()))
        job_status, reason = status.job_status(hosts, message_fault=fault)
        return Outcome(
            request=request,
            variation=variation,
            status=job_status,
            hosts=hosts,
            uploads=uploads,
            exit_message=text,
            failure_reason=reason,
            seconds=time.monotonic() - begun,
        )

    def close(self) -> None:
        """End what is still running and remove all that this service made, unless it is to be kept."""
        self._closing.set()
        if not self._keep:
            with _as_job_error("what this run made cannot be removed"):
                cleanup.remove_run(self._engine.client, self.run_id)

    def documents(self, request: JobRequest, variation: Variation = Variation.AS_REQUESTED) -> dict[str, bytes]:
        """The two JSON files that the first host finds below /opt/ml/config, by path."""
        return documents.of_host(HOST, (HOST,), request, variation, region=self._settings.region)

    def described(self) -> dict[str, Any]:
        """What the reports say of the service: the engine's version and every choice with its basis."""
        return {"name": "local", "engine": self._engine.version, "choices": self._settings.described()}

    def _run_hosts(self, plan: Plan) -> tuple[tuple[Host, ...], tuple[Upload, ...]]:
        """Prepare all hosts, start them, wait until all have ended, and read them back; one step after the other."""
        if not plan.argv:
            return tuple(
                Host(name, (), End.NOT_STARTED, start_error="no command is specified") for name in plan.hosts
            ), ()
        around = Surroundings(self._engine, self._objects, self._settings, self.labels)
        with contextlib.ExitStack() as removal:
            store = ObjectStore(self._settings.region)
            removal.callback(store.close)
            runs = [HostRun(name, plan, around, store) for name in plan.hosts]
            for run in runs:
                removal.callback(self._remove, run)
                run.prepare()
            if self._closing.is_set():
                raise JobError("the run is being ended")
            for run in runs:
                run.run()
            completes = all(run.host.end is End.EXITED and run.host.exit_code == 0 for run in runs)
            uploads = [upload for run in runs for upload in run.collect(upload=completes)]
            return tuple(run.host for run in runs), tuple(uploads)

    def _why_not_traced(self, variation: Variation) -> str:
        if variation is Variation.DEFAULT_COMMAND:
            return "only its start is watched, which is the engine's own"
        if self._engine.architecture not in {"x86_64", "amd64"}:
            return f"the engine runs on {self._engine.architecture}, and the probe is for x86_64"
        return ""

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
        if run.container is None:
            return
        if self._keep:
            volumes = ", ".join(run.container.volumes) or "none"
            self.kept.append(f"container {run.container.id[:12]}, volumes {volumes}")
        else:
            run.container.remove()


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
