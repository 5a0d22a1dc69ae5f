"""What is taken from a container that has ended: its logs, its message, and the outputs that are uploaded."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO

from conformance.files.archive import BLOCK
from conformance.files.tree import File, kept_back
from conformance.job.objects import LONGEST_KEY_BYTES, S3Uri, uploaded_to
from conformance.job.request import JobRequest, ProcessingOutput
from conformance.outcome.outcome import MESSAGE_PATH, Log, Upload
from conformance.service.results.storage import ObjectStore

LOG_HEAD_BYTES = 64 << 10
LOG_TAIL_BYTES = 192 << 10
MESSAGE_BYTES = 64 << 10
"""How much of a message is kept: enough to show what goes beyond 1 KB."""

KEPT_BYTES = 32 << 20
"""Of a larger output only size and digest are kept: S3 is in this process, and its memory is not the job's."""


@dataclass
class Collector:
    """Looks into the archive of `/opt/ml` as it passes, and uploads what the service would.

    `upload` says whether outputs are uploaded; what is continuous is, however the job ends. A symbolic link is no
    regular file, so it never comes here.
    """

    host: str
    request: JobRequest
    volumes: tuple[str, ...]
    store: ObjectStore
    upload: bool
    message: bytes | None = None
    uploads: list[Upload] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def peek(self, file: File, content: IO[bytes]) -> File:
        """Take what is wanted of one regular file's content; the entry itself stays as it is."""
        if file.path == MESSAGE_PATH:
            self.message = _whole_characters(content.read(MESSAGE_BYTES), ended=file.size <= MESSAGE_BYTES)
        elif self._targets(file):
            self._store(file, *_kept(file, content))
        return file

    def linked(self, file: File, original: File) -> None:
        """Take a further name of a file: from the store where the file itself was uploaded, else it is `unread`."""
        if file.path != MESSAGE_PATH and not self._targets(file):
            return
        uploaded = next((upload for upload in self.uploads if upload.path == original.path), None)
        if uploaded is None or file.path == MESSAGE_PATH:
            self.unread.append(file.path)
        else:
            data = None if original.size > KEPT_BYTES else self.store.get(S3Uri.parse(uploaded.uri))
            self._store(file, data, uploaded.digest)

    def _store(self, file: File, data: bytes | None, digest: str) -> None:
        for output in self._targets(file):
            uri = _uri(file, output)
            if data is not None:
                self.store.put(uri, data)
            self.uploads.append(Upload(output.name, self.host, file.path, str(uri), file.size, digest))

    def _targets(self, file: File) -> list[ProcessingOutput]:
        """The outputs that a file is uploaded to."""
        return [
            output
            for output in self.request.outputs
            if (self.upload or output.is_continuous) and self._reaches(file, output)
        ]

    def _reaches(self, file: File, output: ProcessingOutput) -> bool:
        if not file.path.startswith(output.directory + "/"):
            return False
        # What S3 has no key for cannot be there.
        has_key = file.is_utf8 and _uri(file, output).key_bytes <= LONGEST_KEY_BYTES
        return has_key and not kept_back(file.path, output.directory, self.volumes)


def _kept(file: File, content: IO[bytes]) -> tuple[bytes | None, str]:
    """A file's content, None where it is too large to be held, and its SHA-256."""
    digest = hashlib.sha256()
    kept = bytearray()
    while block := content.read(BLOCK):
        digest.update(block)
        if file.size <= KEPT_BYTES:
            kept += block
    return (bytes(kept) if file.size <= KEPT_BYTES else None), digest.hexdigest()


def _uri(file: File, output: ProcessingOutput) -> S3Uri:
    return uploaded_to(S3Uri.parse(output.s3_uri), file.path.removeprefix(output.directory + "/"))


def _whole_characters(text: bytes, *, ended: bool) -> bytes:
    """Leave out the beginning of a character at the end of what was kept of a longer text."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(text)
    begun, _ = decoder.getstate()
    return text if ended else text.removesuffix(begun)


def head_and_tail(chunks: Iterable[bytes]) -> Log:
    """Keep the beginning and the end of a stream, however long it is."""
    head = bytearray()
    tail = bytearray()
    size = 0
    for chunk in chunks:
        size += len(chunk)
        room = max(LOG_HEAD_BYTES - len(head), 0)
        head += chunk[:room]
        tail += chunk[room:]
        if len(tail) > 2 * LOG_TAIL_BYTES:
            del tail[:-LOG_TAIL_BYTES]
    return Log(bytes(head), bytes(tail[-LOG_TAIL_BYTES:]), size)
