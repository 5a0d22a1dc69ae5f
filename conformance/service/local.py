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
from typing import Any

from docker.errors import DockerException
from requests.exceptions import RequestException

from conformance.errors import JobError
from conformance.filetree import FileTree
from conformance.image import Image
from conformance.job import DEFAULT_COMMAND_SECONDS, PROCESSING, RESERVED, JobRequest, ProcessingInput, Variation
from conformance.objects import ObjectTree, S3Uri, relative_path
from conformance.outcome import MESSAGE_PATH, End, Host, Outcome, Upload
from conformance.service import archive, cleanup, command, containers, documents, message, status
from conformance.service.collection import Collector
from conformance.service.engine import Engine, explanation
from conformance.service.inspection import read_files
from conformance.service.labels import run_labels
from conformance.service.settings import Settings
from conformance.service.storage import ObjectStore

HOST = "algo-1"


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

    def run(self, image: Image, request: JobRequest, variation: Variation) -> Outcome:
        """Run a job to its end; see `conformance.service.Service.run`."""
        begun = time.monotonic()
        store = ObjectStore(self._settings.region)
        try:
            with _as_job_error(f"job {request.name!r} ({variation}) could not be run"):
                host, uploads = self._run_host(image, request, variation, store)
        finally:
            store.close()
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

    def documents(self, request: JobRequest) -> dict[str, bytes]:
        """The two JSON files that the host finds below /opt/ml/config, by path."""
        return {
            documents.JOB_PATH: documents.processing_job_config(request, region=self._settings.region),
            documents.RESOURCES_PATH: documents.resource_config(HOST, (HOST,)),
        }

    def described(self) -> dict[str, Any]:
        """What the reports say of the service: the engine's version and every choice with its basis."""
        return {"name": "local", "engine": self._engine.version, "choices": self._settings.described()}

    def _run_host(
        self, image: Image, request: JobRequest, variation: Variation, store: ObjectStore
    ) -> tuple[Host, tuple[Upload, ...]]:
        argv = command.argv(image, request)
        if not argv:
            return Host(HOST, argv, End.NOT_STARTED, start_error="no command is specified"), ()
        container = containers.create(
            self._engine.client,
            image,
            request,
            self._settings,
            host=HOST,
            memory_bytes=int(self._engine.memory_bytes * self._settings.memory_fraction),
            labels=self.labels,
        )
        try:
            if self._closing.is_set():
                raise JobError("the run is being ended")
            content = archive.write(RESERVED, self._staged(request, variation, store))
            ended = container.run(content, self._limits(request, variation))
            return self._collect(container, ended, argv, image, request, store)
        finally:
            self._remove(container)

    def _staged(
        self, request: JobRequest, variation: Variation, store: ObjectStore
    ) -> Iterator[tuple[str, bytes | None]]:
        """What is below /opt/ml when the container starts: directories as None, files with their content."""
        yield PROCESSING, None
        yield "/opt/ml/output", None
        yield from self.documents(request).items()
        for item in request.inputs:
            yield item.local_path, None
            if variation is not Variation.EMPTY_INPUTS and self._objects is not None:
                yield from _delivered(item, self._objects, store)
        for output in request.outputs:
            yield output.local_path, None

    def _limits(self, request: JobRequest, variation: Variation) -> containers.Limits:
        if variation is Variation.DEFAULT_COMMAND:
            return containers.Limits(DEFAULT_COMMAND_SECONDS, End.SUITE_LIMIT, gently=False)
        if request.max_runtime_seconds <= self._settings.time_limit_seconds:
            return containers.Limits(request.max_runtime_seconds, End.MAX_RUNTIME)
        return containers.Limits(self._settings.time_limit_seconds, End.SUITE_LIMIT)

    def _collect(
        self,
        container: containers.Container,
        ended: containers.Ended,
        argv: tuple[str, ...],
        image: Image,
        request: JobRequest,
        store: ObjectStore,
    ) -> tuple[Host, tuple[Upload, ...]]:
        if ended.end is End.NOT_STARTED:
            return Host(HOST, argv, ended.end, ended.exit_code, ended.start_error), ()
        stdout, stderr = container.logs()
        completes = ended.end is End.EXITED and ended.exit_code == 0
        collector = Collector(HOST, request, image.volumes, store, upload=completes)
        limit = self._settings.archive_bytes
        entries = archive.read(
            container.get(), root=RESERVED, limit_bytes=limit, peek=collector.peek, linked=collector.linked
        )
        files = FileTree.of(entries)
        for path in collector.unread:
            list(archive.read(container.get(path), root=path, limit_bytes=limit, peek=collector.peek))
        host = Host(
            name=HOST,
            argv=argv,
            end=ended.end,
            exit_code=ended.exit_code,
            out_of_memory=ended.out_of_memory,
            stdout=stdout,
            stderr=stderr,
            files=files,
            message=collector.message,
            seconds=ended.seconds,
        )
        return host, tuple(collector.uploads)

    def _remove(self, container: containers.Container) -> None:
        if self._keep:
            self.kept.append(f"container {container.id[:12]}, volume {container.volume}")
        else:
            container.remove()


def _delivered(item: ProcessingInput, objects: ObjectTree, store: ObjectStore) -> Iterator[tuple[str, bytes | None]]:
    """The objects of one input, by the path where each lands."""
    uri = S3Uri.parse(item.s3_uri)
    store.stage(objects, uri)
    for key in store.list(uri):
        path = f"{item.local_path}/{relative_path(uri.key, key)}"
        # An empty object whose name ends in a slash is how consoles make a folder.
        yield path, None if key.endswith("/") else store.get(S3Uri(uri.bucket, key))


@contextlib.contextmanager
def _as_job_error(what: str) -> Iterator[None]:
    """Put trouble with the engine into one line, which no verdict lays to the image."""
    try:
        yield
    except (DockerException, RequestException) as error:
        raise JobError(f"{what}: {explanation(error)}") from error
    except JobError as error:
        raise JobError(f"{what}: {error.message}", hint=error.hint) from error
