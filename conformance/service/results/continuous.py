"""Outputs whose S3UploadMode is `Continuous`: what is written to them goes to S3 while the job runs.

Source: the API reference, `ProcessingS3Output`. How soon AWS looks, and whether it waits until a file is complete, it
does not say: here a file is uploaded as it is found, every `Settings.continuous_seconds`.
"""

from __future__ import annotations

import contextlib
import posixpath
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from docker.errors import APIError
from urllib3.exceptions import HTTPError

from conformance.errors import JobError
from conformance.job.request import RESERVED, ProcessingOutput
from conformance.outcome.outcome import Sighting, Upload
from conformance.service.containers import Container
from conformance.service.results.collection import Collector
from conformance.service.settings import Settings

NOT_NOW = (APIError, HTTPError, JobError, OSError)
"""What a look at a file that is just being written ends in, or at a container that is about to end."""


@dataclass
class Watch:
    """Looks at the continuous outputs of a running container; `collector` makes what takes down what is found.

    `deliver` is told of each content that is found.
    """

    container: Container
    collector: Callable[[], Collector]
    settings: Settings
    deliver: Callable[[Upload], None] = lambda _: None
    sightings: list[Sighting] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Look while the block runs."""
        thread = threading.Thread(target=self._look_again_and_again, name="continuous")
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _look_again_and_again(self) -> None:
        begun = time.monotonic()
        while not self._over.wait(self.settings.continuous_seconds):
            with contextlib.suppress(*NOT_NOW):
                self._look(time.monotonic() - begun)

    def _look(self, seconds: float) -> None:
        collector = self.collector()
        known = {sighting.path: sighting.digest for sighting in self.sightings}
        wanted = [output for output in collector.request.outputs if output.is_continuous]
        # All of it is read before anything of it counts.
        if self.container.dialect.shows_links_in_volumes:
            names = self._read(wanted, collector)
        else:
            # Of everything: what is read from /opt/ml on is behind no link.
            list(self.container.entries(collector.peek))
            names = {output.name for output in wanted}
        for upload in collector.uploads:
            if upload.output in names and known.get(upload.path) != upload.digest:
                known[upload.path] = upload.digest
                self.deliver(upload)
                self.sightings.append(Sighting(seconds, upload.path, upload.size, upload.digest))

    def _read(self, wanted: Iterable[ProcessingOutput], collector: Collector) -> set[str]:
        """Read these outputs, each by itself, and return the names of those that are behind no link."""
        there = [output for output in wanted if not self._is_behind_a_link(output.directory)]
        for output in there:
            # Without a slash at its end, so that the engine does not follow a link that lies in its place.
            list(self.container.read(output.directory, collector.peek))
        # One that came while it was read was followed.
        return {output.name for output in there if not self._is_behind_a_link(output.directory)}

    def _is_behind_a_link(self, directory: str) -> bool:
        """Whether a directory above is a link by now, which the engine would follow out of what is uploaded."""
        above = []
        while (directory := posixpath.dirname(directory)) != RESERVED:
            above.append(directory)
        return any(self.container.is_link(place) for place in reversed(above))
