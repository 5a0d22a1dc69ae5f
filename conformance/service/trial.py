"""Trying an engine: a job of the suite's own, and whatever else sessions rely on, by the means that they use.

Nothing of the user's is needed. The image has one file below /opt/ml and no program; the probe is all that runs in it.
"""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from conformance.errors import ConformanceError
from conformance.files import archive
from conformance.files.tree import File, FileTree, Kind
from conformance.image.image import Image
from conformance.job.request import PROCESSING, RESERVED, JobRequest
from conformance.job.standin import OBJECTS, StandIn, own_request
from conformance.job.variation import Variation
from conformance.outcome.means import Failed, Tried, facts
from conformance.outcome.outcome import Outcome
from conformance.outcome.record import Record
from conformance.probe.bundle import report, words
from conformance.service import containers, empty, gpus, inspection, sidecar
from conformance.service.engine import Engine
from conformance.service.local import LocalService
from conformance.service.peers import places
from conformance.service.platforms import to_create
from conformance.service.role import Probe
from conformance.service.settings import Settings
from conformance.service.trouble import as_job_error

NAME = "conformance/engine-check:latest"
"""What the image is called that the job runs in."""

SHIPPED = f"{RESERVED}/shipped"
"""The image's only file."""

PLAYED = "/stand-in"
"""The program whose part the probe plays."""

SAID = b"\xff\xfe is not UTF-8,\ta tab, \xc3\x28\r\nthe end\n"
"""Bytes that are no text. No line of more than 16 KiB: some versions lose its end."""

LOG_BYTES = 1 << 20

MEMORY_BYTES = 8 << 20
TAKEN_BYTES = 15 << 20
"""What a container takes that may have `MEMORY_BYTES`: the probe reads a plan of this size, and copies it."""

PROCESSES = 8

WAIT_SECONDS = 30.0

STOP_SECONDS = 0.5

AT_ONCE = 4
"""As many runs as a session has in flight."""

Result = TypeVar("Result")


def run(engine: Engine) -> Tried:
    """Try an engine, which takes some ten seconds.

    Raises:
        JobError: not even an image can be loaded.
    """
    service = LocalService(engine, OBJECTS, Settings(stop_grace_seconds=5.0))
    try:
        return _Trial(engine, service).run()
    finally:
        service.close()


class _Trial:
    def __init__(self, engine: Engine, service: LocalService) -> None:
        self._engine = engine
        self._service = service

    def run(self) -> Tried:
        client = self._engine.client
        with as_job_error("the suite's own image cannot be loaded"):
            before = time.time()
            info, version = client.info(), client.version()
            clock = _ahead(info, (before + time.time()) / 2)
            identity = empty.loaded(client, NAME, empty.built(NAME, _layer(), "engine-check"))
            image = inspection.find(self._engine, identity)
        request = own_request(NAME).overriding(entrypoint=(PLAYED,))
        packed, data = _odd_archive()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="trial") as pool:
            job = self._begun(pool, "a job", lambda: self._job(image, request, Variation.AS_REQUESTED))
            stopped = self._begun(pool, "a stop", lambda: self._job(image, request, Variation.STOPPED_BY_SIGINT))
            hosts = self._begun(
                pool, "two hosts", lambda: self._job(image, request.on_hosts(2), Variation.AS_REQUESTED)
            )
            unpacked = self._begun(pool, "an archive", lambda: self._unpacked(image, request, data))
            said = self._begun(pool, "a log", self._said)
            memory = self._begun(pool, "the limit of memory", self._memory_is_limited)
            processes = self._begun(pool, "the limit of processes", self._processes_are_limited)
            given = self._begun(pool, "GPUs", lambda: gpus.find(self._engine, image, self._service.labels))
        return Tried(
            facts=facts(info, version),
            job=job.result(),
            stopped=stopped.result(),
            hosts=hosts.result(),
            packed=packed,
            unpacked=unpacked.result(),
            said=said.result(),
            expected=SAID,
            memory_is_limited=memory.result(),
            processes_are_limited=processes.result(),
            gpus=given.result(),
            clock_seconds=clock,
        )

    def _begun(self, pool: ThreadPoolExecutor, what: str, attempt: Callable[[], Result]) -> Future[Result | Failed]:
        def tried() -> Result | Failed:
            try:
                with as_job_error(f"{what} could not be tried"):
                    return attempt()
            except ConformanceError as error:
                return Failed(str(error))

        return pool.submit(tried)

    def _job(self, image: Image, request: JobRequest, variation: Variation) -> Outcome:
        stops = STOP_SECONDS if variation.stop_signal else None
        part = StandIn(PLAYED, ())
        return self._service.run(image, request, variation, stop_after_seconds=stops, played=part)

    def _unpacked(self, image: Image, request: JobRequest, data: bytes) -> FileTree:
        settings = Settings()
        made = containers.create(
            self._engine.client,
            image,
            request,
            settings,
            place=places.alone("algo-1", settings),
            memory_bytes=0,
            labels=self._service.labels,
            mounts=(RESERVED,),
            probe=Probe(lines=(words("exit", 0),)),
            credentials={},
            dialect=self._engine.dialect,
            platform=to_create(image, foreign=self._engine.is_foreign),
        )
        try:
            self._engine.client.put_archive(made.id, RESERVED, data)
            entries = archive.read(made.get(), root=RESERVED, limit_bytes=settings.disk_bytes)
            return FileTree.of(file for file in entries if file.path.startswith(f"{PROCESSING}/"))
        finally:
            made.remove()

    def _sidecar(self, plan: str, **host: Any) -> sidecar.Sidecar:  # noqa: ANN401 - as `sidecar.create`
        return sidecar.create(self._engine.client, plan, labels=self._service.labels, network_mode="none", **host)

    def _said(self) -> bytes:
        # As the log of a job is kept, and not that of a sidecar, which says only text.
        kept = self._engine.dialect.log_config(LOG_BYTES)
        with self._sidecar(report(words("say", 1, SAID)), log_config=kept) as speaking:
            speaking.start()
            speaking.wait(WAIT_SECONDS)
            return speaking.output()

    def _memory_is_limited(self) -> bool:
        """Whether a process is kept from taking about four times as much as its container may have."""
        plan = report(words("say", 1, "taken\n"), " " * TAKEN_BYTES)
        with self._sidecar(plan, mem_limit=MEMORY_BYTES) as taking:
            taking.start()
            taking.wait(WAIT_SECONDS)
            return b"taken" not in taking.output()

    def _processes_are_limited(self) -> bool:
        """Whether a process can begin no more others than its container may have."""
        children = (words("feed", f"/fifo{number}-", "/", 0) for number in range(2 * PROCESSES))
        with self._sidecar(report(*children), pids_limit=PROCESSES) as beginning:
            beginning.start()
            beginning.wait(WAIT_SECONDS)
            done = [event["errno"] for event in Record.parse(beginning.record()).named("done")]
        return any(done)


def _layer() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as layer:
        entry = tarfile.TarInfo(SHIPPED.lstrip("/"))
        layer.addfile(entry, io.BytesIO())
    return buffer.getvalue()


def _odd_archive() -> tuple[FileTree, bytes]:
    """Files of every kind that a job may leave, with owners and modes of their own, and the archive of them."""
    place = f"{PROCESSING}/output"
    files = [
        File(place, Kind.DIRECTORY, 0o2775, 1234, 5678),
        File(f"{place}/file", Kind.FILE, 0o4640, 1234, 5678, size=5),
        File(f"{place}/own", Kind.FILE, 0o600, 65534, 65534),
        File(f"{place}/link", Kind.SYMLINK, 0o777, 1234, 5678, target="/etc/passwd"),
        File(f"{place}/fifo", Kind.FIFO, 0o622, 1234, 5678),
        File(f"{place}/e\u0301 京都 🦀", Kind.FILE, 0o644),
    ]
    types = {
        Kind.DIRECTORY: tarfile.DIRTYPE,
        Kind.FILE: tarfile.REGTYPE,
        Kind.SYMLINK: tarfile.SYMTYPE,
        Kind.FIFO: tarfile.FIFOTYPE,
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as packing:
        for file in files:
            entry = tarfile.TarInfo(file.path.removeprefix(f"{RESERVED}/"))
            entry.type, entry.mode, entry.uid, entry.gid = types[file.kind], file.mode, file.uid, file.gid
            entry.size, entry.linkname = file.size, file.target
            packing.addfile(entry, io.BytesIO(bytes(file.size)))
    return FileTree.of(files), buffer.getvalue()


def _ahead(info: dict[str, Any], now: float) -> float | Failed:
    """By how many seconds an engine's clock is ahead of this machine's."""
    try:
        return datetime.fromisoformat(str(info["SystemTime"])).timestamp() - now
    except (KeyError, ValueError):
        return Failed("the engine does not tell its time")
