"""Whether a running container writes more than a host may: to its own layer, and to its volumes.

No storage driver can be relied on to bound that (overlay2 does so on XFS with project quotas alone, and never for a
volume), so it is watched, and a container is killed that is past the limit. What it writes between two looks comes on
top.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from docker.errors import APIError

from conformance.errors import LimitError
from conformance.service.containers import Container
from conformance.service.disks import Disks
from conformance.service.engine import Engine

LOOK_SECONDS = 1.0
"""How often to look at the free space of the engine's disk, where it is this machine's."""

ASK_LOOKS = 10
"""How many looks apart an engine is asked on another machine, which has to count all that it has."""


@dataclass
class Room:
    """Watches one container, unless what it may write has no limit."""

    engine: Engine
    disks: Disks
    container: Container
    _used: int = 0

    @property
    def limit_bytes(self) -> int:
        """What it may write."""
        return self.container.settings.disk_bytes

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch it while the block runs.

        Raises:
            LimitError: it was killed, since it had written too much.
        """
        if self.limit_bytes == sys.maxsize:
            yield
            return
        over = threading.Event()
        watching = threading.Thread(target=self._watch, args=(over,), name="room", daemon=True)
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join()
        if self.is_exceeded:
            raise LimitError(
                f"the host was stopped when it had written {self._used:,} bytes, more than {self.limit_bytes:,}, which "
                "is a limit of the suite's own",
                hint="--image-limit=disk=SIZE raises it",
            )

    @property
    def is_exceeded(self) -> bool:
        """Whether it has written too much."""
        return self._used > self.limit_bytes

    def _watch(self, over: threading.Event) -> None:
        before = self._free_bytes()
        looks = 0
        while not over.wait(LOOK_SECONDS):
            looks += 1
            free = self._free_bytes()
            # The engine has to count for its answer; the disk of this machine has its own ready.
            is_due = looks % ASK_LOOKS == 0 if before is None or free is None else before - free > self.limit_bytes // 2
            if not is_due:
                continue
            self._used = self.disks.used(self.container.id) or 0
            if self.is_exceeded:
                # The connection is this thread's own.
                with contextlib.closing(self.engine.client) as client, contextlib.suppress(APIError):
                    client.kill(self.container.id, "SIGKILL")
                return

    def _free_bytes(self) -> int | None:
        """How much room the engine's disk has; None where that is on another machine, or out of sight."""
        if not self.engine.is_local or not self.engine.root:
            return None
        try:
            found = os.statvfs(self.engine.root)
        except OSError:
            return None
        return found.f_bavail * found.f_frsize
