"""Notes of when what happens in a run, from the threads of its hosts."""

from __future__ import annotations

import time

from conformance.outcome.outcome import Host
from conformance.outcome.timeline import Moment, Step


class Moments:
    """The moments of one run, which begins now."""

    def __init__(self) -> None:
        """Begin with none."""
        self._began = time.monotonic()
        self._noted: list[Moment] = []

    def note(self, host: str, step: Step, said: str = "", *, at: float | None = None) -> float:
        """Note a step that is taken now, or was `at` this time of `time.monotonic`; returns when, in seconds."""
        seconds = max((time.monotonic() if at is None else at) - self._began, 0.0)
        self.note_seconds(host, step, seconds, said)
        return seconds

    def note_seconds(self, host: str, step: Step, seconds: float, said: str = "") -> None:
        """Note a step that was taken so many seconds after the run began."""
        # Appending is one operation for all threads.
        self._noted.append(Moment(seconds, host, step, said))

    def note_end(self, host: Host, began: float) -> None:
        """Note how a host ended that began at this second; the engine's account of it comes later than the end."""
        end = began + host.seconds
        if host.cut_off_seconds is not None:
            self.note_seconds(host.name, Step.CUT_OFF, began + host.cut_off_seconds)
        if host.stop is not None:
            sent = max(end - host.stop.seconds, began)
            self.note_seconds(host.name, Step.SIGNAL, sent, host.stop.signal or "SIGKILL")
        if host.stop is not None and host.stop.killed and host.stop.signal:
            self.note_seconds(host.name, Step.SIGNAL, end, "SIGKILL")
        self.note_seconds(host.name, Step.ENDED, end)

    @property
    def noted(self) -> tuple[Moment, ...]:
        """All of them, in the order of time."""
        return tuple(sorted(self._noted, key=lambda moment: moment.seconds))
