"""One host of a job: its container is prepared, run and read back, each step for itself, so that hosts keep pace."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from docker.errors import APIError

from conformance.aws.order import Given, Order
from conformance.files.tree import FileTree
from conformance.image.image import Image
from conformance.job.conditions import Lifted
from conformance.job.variation import INPUT_MARKER, Variation
from conformance.outcome.gpu import Look
from conformance.outcome.outcome import End, Host, Upload
from conformance.outcome.standin import every_witness
from conformance.outcome.timeline import Step
from conformance.service import calls, containers, gpus, refused, staging, traced
from conformance.service.attended import Attendance
from conformance.service.beside import Beside
from conformance.service.ending import Ended
from conformance.service.moments import Moments
from conformance.service.peers.cutting import cutting_off
from conformance.service.peers.gate import Gate
from conformance.service.peers.network import Place
from conformance.service.plan import Plan, Surroundings
from conformance.service.platforms import to_create
from conformance.service.record import Records
from conformance.service.results.collection import Collector
from conformance.service.results.continuous import Watch
from conformance.service.room import Room


@dataclass
class HostRun:
    """One host of a run: `prepare`, `run` and `collect` in this order; `over` is set once `run` has come to its end."""

    place: Place
    plan: Plan
    around: Surroundings
    moments: Moments
    credentials: Given
    gate: Gate
    aws: Order | None = None
    container: containers.Container | None = None
    over: threading.Event = field(default_factory=threading.Event)
    simulated: frozenset[str] = frozenset()
    host: Host = field(init=False)
    beside: Beside = field(init=False)

    def __post_init__(self) -> None:
        """Begin as a host that has not started."""
        self.beside = Beside(self.place, self.plan, self.around, self.gate)
        self.host = Host(
            self.place.host,
            self.plan.argv,
            End.NOT_STARTED,
            untraced=self.plan.untraced,
            secrets=self.credentials.words if self.aws is not None else self.credentials.words[:1],
            address=self.place.address,
        )

    @property
    def is_last(self) -> bool:
        """Whether no host has a higher number."""
        return self.place.host == self.plan.hosts[-1]

    @property
    def fails(self) -> bool:
        """Whether the probe takes its place and fails."""
        return self.plan.variation is Variation.PEER_FAILS and self.is_last

    @property
    def succeeded(self) -> bool:
        """Whether it exited with 0 by itself."""
        return self.host.end is End.EXITED and self.host.exit_code == 0

    @property
    def looks(self) -> bool:
        """Whether the probe takes its place and looks for a GPU."""
        return self.plan.variation is Variation.LOOK_AT_GPUS

    @property
    def words(self) -> tuple[str, ...]:
        """What is looked for in all that it says, however long that is."""
        return *self.host.secrets, INPUT_MARKER

    def prepare(self) -> None:
        """Create the container and fill it; what the image keeps from being filled is how the host ended."""
        leads_to: Callable[[str], str] = str
        error = self._fill(self._mounts)
        if error is not None and self.container is not None:
            led = refused.without_links(self._image.files, self._mounts)
            if led != self._mounts:
                # Docker 28.5 puts nothing into a container whose volume lies where the image has an absolute link.
                self.container.remove()
                error = self._fill(led)
                leads_to = self._image.files.leads_to
        if error is not None:
            self._refused(error)
            return
        if self.container is not None:
            aws = "" if self.aws is None else self.aws.socket(self.place.host)
            self.beside.prepare(self.container, aws, leads_to)

    @functools.cached_property
    def _mounts(self) -> tuple[str, ...]:
        return staging.mounts(self.plan.request, self.plan.variation, self.plan.conditions)

    @property
    def _image(self) -> Image:
        """The image with its files, as a container of the request has it."""
        image = self.around.with_files(self.plan.image)
        return replace(image, environment={**image.environment, **self.plan.request.environment})

    def _fill(self, mounts: tuple[str, ...]) -> APIError | None:
        """Create the container with these volumes and fill it, or return why the engine refuses to."""
        plan, around, client = self.plan, self.around, self.around.engine.client
        try:
            container = self.container = self._create(mounts)
            self._note(Step.CREATED)
            if self.place.network is not None and self.place.outside:
                client.connect_container_to_network(container.id, self.place.outside)
            if plan.gpus.are_simulated:
                self.simulated = gpus.simulate(client, container.id, plan.image, plan.request)
            staged = staging.staged(
                plan.request,
                plan.variation,
                plan.documents(self.place, around.settings),
                around.objects,
                host=self.place.host,
                hosts=plan.hosts,
                programs=plan.programs,
            )
            container.fill(staged, plan.rights)
            self._note(Step.FILLED)
        except APIError as error:
            return error
        return None

    def _create(self, mounts: tuple[str, ...]) -> containers.Container:
        plan, around = self.plan, self.around
        share = around.engine.memory_limit(around.settings.memory_fraction / len(plan.hosts))
        memory = around.settings.memory_bytes or share
        self.host = replace(self.host, memory_bytes=memory)
        return containers.create(
            around.engine.client,
            plan.image,
            plan.request,
            around.settings,
            place=self.place,
            memory_bytes=memory,
            labels=around.labels,
            mounts=mounts,
            copies=plan.variation is Variation.OWN_RESERVED,
            hides_tmp=plan.variation is Variation.EMPTY_TMP,
            more_memory=Lifted.SHARED_MEMORY in plan.conditions.lifted,
            probe=plan.probe(fails=self.fails),
            credentials=calls.variables(
                self.credentials.path, reached=plan.reaches_aws, isolated=plan.request.is_isolated
            ),
            means=plan.gpus.means,
            dialect=around.engine.dialect,
            platform=to_create(plan.image, foreign=around.engine.is_foreign),
        )

    def _refused(self, error: APIError) -> None:
        """Take a refusal that is because of the image for the end of the host; other trouble is raised again."""
        begun_by_probe = self.container is None or self.container.probe.begins_the_container
        needs = refused.Needs(() if begun_by_probe else self.plan.argv, self._mounts)
        said = str(error.explanation or error).strip()
        if not refused.because_of(self._image, needs, said):
            raise error
        exit_code = None if self.container is None else self.container.exit_code()
        self._ended(Ended(End.NOT_STARTED, exit_code, start_error=said))

    def run(self) -> None:
        """Start it and wait for its end."""
        try:
            self._run()
        finally:
            self.gate.arrive(self.place.host)
            self.over.set()

    def _run(self) -> None:
        if self.container is None or self.host.start_error:
            return
        if self.plan.variation is Variation.LATE_START and self.is_last:
            self.gate.arrive(self.place.host)
            time.sleep(self.around.settings.late_start_seconds)
        live, around, gpus = self.plan.live, self.around, self.plan.gpus.are_real
        if live is not None and live.stop.is_given:
            self._ended(Ended(End.STOPPED, None))
            return
        with Attendance(self.container, self.place.host, around.engine, around.disks, live, gpus) as attendance:
            try:
                with self.around.starting:
                    self.container.start()
            except APIError as error:
                self._refused(error)
                return
            self._note(Step.STARTED)
            self.beside.begin(self.container)
            began = self.moments.seconds()
            self._ended(self._lived(self.container, attendance))
        self.moments.note_end(self.host, began)

    def _lived(self, container: containers.Container, attendance: Attendance) -> Ended:
        """How a started container ended, and what is done to it and seen of it until then."""
        plan, network = self.plan, self.place.network
        cut_off: list[float] = []
        with contextlib.ExitStack() as meanwhile:
            if plan.cut_off_after_seconds is not None and self.is_last and network is not None:
                cutting = cutting_off(self.around.engine, container.id, plan.cut_off_after_seconds, network)
                cut_off = meanwhile.enter_context(cutting)
            if any(output.is_continuous for output in plan.request.outputs):
                meanwhile.enter_context(self._watching(container))
            room = Room(self.around.engine, self.around.disks, container)
            meanwhile.enter_context(room.watching())
            ended = attendance.wait(plan.limits, lambda: room.is_exceeded)
        self.host = replace(self.host, cut_off_seconds=next(iter(cut_off), None))
        return ended

    @contextlib.contextmanager
    def _watching(self, container: containers.Container) -> Iterator[None]:
        """Look at its continuous outputs while the block runs."""
        live = self.plan.live
        deliver = functools.partial(live.delivery.at_once, container=container) if live else lambda _: None
        watch = Watch(container, self._collector, self.around.settings, deliver)
        with watch.watching():
            yield
        self.host = replace(self.host, sightings=tuple(watch.sightings))

    def collect(self) -> tuple[Upload, ...]:
        """Read back what it left; what it would upload counts only where all hosts succeed, or is continuous."""
        if self.container is None or not self.host.started:
            return ()
        plan, records = self.plan, Records(self.container)
        collector = self._collector(upload=self.succeeded)
        files = FileTree.of(records.files(collector.peek, collector.linked))
        if self.fails:
            self.host = replace(self.host, untraced="it was replaced by a host that fails")
        elif self.looks:
            self.host = replace(self.host, look=Look.parse(records.whole(), self.container.probe.key))
        elif not plan.untraced:
            self.host = traced.with_trace(self.host, records.trace())
        if plan.stand_in:
            self.host = replace(self.host, witnesses=every_witness(records.witness()))
        if not self.host.started:
            return ()
        self.host = replace(self.host, feeds=self.beside.feeds())
        stdout, stderr = self.container.logs(self.words)
        changed = tuple(path for path in self._changed(self.container) if path not in self.simulated)
        for path in collector.unread:
            list(self.container.read(path, collector.peek))
        self.host = replace(
            self.host,
            stdout=stdout,
            stderr=stderr,
            files=files,
            message=collector.message,
            message_fault=collector.message_fault,
            message_found=collector.message_found,
            changed=changed,
        )
        self._note(Step.READ_BACK)
        return tuple(collector.uploads)

    def _changed(self, container: containers.Container) -> tuple[str, ...]:
        """What it changed outside /opt/ml, where a report is made: an engine reads all files of the image for that."""
        plan = self.plan
        if plan.variation is not Variation.AS_REQUESTED or plan.played or plan.live is not None:
            return ()
        return container.changed()

    def remove(self) -> None:
        """Remove the container and its volumes."""
        if self.container is not None:
            self.container.remove()
            self._note(Step.REMOVED)

    def _note(self, step: Step) -> None:
        self.moments.note(self.place.host, step)

    def _collector(self, *, upload: bool = False) -> Collector:
        volumes = self.plan.image.volumes
        collector = Collector(self.place.host, self.plan.request, volumes, upload=upload, words=self.words)
        # Of what is seen while it runs nothing is kept.
        live = self.plan.live if self.over.is_set() else None
        return collector if live is None else replace(collector, keep=live.delivery.keep)

    def _ended(self, ended: Ended) -> None:
        # A host has the fields of its end.
        self.host = replace(self.host, **vars(ended))
