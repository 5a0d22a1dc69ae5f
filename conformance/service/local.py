"""The service on this machine: a Docker Engine for the containers, moto for S3.

A run goes: stage the inputs, create the container with a fresh volume at `/opt/ml`, put inputs and documents into it,
start, wait within a bound, read logs and files back, upload the outputs, remove everything. Only the engine's API is
used, no bind mount and no path of this machine, so a remote engine does as well.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from docker.errors import DockerException
from urllib3.exceptions import HTTPError

from conformance import archive
from conformance.errors import JobError
from conformance.filetree import FileTree
from conformance.image import Image
from conformance.job import DEFAULT_COMMAND_SECONDS, PROCESSING, RESERVED, JobRequest, Variation
from conformance.objects import ObjectTree
from conformance.outcome import MESSAGE_PATH, End, Host, Outcome, Upload
from conformance.service import cleanup, command, containers, documents, message, staging, status
from conformance.service.collection import Collector
from conformance.service.engine import Engine, explanation
from conformance.service.inspection import read_files
from conformance.service.labels import run_labels
from conformance.service.settings import Settings
from conformance.service.storage import ObjectStore
from conformance.standin import every_witness
from conformance.trace import Trace

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
        limits = self._limits(request, variation, stop_after_seconds)
        untraced = INSTEAD if stand_in else self._why_not_traced(variation)
        with _as_job_error(f"job {request.name!r} ({variation}) could not be run"):
            host, uploads = self._run_host(image, request, variation, limits, untraced, stand_in)
            if host.trace is not None and host.trace.disturbed:
                # What has other privileges when it is traced is run again as it is.
                host, uploads = self._run_host(image, request, variation, limits, DISTURBED, "")
        fault = ""
        text = None
        try:
            text = message.exit_message([] if host.message is None else [host.message])
        except UnicodeDecodeError as error:
            fault = f"{MESSAGE_PATH} of {HOST} is not UTF-8: {error.reason} at byte {error.start}"
        job_status, reason = status.job_status([host], message_fault=fault)
        return Outcome(
            request=request,
            variation=variation,
            status=job_status,
            hosts=(host,),
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
        """The two JSON files that the host finds below /opt/ml/config, by path."""
        more = variation is Variation.UNKNOWN_MEMBERS
        return {
            documents.JOB_PATH: documents.processing_job_config(request, region=self._settings.region, more=more),
            documents.RESOURCES_PATH: documents.resource_config(HOST, (HOST,), request if more else None),
        }

    def described(self) -> dict[str, Any]:
        """What the reports say of the service: the engine's version and every choice with its basis."""
        return {"name": "local", "engine": self._engine.version, "choices": self._settings.described()}

    def _run_host(
        self,
        image: Image,
        request: JobRequest,
        variation: Variation,
        limits: containers.Limits,
        untraced: str,
        stand_in: str,
    ) -> tuple[Host, tuple[Upload, ...]]:
        argv = command.argv(image, request)
        if not argv:
            return Host(HOST, argv, End.NOT_STARTED, start_error="no command is specified"), ()
        credentials = f"/v2/credentials/{uuid.uuid4()}"
        store = ObjectStore(self._settings.region)
        container = containers.create(
            self._engine.client,
            image,
            request,
            self._settings,
            host=HOST,
            memory_bytes=int(self._engine.memory_bytes * self._settings.memory_fraction),
            labels=self.labels,
            mounts=staging.mounts(request, variation),
            probe=containers.Probe(() if untraced else argv, stand_in),
            credentials=credentials,
        )
        try:
            if self._closing.is_set():
                raise JobError("the run is being ended")
            content = archive.write(RESERVED, self._staged(request, variation, store))
            ended = container.run(content, limits)
            host = Host(
                name=HOST,
                argv=argv,
                end=ended.end,
                exit_code=ended.exit_code,
                start_error=ended.start_error,
                out_of_memory=ended.out_of_memory,
                seconds=ended.seconds,
                untraced=untraced,
                stop=ended.stop,
                secret=credentials,
            )
            if host.started and not untraced:
                host = _with_trace(host, Trace.parse(container.record()))
            elif host.started and stand_in:
                host = replace(host, witnesses=every_witness(container.record()))
            return self._collect(container, host, image, request, store) if host.started else (host, ())
        finally:
            store.close()
            self._remove(container)

    def _why_not_traced(self, variation: Variation) -> str:
        if variation is Variation.DEFAULT_COMMAND:
            return "only its start is watched, which is the engine's own"
        if self._engine.architecture not in {"x86_64", "amd64"}:
            return f"the engine runs on {self._engine.architecture}, and the probe is for x86_64"
        return ""

    def _staged(
        self, request: JobRequest, variation: Variation, store: ObjectStore
    ) -> Iterator[tuple[str, bytes | None]]:
        """What is below /opt/ml when the container starts: directories as None, files with their content."""
        yield PROCESSING, None
        yield "/opt/ml/output", None
        yield from self.documents(request, variation).items()
        yield from staging.delivered(request.inputs, self._objects, store, variation)
        for output in request.outputs:
            yield output.local_path, None

    def _limits(self, request: JobRequest, variation: Variation, stop_after_seconds: float | None) -> containers.Limits:
        signal = self._settings.stop_signal
        if stop_after_seconds is not None:
            return containers.Limits(stop_after_seconds, End.STOPPED, variation.stop_signal)
        if variation is Variation.DEFAULT_COMMAND:
            return containers.Limits(DEFAULT_COMMAND_SECONDS, End.SUITE_LIMIT)
        if request.max_runtime_seconds <= self._settings.time_limit_seconds:
            return containers.Limits(request.max_runtime_seconds, End.MAX_RUNTIME, signal)
        return containers.Limits(self._settings.time_limit_seconds, End.SUITE_LIMIT, signal)

    def _collect(
        self, container: containers.Container, host: Host, image: Image, request: JobRequest, store: ObjectStore
    ) -> tuple[Host, tuple[Upload, ...]]:
        stdout, stderr = container.logs()
        completes = host.end is End.EXITED and host.exit_code == 0
        collector = Collector(HOST, request, image.volumes, store, upload=completes)
        limit = self._settings.archive_bytes
        entries = archive.read(
            container.get(), root=RESERVED, limit_bytes=limit, peek=collector.peek, linked=collector.linked
        )
        files = FileTree.of(entries)
        for path in collector.unread:
            list(archive.read(container.get(path), root=path, limit_bytes=limit, peek=collector.peek))
        host = replace(host, stdout=stdout, stderr=stderr, files=files, message=collector.message)
        return host, tuple(collector.uploads)

    def _remove(self, container: containers.Container) -> None:
        if self._keep:
            self.kept.append(f"container {container.id[:12]}, volumes {', '.join(container.volumes) or 'none'}")
        else:
            container.remove()


def _with_trace(host: Host, trace: Trace) -> Host:
    """The host with what the probe saw, which may be that the command could not begin."""
    if trace.failed_errno is not None:
        reason = f"exec {trace.failed_command!r}: {os.strerror(trace.failed_errno)}"
        return replace(host, end=End.NOT_STARTED, start_error=reason, stop=None)
    if host.stop is not None and host.stop.killed:
        trace = trace.killed_from_outside()
    return replace(host, trace=trace, untraced=trace.fault)


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
