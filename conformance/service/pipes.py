"""The Pipe inputs of one host: a container of the suite's own feeds their FIFOs while the job runs.

It holds nothing but the probe and what is to be read, and has the host's volumes where the host has them; so the
content goes from it to the program through a pipe, and is at no time in the volume.
"""

from __future__ import annotations

import gzip
import io
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import docker

from conformance.errors import JobError
from conformance.files import archive
from conformance.job.objects import Stored
from conformance.job.request import ProcessingInput
from conformance.outcome import feed
from conformance.outcome.feed import Feed
from conformance.probe.bundle import report, words
from conformance.service import sidecar
from conformance.service.sidecar import Sidecar

END_SECONDS = 30.0

SIGTERM = 15

CONTENT = "/content"
"""Where the feeder has what it feeds: a directory for each input, in it a file for each object, by number."""

_MEMORY_BYTES = 64 << 20
_PROCESSES = 32


@dataclass(frozen=True)
class Feeder:
    """A running feeder; `prefixes` are those of the FIFOs by where it has them, where the host has them elsewhere."""

    sidecar: Sidecar
    prefixes: Mapping[str, str] = field(default_factory=dict)

    def end(self) -> tuple[Feed, ...]:
        """How much was read. Call it only after the host has exited, so that nothing is read any more.

        Raises:
            JobError: the feeder left no valid record.
        """
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            # Process 1 drops the signal until it catches it, so it is sent again.
            self.sidecar.kill(SIGTERM)
            if self.sidecar.wait(1):
                break
        try:
            return tuple(replace(each, path=self._on_host(each.path)) for each in feed.parse(self.sidecar.record()))
        except ValueError as error:
            raise JobError(f"cannot determine how much of the Pipe inputs was read: {error}") from error

    def _on_host(self, path: str) -> str:
        """The path of a FIFO as the host's program knows it."""
        found = next((own for own in self.prefixes if path.startswith(own)), "")
        return self.prefixes[found] + path.removeprefix(found) if found else path


def start(
    client: docker.APIClient,
    host: str,
    content: Iterator[tuple[ProcessingInput, list[bytes | Stored]]],
    *,
    labels: dict[str, str],
    leads_to: Callable[[str], str] = str,
) -> Feeder:
    """Start the feeder of a host's container, whose FIFOs exist; `content` is the content of each input, in order.

    `leads_to` says where a path is by the places of the host's volumes, which lie there in the feeder, too: it has none
    of the image's links that lead there.

    Raises:
        JobError: an object is not compressed as its S3CompressionType says.
    """
    lines = [words("catch", SIGTERM)]
    entries: list[tuple[str, archive.Content]] = []
    prefixes: dict[str, str] = {}
    for number, (item, objects) in enumerate(content):
        directory = f"{CONTENT}/{number}"
        entries.append((directory, None))
        entries += [(f"{directory}/{index}", _content(item, file)) for index, file in enumerate(objects)]
        prefix = leads_to(item.fifo_prefix)
        prefixes[prefix] = item.fifo_prefix
        lines.append(words("feed", prefix, directory, len(objects)))
    lines += [words("waitsignal"), words("endfeeding")]
    created = sidecar.create(
        client,
        report(*lines),
        labels=labels,
        network_mode="none",
        volumes_from=[host],
        mem_limit=_MEMORY_BYTES,
        pids_limit=_PROCESSES,
    )
    try:
        created.start(archive.write("/", entries))
    except BaseException:
        created.remove()
        raise
    return Feeder(created, prefixes)


def _content(item: ProcessingInput, file: bytes | Stored) -> archive.Content:
    """An object as it is read: with S3CompressionType Gzip that is without the compression."""
    if isinstance(file, bytes) or item.compression != "Gzip":
        return file

    def open_it() -> IO[bytes]:
        return io.BufferedReader(gzip.open(file if isinstance(file, Path) else file.open()))

    return archive.Source(_size(file, open_it), open_it)


def _size(file: Stored, open_it: Callable[[], IO[bytes]]) -> int:
    """How much is read of it: an archive wants that beforehand, and what gzip writes of it is a remainder of 4 GiB."""
    size = 0
    try:
        with open_it() as content:
            while piece := content.read(archive.BLOCK):
                size += len(piece)
    except (EOFError, OSError, zlib.error) as error:
        raise JobError(
            f"{file} cannot be decompressed: {error}", hint="S3CompressionType Gzip requires gzip data"
        ) from error
    return size
