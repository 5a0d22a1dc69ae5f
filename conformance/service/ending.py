"""How a container ends: by itself, or at a limit by a signal and, after the grace, by SIGKILL."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import APIError
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import HTTPError, JSONDecodeError, Timeout

from conformance.errors import JobError
from conformance.outcome.outcome import End, Stop
from conformance.probe import HALTED
from conformance.service.engine import has_ended, stat
from conformance.service.rescue import kill_from_within

KILL_WAIT_SECONDS = 30.0
"""How long the engine may take to stop a container after SIGKILL."""

STUCK_SECONDS = 5
"""A container that has not ended so long after SIGKILL may wait for a tracer that was stopped."""

KILLED = 128 + 9
"""The exit code of a process that SIGKILL ended."""

OUT_OF_MEMORY_NEWS_SECONDS = 10.0

LOOK_SECONDS = 0.05
"""How often to see whether a container has been halted at its work."""

LAST_SECONDS = 1.0
"""How long before its limit a container is inspected, to distinguish a busy one from an idle one."""

JUST_ENDED_SECONDS = 5.0
"""How long an engine that refuses to signal a container, since it has ended, may take to say so of it."""

NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Limits:
    """How long a container may run, which limit that is, and which signal it then gets before SIGKILL, if any.

    With `at_work` the limit comes as soon as the tracer has halted it at its work, and after that time at the latest.
    """

    seconds: float
    end: End
    signal: str = ""
    at_work: bool = False


@dataclass(frozen=True)
class Ended:
    """How a container ended, according to the engine."""

    end: End
    exit_code: int | None
    start_error: str = ""
    out_of_memory: bool = False
    seconds: float = 0.0
    stop: Stop | None = None
    processor_seconds: float | None = None


@dataclass(frozen=True)
class Ending:
    """Waits for a started container; `grace_seconds` is the time that it has after a signal."""

    client: docker.APIClient
    id: str
    grace_seconds: float

    def wait(self, limits: Limits, is_stopped: Callable[[], bool] = lambda: False) -> Ended:
        """Wait until it has ended, by itself or at its limit; `is_stopped` says whether somebody else ends it."""
        begun = time.monotonic()
        ended, processor_seconds = self._wait_and_look(limits, begun)
        # What ends by itself just as it is to be stopped was not stopped.
        stop = None if ended else self.stop(limits.signal)
        seconds = time.monotonic() - begun
        state = self._final_state(killed_by_us=stop is not None or is_stopped())
        return Ended(
            End.EXITED if stop is None else limits.end,
            state["ExitCode"],
            out_of_memory=bool(state.get("OOMKilled")),
            seconds=seconds,
            stop=stop,
            processor_seconds=processor_seconds,
        )

    def _wait_and_look(self, limits: Limits, begun: float) -> tuple[bool, float | None]:
        """Whether it ended within its limit; if not, how much processor time it took in the last second before it."""
        if limits.at_work:
            return self._wait_for_work(limits.seconds), None
        if limits.end not in {End.MAX_RUNTIME, End.SUITE_LIMIT} or limits.seconds <= LAST_SECONDS:
            return self._wait(limits.seconds), None
        if self._wait(limits.seconds - LAST_SECONDS):
            return True, None
        before = self._processor_seconds()
        # What the engine took to answer is no time of the container's.
        if self._wait(max(begun + limits.seconds - time.monotonic(), LAST_SECONDS / 2)):
            return True, None
        after = self._processor_seconds()
        return False, None if before is None or after is None else after - before

    def _wait_for_work(self, limit_seconds: float) -> bool:
        """Whether it ended before its work was seen to begin."""
        deadline = time.monotonic() + limit_seconds
        while time.monotonic() < deadline and not self._has_halted():
            if self._wait(LOOK_SECONDS):
                return True
        return False

    def _has_halted(self) -> bool:
        # A process of the container may have removed the file.
        with contextlib.suppress(HTTPError):
            return bool(stat(self.client, self.id, HALTED)["size"])
        return False

    def _processor_seconds(self) -> float | None:
        """How much processor time its processes have used; None if the engine does not measure it."""
        # Of a container that is just ending, Podman answers with nothing.
        with contextlib.suppress(APIError, JSONDecodeError):
            found = self.client.stats(self.id, stream=False, one_shot=True)
            return found.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage", 0) / NANOSECONDS or None
        return None

    def _wait(self, limit_seconds: float) -> bool:
        return has_ended(self.client, self.id, within_seconds=limit_seconds)

    def stop(self, signal: str) -> Stop | None:
        """Stop it by a signal and, after the grace, by SIGKILL; None if it ended before the first of them was sent."""
        begun = time.monotonic()
        if signal:
            if not self._kill(signal):
                return None
            if self._wait(self.grace_seconds):
                return Stop(signal, time.monotonic() - begun, killed=False)
        grace = time.monotonic() - begun
        if not self._kill_for_good():
            return Stop(signal, time.monotonic() - begun, killed=False) if signal else None
        return Stop(signal, grace, killed=True)

    def _kill_for_good(self) -> bool:
        """Kill it, whatever it does; False if it has ended by itself."""
        timeout = self.client.timeout
        # Docker Engine answers only when it has ended, or after a long while.
        self.client.timeout = STUCK_SECONDS
        try:
            if not self._kill("SIGKILL"):
                return False
        except (Timeout, RequestsConnectionError):
            # What has ended just now needs no more.
            with contextlib.suppress(APIError):
                self.client.timeout = timeout
                kill_from_within(self.client, self.id)
        finally:
            self.client.timeout = timeout
        if not self._wait(KILL_WAIT_SECONDS):
            raise JobError(f"the engine did not stop a container within {KILL_WAIT_SECONDS:g} s of SIGKILL")
        return True

    def _kill(self, signal: str) -> bool:
        """Send it a signal; False if it has ended by itself, which the engine answers with a conflict."""
        try:
            self.client.kill(self.id, signal)
        except APIError:
            if not self._wait(JUST_ENDED_SECONDS):
                raise
            return False
        return True

    def _final_state(self, *, killed_by_us: bool) -> dict[str, Any]:
        """The engine's state after the end; it may record a lack of memory only some time after the exit."""
        deadline = time.monotonic() + OUT_OF_MEMORY_NEWS_SECONDS
        while True:
            state: dict[str, Any] = self.client.inspect_container(self.id)["State"]
            unexplained = state["ExitCode"] == KILLED and not state.get("OOMKilled") and not killed_by_us
            if not (unexplained or state.get("Running")):
                return state
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        if state.get("Running"):
            raise JobError("the engine said that a container has ended, but it runs")
        return state
