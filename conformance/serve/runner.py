"""Runs the jobs that clients create, so many at a time; the others wait their turn."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from conformance.aws.provider import Provider
from conformance.errors import ConformanceError, JobError, UploadError
from conformance.job.manifest import ManifestError, listed
from conformance.job.objects import S3Uri
from conformance.job.request import JobRequest
from conformance.outcome.outcome import Outcome
from conformance.serve import images, reasons
from conformance.serve.calls import Calls
from conformance.serve.jobs import Job, Status
from conformance.serve.logs import STORE_SECONDS, JobLog
from conformance.serve.metrics import JobMetrics
from conformance.serve.objects import ServedObjects
from conformance.service.engine import Engine
from conformance.service.live import Stream
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from conformance.service.usage import Usage

BEYOND_GRACE_SECONDS = 2.0
"""How long after the grace what has not ended is removed where it is."""

CANCEL_SECONDS = 0.5


@dataclass(frozen=True)
class Watching:
    """Tells job, log and metrics what its hosts do."""

    job: Job
    log: JobLog
    metrics: JobMetrics

    def started(self, host: str) -> None:
        """The job has started with its first host."""
        self.log.started(host, self.job.has_started())

    def said(self, host: str, stream: Stream, chunk: bytes) -> None:
        """It is logged."""
        self.log.said(host, stream, chunk)

    def measured(self, host: str, usage: Usage) -> None:
        """It is put to CloudWatch."""
        self.metrics.put(host, usage)

    def ended(self, host: str) -> None:
        """Nothing more is."""
        self.log.ended(host)


class Runner:
    """A pool of jobs; `close` ends all of them."""

    def __init__(
        self,
        engine: Engine,
        calls: Calls,
        *,
        most_jobs: int,
        grace_seconds: float,
        pull: bool,
        network: str,
        measure_seconds: float,
        say: Callable[[str], None],
        aws: Provider | None = None,
    ) -> None:
        """Run jobs on this engine, with the S3 and the logs that these calls reach; `aws` is what jobs reach."""
        self._engine = engine
        self._calls = calls
        self._grace_seconds = grace_seconds
        self._pull = pull
        self._network = network
        self._measure_seconds = measure_seconds
        self._say = say
        self._aws = aws
        self._pool = ThreadPoolExecutor(most_jobs, thread_name_prefix="job")
        self._lock = threading.Lock()
        self._services: dict[str, LocalService] = {}
        self._futures: dict[int, tuple[Job, Future[None]]] = {}
        self._logs: list[JobLog] = []
        self._closing = False
        self._over = threading.Event()
        self._storing = threading.Thread(target=self._store, name="logs", daemon=True)
        self._storing.start()

    @property
    def runs(self) -> list[str]:
        """What marks everything that its jobs have on the engine; see `conformance.service.labels`."""
        return [service.run_id for service in self._every_service()]

    def begin(self, job: Job) -> None:
        """Run a job when it is its turn."""
        with self._lock:
            if self._closing:
                job.end(Status.FAILED, failure_reason=reasons.of_service(JobError("the server is about to end")))
                return
            future = self._pool.submit(self._run, job)
            self._futures[id(job)] = job, future
        future.add_done_callback(lambda _: self._forget(job))

    def stopped(self, job: Job) -> None:
        """A job is to be stopped: one that waits is stopped at once, one that runs has heard of it."""
        with self._lock:
            waiting = self._futures.get(id(job))
        if waiting is not None and waiting[1].cancel():
            job.end(Status.STOPPED)

    def close(self) -> None:
        """Stop all jobs, with the grace of each; what has not ended a little later is removed from the engine."""
        with self._lock:
            self._closing = True
            left = list(self._futures.values())
        for job, _ in left:
            # It may end at this moment.
            with contextlib.suppress(Exception):
                job.ask_to_stop()
            self.stopped(job)
        running = [future for _, future in left]
        _, running_still = wait(running, timeout=self._grace_seconds + BEYOND_GRACE_SECONDS)
        while running_still:
            self.cancel()
            _, running_still = wait(running_still, timeout=CANCEL_SECONDS)
        self._pool.shutdown()
        self._over.set()
        self._storing.join()
        for service in self._every_service():
            try:
                service.close()
            except JobError as error:
                self._say(str(error))

    def cancel(self) -> None:
        """Remove the containers of all jobs, which ends those."""
        for service in self._every_service():
            with contextlib.suppress(JobError):
                service.cancel()

    def _run(self, job: Job) -> None:
        try:
            outcome = self._perform(job)
        except _NotBegunError as error:
            job.end(Status.FAILED, failure_reason=str(error))
        except UploadError as error:
            job.end(Status.FAILED, failure_reason=reasons.no_upload(error.message))
        except Exception as error:  # noqa: BLE001 - whatever it is, the job has ended and its client is told
            if job.stop.is_given and isinstance(error, ConformanceError):
                job.end(Status.STOPPED)
            else:
                self._say(f"job {job.name}: {error!r}")
                job.end(Status.FAILED, failure_reason=reasons.of_service(error))
        else:
            job.end(Status(outcome.status), failure_reason=outcome.failure_reason, exit_message=outcome.exit_message)
        self._say(f"job {job.name}: {job.status}{f' ({job.failure_reason})' if job.failure_reason else ''}")

    def _perform(self, job: Job) -> Outcome:
        request = JobRequest(job.request, source=job.arn)
        uri = job.request["AppSpecification"]["ImageUri"]
        image = images.find(self._engine, uri, pull=self._pull)
        if image is None:
            raise _NotBegunError(reasons.no_image(uri))
        objects = ServedObjects(self._calls, job.region)
        _find_inputs(request, objects)
        disk_bytes = job.request["ProcessingResources"]["ClusterConfig"]["VolumeSizeInGB"] << 30
        metrics = JobMetrics(self._calls, job.region, job.name, disk_bytes)
        with self._logged(JobLog(self._calls, job.region, job.name)) as log:
            return self._service(job.region).perform(
                image,
                request,
                watcher=Watching(job, log, metrics),
                stop=job.stop,
                target=objects,
                room=Path(tempfile.gettempdir()),
                measure_seconds=self._measure_seconds,
            )

    @contextlib.contextmanager
    def _logged(self, log: JobLog) -> Iterator[JobLog]:
        """Have a log stored again and again while the block runs."""
        with self._lock:
            self._logs.append(log)
        try:
            yield log
        finally:
            with self._lock:
                self._logs.remove(log)

    def _store(self) -> None:
        while not self._over.wait(STORE_SECONDS):
            with self._lock:
                logs = list(self._logs)
            for log in logs:
                try:
                    log.store()
                except Exception as error:  # noqa: BLE001 - the logs of other jobs are stored all the same
                    self._say(f"log of job {log.name}: {error!r}")

    def _service(self, region: str) -> LocalService:
        """The service of a region, whose name its containers find in their environment."""
        with self._lock:
            if region not in self._services:
                settings = Settings.of_aws(
                    stop_grace_seconds=self._grace_seconds, outside_network=self._network, region=region
                )
                objects = ServedObjects(self._calls, region)
                self._services[region] = LocalService(self._engine, objects, settings, aws=self._aws)
            return self._services[region]

    def _every_service(self) -> list[LocalService]:
        with self._lock:
            return list(self._services.values())

    def _forget(self, job: Job) -> None:
        with self._lock:
            self._futures.pop(id(job), None)


class _NotBegunError(Exception):
    """A job has failed before there was a container; the text is its FailureReason."""


def _find_inputs(request: JobRequest, objects: ServedObjects) -> None:
    """Raise where an input has no object; a folder of the console's is one, though nothing is downloaded of it."""
    for item in request.inputs:
        uri = S3Uri.parse(item.s3_uri)
        if item.data_type == "ManifestFile":
            try:
                listed(uri, objects)
            except ManifestError as error:
                raise _NotBegunError(reasons.no_download(str(error))) from error
        elif not objects.has(uri):
            raise _NotBegunError(reasons.no_objects(uri, request))
