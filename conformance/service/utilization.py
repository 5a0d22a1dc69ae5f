"""How busy the GPUs of this machine are while a job runs, as NVIDIA's management library measures it.

AWS gives the same two numbers as metrics of a Processing job: GPUUtilization and GPUMemoryUtilization, in percent of a
GPU and added up over all that an instance has. The engine's API tells neither, so that they are known only where the
engine is on this machine and `nvidia-ml-py` is installed, which the extra `[gpu]` brings.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self, TypeAlias

from conformance.outcome.gpu import Utilization

try:
    import pynvml
except ImportError:
    pynvml = None

SAMPLE_SECONDS = 0.25
"""The library itself looks at what a GPU does a few times a second."""


class Measurement:
    """Measures while its block runs; `found` is the result afterwards, None where nothing can be measured."""

    def __init__(self, *, wanted: bool) -> None:
        """Measure nothing yet, and nothing at all unless it is wanted."""
        self._wanted = wanted
        self.found: Utilization | None = None
        self._samples: list[tuple[float, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._measure, name="utilization", daemon=True)

    def __enter__(self) -> Self:
        """Begin, if the library and its driver are there."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Put what was measured together."""
        self._over.set()
        self._thread.join()
        if self._samples:
            busy, memory = zip(*self._samples, strict=True)
            self.found = Utilization(sum(busy) / len(busy), max(busy), max(memory))

    def _measure(self) -> None:
        with measuring(wanted=self._wanted) as look:
            while look is not None and not self._over.wait(SAMPLE_SECONDS):
                sample = look()
                if sample is None:
                    self._samples.clear()
                    return
                self._samples.append(sample)


Gpus: TypeAlias = Callable[[], tuple[float, float] | None] | None
"""Says how busy all GPUs are and how full their memory is; None where that cannot be measured, or is not wanted."""


@contextlib.contextmanager
def measuring(*, wanted: bool) -> Iterator[Gpus]:
    """Have GPUs measured while the block runs."""
    if pynvml is None or not wanted:
        yield None
        return
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        # There is no driver here, whatever the engine gives its containers.
        yield None
        return
    try:
        yield _look
    finally:
        pynvml.nvmlShutdown()


def _look() -> tuple[float, float] | None:
    try:
        gpus = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
        return (sum(map(_busy, gpus)), sum(map(_memory, gpus))) if gpus else None
    except pynvml.NVMLError:
        # A part of a GPU, as MIG makes them, has no number of its own: what is not measured is not told.
        return None


def _busy(gpu: Any) -> float:  # noqa: ANN401 - the library has no types
    """In percent of the time since the last look, that a kernel ran."""
    return float(pynvml.nvmlDeviceGetUtilizationRates(gpu).gpu)


def _memory(gpu: Any) -> float:  # noqa: ANN401 - as above
    """In percent of its memory, that is taken."""
    memory = pynvml.nvmlDeviceGetMemoryInfo(gpu)
    return 100.0 * float(memory.used) / float(memory.total)
