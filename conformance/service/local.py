"""The service on this machine: a Docker Engine for the containers, a tree of files for S3.

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
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.aws.provider import Provider
from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN, Conditions
from conformance.job.gpu import Choice, wants
from conformance.job.objects import Objects
from conformance.job.request import JobRequest
from conformance.job.standin import StandIn
from conformance.job.variation import Variation
from conformance.outcome.gpu import NO_GPUS, Gpus, Means
from conformance.outcome.outcome import Outcome
from conformance.service import calls, cleanup, documents, gpus
from conformance.service.emulation import Emulation
from conformance.service.engine import Engine
from conformance.service.inspection import read_file, read_files
from conformance.service.labels import run_labels
from conformance.service.leftovers import Leftovers
from conformance.service.listings import Listings
from conformance.service.live import Live, StopOrder, Watcher
from conformance.service.outcomes import outcome
from conformance.service.peers import places
from conformance.service.plan import Plan, Surroundings, limits
from conformance.service.presence import stay_present
from conformance.service.reaper import Reaper
from conformance.service.results.delivery import delivering
from conformance.service.session_time import SessionTime
from conformance.service.settings import Settings
from conformance.service.together import Together
from conformance.service.traced import INSTEAD, UNWATCHED, why_not_to_be_traced, why_untraced
from conformance.service.trouble import as_job_error
from conformance.service.utilization import Measurement


class LocalService:
    """Runs jobs, several at a time; see `conformance.service.Service`."""

    def __init__(
        self,
        engine: Engine,
        objects: Objects | None,
        settings: Settings,
        *,
        keep: bool = False,
        gpu: Choice = Choice.AUTO,
        aws: Provider | None = None,
        listings: Listings | None = None,
    ) -> None:
        """Use this engine, and these objects as what S3 holds before a job; jobs reach S3 by `aws` alone.

        Files of images are read anew where there are no `listings` of what was read before.
        """
        self._engine = engine
        self._objects = objects
        self._settings = settings
        self._keep = keep
        self._gpu = gpu
        self._gpus_found: Gpus | None = None
        self._looking = threading.Lock()
        self._read: dict[str, Image] = {}
        self._reading = threading.Lock()
        self._beginning = threading.Lock()
        self._reaper: Reaper | None = None
        self._presence: threading.Thread | None = None
        self._closing = threading.Event()
        self._leftovers = Leftovers(engine, self._closing)
        self._emulation = Emulation(engine)
        self.run_id = uuid.uuid4().hex[:12]
        self.kept: list[str] = []
        self._time = SessionTime(settings.session_seconds)
        self._listings = listings
        self._aws = aws
        if aws is not None:
            aws.start()
        around = Surroundings(engine, objects, settings, self.labels, self.read_files, aws)
        self._hosts = Together(around, self._closing, self._forget)

    @functools.cached_property
    def labels(self) -> dict[str, str]:
        """The labels of everything that this service makes on the engine."""
        return run_labels(self.run_id, kept=self._keep)

    def remove_left_behind(self) -> None:
        """Begin to remove what killed runs left; see `conformance.service.leftovers`."""
        with as_job_error("what earlier runs left cannot be removed"):
            self._leftovers.remove()

    @property
    def refused(self) -> tuple[str, ...]:
        """What of that the engine does not remove."""
        return self._leftovers.remaining

    @property
    def unbounded(self) -> tuple[str, ...]:
        """What the engine sets no limit to, whatever is chosen."""
        return self._engine.unbounded

    @property
    def emulates(self) -> str:
        """The architecture of the engine's machine, where it has to emulate that of AWS; else empty."""
        return self._engine.architecture if self._engine.is_foreign else ""

    @property
    def copies_into_mounts(self) -> bool:
        """Whether the engine fills a new volume from the image although it is told not to; see `Dialect`."""
        return self._engine.dialect.copies_into_mounts

    def why_not_run(self, image: Image) -> str:
        """Why no run of an image would show anything on this engine; empty where they do."""
        if not self._engine.is_foreign:
            return ""
        self._begin()
        with as_job_error("whether the engine emulates x86_64 cannot be found out"):
            return self._emulation.why_not_run(image, self.labels)

    def read_files(self, image: Image) -> Image:
        """The image with the names of its files, which are read once; see `conformance.service.inspection`."""
        self._begin()
        with self._reading:
            if image.id not in self._read:
                self._read[image.id] = image if len(image.files) else self._listed(image)
            return self._read[image.id]

    def _listed(self, image: Image) -> Image:
        export = functools.partial(read_files, self._engine, image, self.labels)
        return export() if self._listings is None else self._listings.read(image, str(self._engine), export)

    def read_file(self, image: Image, path: str) -> bytes:
        """The content of one file of the image; see `conformance.service.inspection`."""
        return read_file(self._engine, image, path, self.labels)

    def gpus(self, image: Image, request: JobRequest) -> Gpus:
        """What the containers of a request get of GPUs; the engine is asked for some once, where they are wanted."""
        if not wants(request, self._gpu):
            return NO_GPUS
        if self._gpu is Choice.SIMULATED:
            return Gpus(wanted=True, means=Means.SIMULATION)
        with self._looking:
            if self._gpus_found is None:
                self._begin()
                self._gpus_found = gpus.find(self._engine, image, self.labels)
            return self._gpus_found

    def run(
        self,
        image: Image,
        request: JobRequest,
        variation: Variation,
        *,
        stop_after_seconds: float | None = None,
        stop_at_work: tuple[str, ...] | None = None,
        cut_off_after_seconds: float | None = None,
        stand_in: str = "",
        played: StandIn | None = None,
        programs: frozenset[str] = frozenset(),
        conditions: Conditions = AS_CHOSEN,
    ) -> Outcome:
        """Run a job to its end; see `conformance.service.Service.run`."""
        self._begin()
        begun = time.monotonic()
        with as_job_error("whether there are GPUs cannot be found out"):
            given = self.gpus(image, request)
        untraced = INSTEAD if stand_in else why_untraced(self._engine, variation, conditions)
        # Other runtimes may be other kernels: gVisor's processes, once halted, do not go on with the signal.
        at_work = stop_at_work is not None and not untraced and not self._settings.runtime
        plan = Plan(
            image,
            request,
            variation,
            self._time.bounded(limits(self._settings, request, variation, stop_after_seconds, at_work=at_work)),
            untraced=untraced,
            stop_at_work=stop_at_work,
            stand_in=stand_in or (played.path if played else ""),
            played=played,
            cut_off_after_seconds=cut_off_after_seconds,
            gpus=given,
            programs=programs,
            conditions=conditions,
            reaches_aws=self._aws is not None and calls.are_made(request, variation, plays=bool(stand_in or played)),
            hosts=request.hosts if variation is not Variation.RENAMED_HOSTS else places.renamed(request.hosts),
        )
        measured = Measurement(wanted=self._engine.is_local and given.are_real)
        with as_job_error(f"job {request.name!r} ({variation}) could not be run"), measured:
            ran = self._hosts.run(plan)
            if why := next(filter(None, map(why_not_to_be_traced, ran.hosts)), ""):
                # What has other privileges when it is traced is run again as it is.
                ran = self._hosts.run(replace(plan, untraced=why))
        self._time.check(ran.hosts)
        return outcome(plan, ran, time.monotonic() - begun, measured.found, emulated_on=self.emulates)

    def perform(
        self,
        image: Image,
        request: JobRequest,
        *,
        watcher: Watcher,
        stop: StopOrder,
        target: Objects,
        room: Path,
        measure_seconds: float = 0.0,
    ) -> Outcome:
        """Run a job for its own sake, as AWS would: once, without the tracer, and with its outputs put to `target`.

        Outputs are whole, whatever their size; until all hosts have ended, they wait in the directory `room`. Every
        `measure_seconds`, the watcher is told what each host uses; 0 is never.

        Raises:
            UploadError: the job has completed, and not all of its outputs could be put there; the others were.
            JobError: it could not be run, for a reason that lies with the service.
        """
        self._begin()
        begun = time.monotonic()
        failed = as_job_error(f"job {request.name!r} could not be run")
        with contextlib.ExitStack() as waiting:
            with failed:
                given = self.gpus(image, request)
                delivery = waiting.enter_context(delivering(target, room))
                live = Live(watcher, stop, delivery, measure_seconds)
                bounds = limits(self._settings, request, Variation.AS_REQUESTED, None)
                plan = Plan(
                    image,
                    request,
                    Variation.AS_REQUESTED,
                    bounds,
                    untraced=UNWATCHED,
                    hosts=request.hosts,
                    gpus=given,
                    live=live,
                    reaches_aws=self._aws is not None and calls.are_made(request, Variation.AS_REQUESTED),
                )
                ran = self._hosts.run(plan)
            delivery.at_the_end(ran.uploads)
        return outcome(plan, ran, time.monotonic() - begun, None, emulated_on=self.emulates)

    def cancel(self) -> None:
        """End what is still running, so that whoever waits for it goes on; once may not be enough."""
        self._closing.set()
        with as_job_error("what still runs cannot be ended"):
            cleanup.cancel_run(self._engine.client, self.run_id, keep=self._keep)

    def close(self) -> None:
        """Remove all that this service made, unless it is to be kept; nothing runs any more."""
        self._closing.set()
        if self._presence is not None:
            self._presence.join()
        if not self._keep:
            with as_job_error("what this run made cannot be removed"):
                cleanup.remove_run(self._engine.client, self.run_id)
        if self._aws is not None:
            self._aws.close()
        if self._reaper is not None:
            self._reaper.dismiss()
            self._reaper = None

    def _begin(self) -> None:
        """See to it that what is about to be made is removed however the session ends; what is to be kept is not."""
        with self._beginning:
            if self._presence is None and not self._keep and not self._closing.is_set():
                with contextlib.suppress(OSError):
                    self._reaper = Reaper(self.run_id)
                self._presence = stay_present(self._engine, self.labels, self._closing)

    def documents(self, request: JobRequest, variation: Variation = Variation.AS_REQUESTED) -> dict[str, bytes]:
        """The two JSON files that the first host finds below /opt/ml/config, by path."""
        return documents.of_host(request.hosts[0], request.hosts, request, variation, region=self._settings.region)

    def described(self) -> dict[str, Any]:
        """What the reports say of the service: the engine's version and every choice with its basis."""
        return {
            "name": "local",
            "engine": str(self._engine),
            **self._engine.machine,
            "choices": self._settings.described(),
            "unbounded": list(self.unbounded),
        }

    def _forget(self, what: str, remove: Callable[[], None]) -> None:
        if self._keep:
            self.kept.append(what)
        else:
            remove()
