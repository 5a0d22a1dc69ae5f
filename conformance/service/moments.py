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

    def seconds(self, at: float | None = None) -> float:
        """How long the run has gone on by now, or had `at` this time of `time.monotonic`."""
        return max((time.monotonic() if at is None else at) - self._began, 0.0)

    def note(self, host: str, step: Step, said: str = "", *, at: float | None = None) -> None:
        """Note a step that is taken now, or was `at` this time of `time.monotonic`."""
        self.note_seconds(host, step, self.seconds(at), said)

    def note_seconds(self, host: str, step: Step, seconds: float, said: str = "") -> None:
        """Note a step that was taken so many seconds after the run began."""
        # Appending is one operation for all threads.
        self._noted.append(Moment(seconds, host, step, said))

    def note_end(self, host: Host, began: float) -> None:
        """Note how a host ended whose program began at this second; the engine tells of the end later."""
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
