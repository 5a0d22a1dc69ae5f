"""One session with `--image`: the image, the service, and the runs that its checks need, each made once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.aws.process import Aws
from conformance.errors import JobError
from conformance.image import scripts
from conformance.image.image import Image
from conformance.job.gpu import Choice
from conformance.job.request import JobRequest
from conformance.job.standin import OBJECTS, own_request, tried_request
from conformance.job.suited import suited
from conformance.job.variation import AS_REQUESTED, Job, Variation
from conformance.judging.replay import Made, Repeated
from conformance.outcome.outcome import Outcome
from conformance.rule import derived
from conformance.rule.declaration import DoesNotApply, NotJudged
from conformance.rule.derived import BY_THEMSELVES, RESTING, WAITING
from conformance.rule.evidence import did_its_work
from conformance.service import engine, inspection
from conformance.service.listings import Listings
from conformance.service.local import LocalService
from conformance.service.peers import network
from conformance.service.platforms import AWS
from conformance.service.settings import Settings
from conformance.session import brought, demands, limits, onaws
from conformance.session.options import Options
from conformance.session.progress import Progress, StartLine
from conformance.session.runs import Runs
from conformance.session.turns import Turns

if TYPE_CHECKING:
    from conformance.onaws.service import AwsService

IN_FLIGHT = 4
"""The number of concurrent runs with one host: an engine on two cores gains nothing from more."""

CANCEL_SECONDS = 1.0
"""How long runs that were cancelled have to end before that is tried again."""


class Session:
    """What the collected checks share.

    Runs are started ahead in a small pool once the selected checks are known; a check only waits for its own. With
    pytest-xdist each worker has its own session, and gets the image, which the controller has read.
    """

    def __init__(self, options: Options, image: Image | None = None) -> None:
        """Connect to the engine and find the image, unless it is given with its files already read.

        Raises:
            EngineError: no engine responds, or it has no GPU although one is required.
            UsageError: the engine does not have the network or the runtime, or cannot add that network to several
                hosts; or it can simulate no GPU.
            ImageError: the image does not exist.
        """
        reached = engine.connect()
        demands.simulated_gpus(options, reached)
        self._image = image
        with contextlib.closing(StartLine()) as line:
            self.found = image or inspection.find(reached, options.image, line.show)
        settings = Settings(
            **limits.settled(options.limits, reached),
            time_limit_seconds=options.timeout_seconds,
            stop_grace_seconds=options.grace_seconds,
            outside_network=network.find(reached.client, options.network) if options.network else "",
        )
        is_brought = brought.LABEL in self.found.labels and options.objects is not None
        objects = options.objects if options.requests or is_brought else OBJECTS
        self.service = LocalService(
            reached,
            objects,
            settings,
            keep=options.keep,
            gpu=options.gpu,
            aws=Aws() if options.aws else None,
            listings=Listings.of_user() if options.uses_cache else None,
        )
        self.brought = brought.complete(options, self.found, partial(self.service.read_file, self.found))
        self.options = options = self.brought.options
        self.requests = options.requests or (own_request(options.image),)
        """The requests of the user or of the image, or else the suite's own."""
        self.trial = None if options.requests else tried_request(options.image)
        """The suite's own request for the image's own program; None with a job."""
        self._further: list[tuple[Job, JobRequest | None]] = []
        if options.gpu is Choice.REQUIRE and options.requests:
            demands.real_gpus(self.service.gpus(self.found, options.requests[0]))
        self.aws = onaws.service(
            options.on_aws, self.found, options.requests, objects, options.timeout_seconds, keep=options.keep
        )
        self.services: list[LocalService | AwsService] = [self.service, *([] if self.aws is None else [self.aws])]
        hosts = max((request.instance_count for request in options.requests), default=1)
        demands.names_on_both_networks(options, reached, hosts)
        at_a_time = max(2, IN_FLIGHT // hosts)
        self._pool = ThreadPoolExecutor(at_a_time, thread_name_prefix="conformance")
        # Beside those that have something to do, none of which they hold up.
        self._waiting = ThreadPoolExecutor(len(WAITING), thread_name_prefix="waiting")
        self.progress = Progress(options.timeout_seconds, at_a_time, names_jobs=len(options.requests) > 1)
        self._runs = Runs(
            self.services[-1],
            self.found,
            lambda: self.image,
            Turns.of(options.report),
            self.progress,
            self._suited,
            partial(onaws.further_programs, objects) if self.aws is not None else None,
        )
        self._made: dict[Made, Future[Outcome]] = {}
        self._repeats: dict[Repeated, Future[Outcome]] = {}
        # Of its own, since any run may have to wait for the image's files.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="image")
        self._reading: Future[Image] | None = None
        self._lock = threading.Lock()

    @property
    def image(self) -> Image:
        """The image with its file list; waits until that is read.

        Raises:
            JobError: the engine could not export it.
        """
        return self._image or self.progress.await_result(self._read())

    @property
    def image_as_known(self) -> Image:
        """The image, with its file list only if that has been read; never waits."""
        reading = self._reading
        if self._image or reading is None or not reading.done() or reading.cancelled() or reading.exception():
            return self._image or self.found
        return reading.result()

    def told(self) -> str:
        """What runs now, and what remains of all runs that are known to be needed."""
        with self._lock:
            made = [*self._made.values(), *self._repeats.values()]
        return self.progress.told_among(len(made), done=sum(future.done() for future in made))

    def start(self, jobs: Iterable[tuple[Job, JobRequest | None]]) -> None:
        """Start reading the image's files and running these jobs, without waiting.

        Of the image's own program it is only how it does undisturbed, which decides on the others.
        """
        self._read()
        jobs = list(jobs)
        if self.trial is not None and (self.trial in [request for _, request in jobs]):
            self._further = [(job, request) for job, request in jobs if request is self.trial]
            jobs = [(AS_REQUESTED, self.trial), *((job, request) for job, request in jobs if request is not self.trial)]
        self._start(jobs)

    def tried(self) -> Outcome | None:
        """What the image's own program made of the suite's own request; None with a job.

        If it did it, all runs of it are started that `start` was given; raises the same as `outcomes`.
        """
        if self.trial is None:
            return None
        (good,) = self.outcomes(AS_REQUESTED, self.trial)
        further, self._further = self._further, []
        if did_its_work(good):
            self._start(further)
        return good

    def _start(self, jobs: Iterable[tuple[Job, JobRequest | None]]) -> None:
        runs = [
            (variation, request)
            for job, request in jobs
            if not job.needs_request or request is not None
            for variation in job.runs
        ]
        # Those that wait for another one come last, so that no thread waits while there is something to run.
        for variation, request in sorted(runs, key=lambda run: run[0] in RESTING):
            self._run(variation, request)

    def outcomes(self, job: Job, request: JobRequest | None) -> tuple[Outcome, ...]:
        """The outcomes of a job's runs; waits until they have ended.

        Raises:
            JobError: one of them could not be run.
            NotJudged: one of them would show nothing, such as stopping a job that ends at once.
        """
        # All are begun before the first is waited for, and a run that another one waits for before that one.
        futures = {variation: self._run(variation, request) for variation in sorted(job.runs, key=RESTING.__contains__)}
        return tuple(self.progress.await_result(futures[variation]) for variation in job.runs)

    def repeated(self, job: Job, request: JobRequest | None, *, traced: bool, attempt: int = 1) -> tuple[Outcome, ...]:
        """Repeat the runs of a job, each alone, with or without the tracer; raises the same as `outcomes`."""
        futures = [self._again(variation, request, traced=traced, attempt=attempt) for variation in job.runs]
        return tuple(map(self.progress.await_result, futures))

    def made(self) -> tuple[Mapping[Made, Future[Outcome]], Mapping[Repeated, Future[Outcome]]]:
        """All runs so far, and those that were repeated."""
        with self._lock:
            return dict(self._made), dict(self._repeats)

    def close(self) -> None:
        """Stop and remove everything that is still running; to be called however the session ends."""
        pools = (self._reader, self._pool, self._waiting)
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        # What was just being made, or could not be removed, is still there when it is tried again.
        while running := self._running():
            for service in self.services:
                with contextlib.suppress(JobError):
                    service.cancel()
            wait(running, timeout=CANCEL_SECONDS)
        for pool in pools:
            pool.shutdown(wait=True)
        with contextlib.ExitStack() as closing:
            for service in self.services:
                closing.callback(service.close)

    @property
    def kept(self) -> list[str]:
        """What it has kept, as it was asked to."""
        return [name for service in self.services for name in service.kept]

    def _suited(self, request: JobRequest) -> JobRequest:
        return suited(request, scripts.contents(self.image, partial(self.service.read_file, self.image)))

    def _running(self) -> list[Future[Any]]:
        with self._lock:
            begun: list[Future[Any]] = [*self._made.values(), *self._repeats.values()]
            begun += [] if self._reading is None else [self._reading]
        return [future for future in begun if not future.done()]

    def _read(self) -> Future[Image]:
        with self._lock:
            if self._reading is None:
                self._reading = self._reader.submit(self.service.read_files, self.found)
            return self._reading

    def _run(self, variation: Variation, request: JobRequest | None) -> Future[Outcome]:
        try:
            request = self.request_of(variation, request)
        except DoesNotApply as reason:
            return _no_run(reason)
        key = (variation, request.name)
        with self._lock:
            if key not in self._made:
                pool = self._waiting if variation in WAITING else self._pool
                self._made[key] = pool.submit(self._make, request, variation)
            return self._made[key]

    def _again(
        self, variation: Variation, request: JobRequest | None, *, traced: bool, attempt: int
    ) -> Future[Outcome]:
        # AWS runs every job alone and without the tracer.
        traced = traced and self.aws is None
        request = self.request_of(variation, request)
        if variation in RESTING and RESTING[variation](self.image, self._undisturbed(request)) is None:
            variation = Variation.AS_REQUESTED
        key = (variation, request.name, traced, attempt)
        with self._lock:
            if key not in self._repeats:
                self._repeats[key] = self._pool.submit(self._repeat, request, variation, traced=traced)
            return self._repeats[key]

    def request_of(self, variation: Variation, request: JobRequest | None) -> JobRequest:
        """The request that a run is made with; raises `DoesNotApply` if it would show nothing."""
        chosen = self.options
        return derived.request_of(variation, request, image=chosen.image, aws=chosen.aws, gpu=chosen.gpu)

    def _make(self, request: JobRequest, variation: Variation) -> Outcome:
        """Make a run; one that depends on the undisturbed run waits for it, which already has or had a thread."""
        if self.aws is None and (why := self.service.why_not_run(self.found)):
            raise NotJudged(why, see="" if self.found.platform == AWS else "image.platform")
        if variation is Variation.AS_REQUESTED:
            return self._runs.as_requested(request)
        if variation in BY_THEMSELVES:
            return self._runs.by_itself(request, variation)
        if variation in RESTING:
            return self._runs.resting(variation, self._undisturbed(request))
        return self._runs.changed(request, variation, lambda: self._undisturbed(request))

    def _repeat(self, request: JobRequest, variation: Variation, *, traced: bool) -> Outcome:
        good = None if variation in BY_THEMSELVES else self._undisturbed(request)
        return self._runs.repeated(request, variation, good, traced=traced)

    def _undisturbed(self, request: JobRequest) -> Outcome:
        return self._run(Variation.AS_REQUESTED, request).result()


def _no_run(reason: DoesNotApply) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    future.set_exception(reason)
    return future
