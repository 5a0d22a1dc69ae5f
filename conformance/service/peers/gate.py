"""A gate before which the programs of a job's hosts wait until all of them can begin.

AWS starts a job's instances together, and a program's patience with its peers counts from its own begin. An engine
starts containers one after the other, a hundred of them within a minute: what each waits for the last one is time that
the engine took, and not the program.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable


class Gate:
    """Opens once all hosts have arrived; a host that will not come any more has to arrive as well."""

    def __init__(self, hosts: Iterable[str]) -> None:
        """Wait for these."""
        self._missing = set(hosts)
        self.number = len(self._missing)
        self._changing = threading.Lock()
        self._open = threading.Event()

    def arrive(self, host: str) -> None:
        """Take note that the program of a host can begin, or never will; again is as good as once."""
        with self._changing:
            self._missing.discard(host)
            if not self._missing:
                self._open.set()

    def wait(self) -> None:
        """Wait until it is open."""
        self._open.wait()
