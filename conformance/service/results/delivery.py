"""Taking the outputs of a run to where its request says, whole and whatever their size.

What a host wrote is read once, when the host has ended, and counts only once all hosts have succeeded. Until then each
content lies in a directory, under its digest; nothing is held in memory.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from conformance.errors import UploadError
from conformance.files.archive import BLOCK
from conformance.files.tree import File
from conformance.job.objects import Objects, S3Uri
from conformance.outcome.outcome import Upload
from conformance.service.containers import Container


@dataclass
class Delivery:
    """The outputs of one run on their way: `directory` is where they wait for its end."""

    objects: Objects
    directory: Path
    _delivered: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, content: IO[bytes]) -> str:
        """Take down what a host wrote, and return its digest; OSError where there is no room for it."""
        digest = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=self.directory, delete=False) as file:
            while block := content.read(BLOCK):
                digest.update(block)
                file.write(block)
        Path(file.name).replace(self._file(digest.hexdigest()))
        return digest.hexdigest()

    def at_once(self, upload: Upload, container: Container) -> None:
        """Deliver a file of a container that still runs, as it is by now, which may be more than was seen of it.

        Raises:
            UploadError: no such object can be made.
            APIError: it is gone by now.
        """
        with tempfile.TemporaryDirectory(dir=self.directory) as directory:
            taken = Path(directory) / "content"

            def peek(file: File, content: IO[bytes]) -> File:
                digest = hashlib.sha256()
                with taken.open("wb") as target:
                    while block := content.read(BLOCK):
                        digest.update(block)
                        target.write(block)
                self._put(upload.uri, digest.hexdigest(), taken)
                return file

            list(container.read(upload.path, peek))

    def at_the_end(self, uploads: Iterable[Upload]) -> None:
        """Deliver what was kept, in this order, all that can be.

        Raises:
            UploadError: an object could not be made; the first one is named.
        """
        uploads = list(uploads)
        wanted = Counter(upload.digest for upload in uploads)
        failed: list[UploadError] = []
        for upload in uploads:
            file = self._file(upload.digest)
            if self._delivered.get(upload.uri) != upload.digest:
                try:
                    self._put(upload.uri, upload.digest, file)
                except UploadError as error:
                    failed.append(error)
            wanted[upload.digest] -= 1
            if not wanted[upload.digest]:
                file.unlink(missing_ok=True)
        if failed:
            further = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
            raise UploadError(f"{failed[0].message}{further}", hint=failed[0].hint)

    def _put(self, uri: str, digest: str, file: Path) -> None:
        self.objects.put(S3Uri.parse(uri), file)
        with self._lock:
            self._delivered[uri] = digest

    def _file(self, digest: str) -> Path:
        return self.directory / digest


@contextmanager
def delivering(objects: Objects, room: Path) -> Iterator[Delivery]:
    """Deliver to these objects while the block runs; `room` is a directory on whose disk outputs may wait."""
    with tempfile.TemporaryDirectory(prefix=".processing-", dir=room, ignore_cleanup_errors=True) as directory:
        yield Delivery(objects, Path(directory))
