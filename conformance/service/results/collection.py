"""What is taken from a container that has ended: its logs, its message, and the outputs that are uploaded."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import IO

from conformance.files.archive import BLOCK
from conformance.files.stream import Fault, Search, Utf8
from conformance.files.tree import File, kept_back
from conformance.job.objects import LONGEST_KEY_BYTES, S3Uri, uploaded_to
from conformance.job.request import JobRequest, ProcessingOutput
from conformance.outcome.outcome import MESSAGE_PATH, Log, Upload

LOG_HEAD_BYTES = 64 << 10
LOG_TAIL_BYTES = 192 << 10
MESSAGE_BYTES = 64 << 10
"""How much of a message is kept: enough to show what goes beyond 1 KB."""

RECORD_BYTES = 40
PART_BYTES = 16 << 10
PART_RECORD_BYTES = 256
"""What the engine's log driver `local` adds at most to a line, and to each 16 KiB of a longer one."""


def digest_of(content: IO[bytes]) -> str:
    """The SHA-256 of a file, of which one block at a time is held."""
    digest = hashlib.sha256()
    while block := content.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


@dataclass
class Collector:
    """Looks into the archive of `/opt/ml` as it passes, and takes down what the service would upload.

    Of an object it keeps key, size and digest, which is what `keep` returns for its content, of any size. `upload` says
    whether outputs are uploaded; what is continuous is, however the job ends. A symbolic link is no regular file, so it
    never comes here. `words` are looked for in all of the message, whose beginning is kept.
    """

    host: str
    request: JobRequest
    volumes: tuple[str, ...]
    upload: bool
    words: tuple[str, ...] = ()
    keep: Callable[[IO[bytes]], str] = digest_of
    message: bytes | None = None
    message_fault: Fault | None = None
    message_found: frozenset[str] = frozenset()
    uploads: list[Upload] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def peek(self, file: File, content: IO[bytes]) -> File:
        """Take what is wanted of one regular file's content; the entry itself stays as it is."""
        if file.path == MESSAGE_PATH:
            self._read_message(file, content)
        elif self._targets(file):
            self._store(file, self.keep(content))
        return file

    def linked(self, file: File, original: File) -> None:
        """Take a further name of a file: as the file itself where that was uploaded, else it is `unread`."""
        if file.path != MESSAGE_PATH and not self._targets(file):
            return
        uploaded = next((upload for upload in self.uploads if upload.path == original.path), None)
        if uploaded is None or file.path == MESSAGE_PATH:
            self.unread.append(file.path)
        else:
            self._store(file, uploaded.digest)

    def _read_message(self, file: File, content: IO[bytes]) -> None:
        """Keep the beginning, and look at all of it: AWS decodes the whole file, of which it shows 1 KB."""
        encoding, search = Utf8(), Search(self.words)
        block = content.read(MESSAGE_BYTES)
        self.message = _whole_characters(block, ended=file.size <= MESSAGE_BYTES)
        while block:
            encoding.feed(block)
            search.feed(block)
            block = content.read(BLOCK)
        self.message_fault, self.message_found = encoding.end(), search.found

    def _store(self, file: File, digest: str) -> None:
        self.uploads += (
            Upload(output.name, self.host, file.path, str(_uri(file, output)), file.size, digest)
            for output in self._targets(file)
        )

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


def _uri(file: File, output: ProcessingOutput) -> S3Uri:
    return uploaded_to(S3Uri.parse(output.s3_uri), file.path.removeprefix(output.directory + "/"))


def _whole_characters(text: bytes, *, ended: bool) -> bytes:
    """Leave out the beginning of a character at the end of what was kept of a longer text."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(text)
    begun, _ = decoder.getstate()
    return text if ended else text.removesuffix(begun)


@dataclass
class LogReader:
    """Keeps the beginning and the end of a stream, however long it is, and looks for words in all of it."""

    words: tuple[str, ...] = ()
    _head: bytearray = field(default_factory=bytearray)
    _tail: bytearray = field(default_factory=bytearray)
    _size: int = 0
    _lines: int = 0

    def read(self, chunks: Iterable[bytes]) -> Log:
        """Read it to its end."""
        search = Search(self.words)
        for chunk in chunks:
            self._size += len(chunk)
            self._lines += chunk.count(b"\n")
            search.feed(chunk)
            room = max(LOG_HEAD_BYTES - len(self._head), 0)
            self._head += chunk[:room]
            self._tail += chunk[room:]
            if len(self._tail) > 2 * LOG_TAIL_BYTES:
                del self._tail[:-LOG_TAIL_BYTES]
        return Log(bytes(self._head), bytes(self._tail[-LOG_TAIL_BYTES:]), self._size, search.found)

    @property
    def most_stored_bytes(self) -> int:
        """How much room the engine may at most have needed for it; see `read_logs`."""
        return self._size + (self._lines + 1) * RECORD_BYTES + (self._size // PART_BYTES + 1) * PART_RECORD_BYTES


def read_logs(
    stdout: Iterable[bytes], stderr: Iterable[bytes], *, words: tuple[str, ...], dropped_from_bytes: int
) -> tuple[Log, Log]:
    """Both streams of a container, of which the engine drops the oldest records, a file of so many bytes at a time.

    It does not say whether it did. But it keeps the last file that it filled, so where all that it has is less than
    one file holds, it never dropped any.
    """
    readers = LogReader(words), LogReader(words)
    logs = readers[0].read(stdout), readers[1].read(stderr)
    complete = sum(reader.most_stored_bytes for reader in readers) < dropped_from_bytes
    return replace(logs[0], complete=complete), replace(logs[1], complete=complete)
