"""One host's container: created with a fresh volume at `/opt/ml`, filled, started, waited for, read back, removed."""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import docker
from docker.types import Mount

from conformance.errors import JobError, LimitError
from conformance.files import archive
from conformance.files.tree import File, is_below
from conformance.image.image import Image
from conformance.job.request import RESERVED, JobRequest
from conformance.outcome.gpu import Means
from conformance.outcome.outcome import Log
from conformance.probe import DIRECTORY, PROGRAM
from conformance.service import bounds, gpus, volumes
from conformance.service.dialect import Dialect
from conformance.service.ending import Ended, Ending, Limits
from conformance.service.engine import STILL_THERE, fetch, stat
from conformance.service.labels import new_name
from conformance.service.peers.neighbours import mac
from conformance.service.peers.network import Place
from conformance.service.results import times
from conformance.service.results.collection import read_logs
from conformance.service.role import Probe
from conformance.service.said import said
from conformance.service.settings import Settings
from conformance.service.volumes import Entries

REMOVED = 2
"""How the engine's list of changes calls a file that was removed."""

ROOMY_SHM_BYTES = 1 << 30

DOCKERS_CAPABILITIES = ["AUDIT_WRITE", "MKNOD", "NET_RAW"]
"""What Docker Engine leaves to root in a container, and Podman does not unless it is told to."""

LAST_LINES = 1000
"""How much is read of the end of a log that is too long to be read."""

SYMLINK_MODE = 1 << 27
"""The bit by which the engine, as Go does, tells a symbolic link in the mode of what lies at a path."""


@dataclass(frozen=True)
class Container:
    """A created container and its volumes; `mounted` are those at and below /opt/ml that need archives of their own.

    The image may have brought some of them.
    """

    client: docker.APIClient
    id: str
    volumes: tuple[str, ...]
    settings: Settings
    probe: Probe
    dialect: Dialect
    mounted: tuple[str, ...] = ()

    def fill(self, entries: Entries, rights: archive.Rights = archive.OF_ROOT) -> None:
        """Put files below `/opt/ml`; raises APIError where the engine refuses it."""
        probe = self.probe.beginning()
        # Without a volume, what the image has at /opt/ml may be no directory, which the engine is to say.
        first = "/" if probe and self.volumes else RESERVED
        if probe and first != "/":
            self.client.put_archive(self.id, "/", archive.write("/", (), after=probe))
        shares = volumes.shares(first, self.mounted, entries)
        self.client.put_archive(
            self.id,
            first,
            archive.write(RESERVED, shares.pop(first), after=probe if first == "/" else b"", rights=rights),
        )
        for place, below in shares.items():
            # Podman gives a volume to USER, unless somebody has been given what is in it before.
            of_place = archive.OF_ROOT if place == RESERVED else rights
            self.client.put_archive(self.id, place, archive.write(place, below, rights=rights, of_root=of_place))

    def start(self) -> None:
        """Start it; raises APIError where the engine refuses it."""
        self.client.start(self.id)

    def exit_code(self) -> int | None:
        """Its exit code by the engine's account, which gives one also to what could not start."""
        code: int | None = self.client.inspect_container(self.id)["State"].get("ExitCode")
        return code

    def wait(self, limits: Limits, is_stopped: Callable[[], bool] = lambda: False) -> Ended:
        """Wait until it has ended, by itself or at its limit; see `Ending.wait`."""
        return Ending(self.client, self.id, self.settings.stop_grace_seconds).wait(limits, is_stopped)

    def logs(self, words: tuple[str, ...] = ()) -> tuple[Log, Log]:
        """What it wrote to stdout and to stderr, and which of some words stand there."""
        stdout, stderr = self._said(stdout=True), self._said(stderr=True)
        out, err = read_logs(stdout, stderr, words=words, dropped_from_bytes=log_file_bytes(self.settings))
        return (
            replace(out, times=times.of_lines(self.client, self.id, stdout=True)) if out.size else out,
            replace(err, times=times.of_lines(self.client, self.id, stderr=True)) if err.size else err,
        )

    def _said(self, **which: bool) -> Iterator[bytes]:
        """One stream; of one that is longer than what an engine is to keep, the beginning and the last lines."""
        size = 0
        for chunk in said(self.client, self.id, **which):
            yield chunk
            size += len(chunk)
            if size > self.settings.log_bytes:
                yield from said(self.client, self.id, tail=LAST_LINES, **which)
                return

    def changed(self) -> tuple[str, ...]:
        """The files that it made or changed in its own layer, not in a volume; removed ones are left out."""
        # Where there are none, the engine says so by null.
        listed: object = self.client.diff(self.id)
        if not isinstance(listed, list | None):
            raise JobError("the engine's list of changes is none")
        found = {entry["Path"]: entry["Kind"] for entry in listed or ()}
        folders = {posixpath.dirname(path) for path in found}
        own = (DIRECTORY, RESERVED)
        return tuple(
            path
            for path, kind in sorted(found.items())
            if kind != REMOVED
            and path not in folders | self.dialect.touches
            and not any(is_below(path, place) for place in own)
        )

    def get(self, path: str = f"{RESERVED}/") -> Iterable[bytes]:
        """The archive of a file or directory in it, as a stream; a slash at the end has a link there followed."""
        chunks, _ = fetch(self.client, self.id, path)
        return chunks

    def entries(
        self,
        peek: archive.Peek,
        linked: Callable[[File, File], None] | None = None,
    ) -> Iterator[File]:
        """All that is below `/opt/ml`, in each of its volumes; see `read`."""
        for place in dict.fromkeys((RESERVED, *self.mounted)):
            yield from self.read(f"{place}/", peek, linked)

    def read(self, path: str, peek: archive.Peek, linked: Callable[[File, File], None] | None = None) -> Iterator[File]:
        """What lies at a path and below it; see `get` and `archive.read`.

        Raises:
            LimitError: it is more than a host may write.
        """
        settings, root = self.settings, path.rstrip("/")
        try:
            yield from archive.read(
                self.get(path),
                root=root,
                limit_bytes=settings.disk_bytes,
                limit_files=settings.files,
                peek=peek,
                linked=linked,
            )
        except archive.TooLargeError as error:
            raise LimitError(
                f"the host left more below {root} than {settings.files:,} files or {settings.disk_bytes:,} bytes, "
                "which are limits of the suite's own",
                hint="--image-limit=files=COUNT and --image-limit=disk=SIZE raise them",
            ) from error

    def is_link(self, path: str) -> bool:
        """Whether a symbolic link lies at a path, by the engine's own account of what lies there."""
        return bool(stat(self.client, self.id, path)["mode"] & SYMLINK_MODE)

    def remove(self) -> None:
        """Remove it, its volume, and the volumes that the image declares.

        What is gone already is no error, and what takes long is left to the end of the session.
        """
        with contextlib.suppress(*STILL_THERE):
            self.client.remove_container(self.id, v=True, force=True)
        volumes.remove(self.client, self.volumes)


def create(
    client: docker.APIClient,
    image: Image,
    request: JobRequest,
    settings: Settings,
    *,
    place: Place,
    memory_bytes: int,
    labels: dict[str, str],
    mounts: tuple[str, ...],
    probe: Probe,
    credentials: Mapping[str, str],
    dialect: Dialect,
    platform: str | None,
    means: Means = Means.NONE,
    copies: bool = False,
    hides_tmp: bool = False,
    more_memory: bool = False,
) -> Container:
    """Create a host's container as the request asks for it; it is not started.

    `place` is where it is on the network. Each of `mounts` gets a fresh volume. `credentials` are the variables by
    which a program finds those of its role. `platform` is the one that it is created for, and None that of the engine.
    `means` is how it comes by GPUs. `copies` fills the volumes with what the image has in their places, `hides_tmp`
    mounts an empty file system at /tmp, and `more_memory` makes /dev/shm larger than AWS's is said to be.
    """
    # None leaves the image's own; with an entrypoint and no command, the engine drops the image's CMD too.
    entrypoint = None if request.entrypoint is None else list(request.entrypoint)
    arguments = None if request.arguments is None else list(request.arguments)
    if probe.begins_the_container:
        entrypoint, arguments = [PROGRAM, *probe.argv], None
    names = tuple(new_name(labels, place.host) for _ in mounts)
    own_mac = mac(place.address) if place.neighbours else None
    try:
        for volume in names:
            client.create_volume(volume, labels=labels)
        created = client.create_container(
            image.id,
            entrypoint=entrypoint,
            command=arguments,
            # What AWS's own Processing images read from the environment (contract, section 3.1); an isolated
            # container has no credentials.
            environment={
                "AWS_REGION": settings.region,
                **credentials,
                **gpus.environment(means, settings.hidden_gpus),
                **request.environment,
            },
            hostname=place.hostname or settings.hostname,
            # By which Podman begins to remove what still runs; it would wait for the end of any other one.
            stop_signal="SIGKILL",
            name=new_name(labels, place.host),
            platform=platform,
            labels=labels,
            networking_config=place.network.attachment(place.address, own_mac) if place.network else None,
            mac_address=own_mac,
            host_config=client.create_host_config(
                # Podman ignores of `mounts` that nothing is to be copied, but `binds` take no place with a colon.
                binds=[
                    f"{volume}:{place}" + ("" if copies else ":nocopy")
                    for place, volume in zip(mounts, names, strict=True)
                    if ":" not in place
                ],
                mounts=[
                    Mount(place, volume, type="volume", no_copy=not copies)
                    for place, volume in zip(mounts, names, strict=True)
                    if ":" in place
                ],
                network_mode=place.network.name if place.network else place.outside or settings.network,
                dns=[place.network.name_server] if place.network else None,
                extra_hosts=dict(place.names) or None,
                shm_size=ROOMY_SHM_BYTES if more_memory else settings.shm_bytes,
                tmpfs={"/tmp": "exec,mode=1777"} if hides_tmp else None,  # noqa: S108 - a path of the container
                cap_add=DOCKERS_CAPABILITIES,
                **{**bounds.of_host(settings, memory_bytes, dialect), **gpus.host_config(means)},
                log_config=dialect.log_config(log_file_bytes(settings)),
            ),
        )
    except BaseException:
        volumes.remove(client, names)
        raise
    container = Container(client, str(created["Id"]), names, settings, probe, dialect)
    if dialect.archives_enter_volumes:
        return container
    return replace(container, mounted=volumes.mounted(client, container.id))


def log_file_bytes(settings: Settings) -> int:
    """How much each of the two files holds in which the engine keeps a log."""
    return settings.log_bytes // 2
