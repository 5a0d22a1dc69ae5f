"""A process beside a session that removes what the session has on the engine if it is killed.

It learns of that by the end of its input, which the kernel closes however the session ends. As a program it is run by
its path and imports only what every Python brings, until there is something to do: so it costs a session next to
nothing. What is left where it is killed as well, with its container or its machine, the next session removes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ATTEMPTS = 20
PAUSE_SECONDS = 1.0
"""How long it looks for what the engine still makes for a session that was killed."""

DISMISSED = b"."

END_SECONDS = 10.0
"""More than it takes to end when it is told to."""


class Reaper:
    """The process, as the session sees it."""

    def __init__(self, run_id: str) -> None:
        """Start it for the things of one run."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, run_id, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # What ends all processes of a terminal, as Ctrl-C and `timeout` do, does not end this one.
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """End it: there is nothing to remove."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.communicate(DISMISSED, timeout=END_SECONDS)


def main(run_id: str, path: list[str]) -> None:
    """Wait for the end of the session, and remove what it left, unless it has said that there is nothing."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if os.read(sys.stdin.fileno(), len(DISMISSED)):
        # The session waits for this end.
        os._exit(0)
    sys.path[:] = [str(Path(__file__).parents[2]), *path]
    from docker.errors import DockerException  # noqa: PLC0415 - only where something is to be removed

    from conformance.errors import ConformanceError  # noqa: PLC0415 - as above
    from conformance.service import cleanup, engine  # noqa: PLC0415 - as above

    for _ in range(ATTEMPTS):
        # An engine that does not answer may do so a moment later.
        with contextlib.suppress(ConformanceError, DockerException, OSError):
            cleanup.remove_run(engine.connect().client, run_id)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
