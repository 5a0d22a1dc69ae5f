"""A container that somebody attends while it runs: who hears what it says, and whose order stops it.

What it says comes from the engine as the program writes it, and not from the log that the engine keeps: of that, Docker
20.10 leaves out whole parts to a reader that is slower than the program.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Self, TypeAlias

from docker.types import CancellableStream

from conformance.outcome.outcome import End, Stop
from conformance.service import utilization
from conformance.service.containers import Container
from conformance.service.disks import Disks
from conformance.service.ending import Ended, Ending, Limits
from conformance.service.engine import Engine, responses
from conformance.service.live import Live, Stream, Watcher
from conformance.service.usage import Meter

Said: TypeAlias = "CancellableStream[tuple[bytes | None, bytes | None]]"
"""What a container says, in pieces, each of stdout or of stderr."""


@dataclass
class Attendance:
    """A container about to start, as a context manager, within which it is started and waited for.

    Without `live`, nobody attends it. `gpus` says that it has GPUs of the engine's machine.
    """

    container: Container
    host: str
    engine: Engine
    disks: Disks
    live: Live | None
    gpus: bool = False
    _hearing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _trouble: list[Exception] = field(default_factory=list)
    _ended: bool = False

    def __enter__(self) -> Self:
        """Begin to listen: nothing that it says is missed."""
        if self.live is not None:
            with contextlib.ExitStack() as hearing:
                said = hearing.enter_context(_attached(self.container))
                watcher = self.live.watcher
                watcher.started(self.host)
                hearing.callback(watcher.ended, self.host)
                listening = threading.Thread(target=self._listen, args=(said, watcher), name="said", daemon=True)
                listening.start()
                hearing.callback(listening.join)
                hearing.callback(self._give_up, said)
                self._hearing = hearing.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Hear it out."""
        self._hearing.close()
        if self._trouble:
            raise self._trouble[0]

    def _give_up(self, said: Said) -> None:
        # What was never started says nothing, whatever the engine makes of its stream.
        if not self._ended:
            _close(said)

    def wait(self, limits: Limits, is_killed: Callable[[], bool] = lambda: False) -> Ended:
        """Wait until it has ended, by itself, at its limit, or by order; `is_killed` says whether the suite did it."""
        if self.live is None:
            return self.container.wait(limits, is_killed)
        with self._stopping(self.live) as stops, self._measuring(self.live):
            ended = self.container.wait(limits, lambda: stops.begun or is_killed())
        self._ended = True
        if stops.made is None or ended.end is not End.EXITED:
            return ended
        return replace(ended, end=End.STOPPED, stop=stops.made)

    @contextlib.contextmanager
    def _stopping(self, live: Live) -> Iterator[_Stops]:
        """Stop it once that is ordered while the block runs."""
        stops = _Stops()
        awake, over = threading.Event(), threading.Event()

        def stop() -> Stop | None:
            awake.wait()
            if over.is_set():
                return None
            stops.begun = True
            settings = self.container.settings
            # The engine's client is one of this thread.
            ending = Ending(self.engine.client, self.container.id, settings.stop_grace_seconds)
            return ending.stop(settings.stop_signal)

        with ThreadPoolExecutor(1, thread_name_prefix="stop") as pool:
            stopping = pool.submit(stop)
            try:
                with live.stop.telling(awake.set):
                    yield stops
            finally:
                over.set()
                awake.set()
            stops.made = stopping.result()

    @contextlib.contextmanager
    def _measuring(self, live: Live) -> Iterator[None]:
        """Measure it again and again while the block runs, where that is asked for."""
        over = threading.Event()
        if not live.measure_seconds:
            yield
            return
        measuring = threading.Thread(target=self._measure, args=(live, over), name="measured", daemon=True)
        measuring.start()
        try:
            yield
        finally:
            over.set()
            measuring.join()

    def _measure(self, live: Live, over: threading.Event) -> None:
        with utilization.measuring(wanted=self.gpus and self.engine.is_local) as gpus:
            meter = Meter(self.engine, self.container.id, self.disks, gpus)
            meter.read()
            while not over.wait(live.measure_seconds):
                usage = meter.read()
                if usage is not None:
                    try:
                        live.watcher.measured(self.host, usage)
                    except Exception as error:  # noqa: BLE001 - raised again where the run ends
                        self._trouble.append(error)
                        return

    def _listen(self, said: Iterable[tuple[bytes | None, bytes | None]], watcher: Watcher) -> None:
        for chunks in said:
            for stream, chunk in zip(Stream, chunks, strict=True):
                # Once it cannot be told, it is still read: the program would wait for somebody to do so.
                if chunk and not self._trouble:
                    self._tell(watcher, stream, chunk)

    def _tell(self, watcher: Watcher, stream: Stream, chunk: bytes) -> None:
        try:
            watcher.said(self.host, stream, chunk)
        except Exception as error:  # noqa: BLE001 - raised again where the run ends
            self._trouble.append(error)


@contextlib.contextmanager
def _attached(container: Container) -> Iterator[Said]:
    """The connection by which a container is heard, closed at the end of the block."""
    client = container.client
    with responses(client) as answers:
        said = client.attach(container.id, stdout=True, stderr=True, stream=True, demux=True)
    try:
        yield said
    finally:
        _close(said)
        for answer in answers:
            answer.close()


def _close(said: Said) -> None:
    # The engine may have closed its end, and with TLS there is no connection any more then.
    with contextlib.suppress(OSError):
        said.close()


@dataclass
class _Stops:
    """Whether it is being stopped by order, and how that ended."""

    begun: bool = False
    made: Stop | None = None
