"""All executions of pipelines."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from conformance.serve import faults
from conformance.serve.execution import Execution
from conformance.serve.faults import Fault


class Executions:
    """All executions, in the order in which they began."""

    def __init__(self) -> None:
        """There is none yet."""
        self._executions: list[Execution] = []
        self._lock = threading.Lock()

    def begin(self, region: str, pipeline: str, token: str, make: Callable[[], Execution]) -> Execution:
        """The execution of a pipeline that a request's token stands for, made for the first request with that token."""
        with self._lock:
            for each in self._of_pipeline(region, pipeline):
                if each.request["ClientRequestToken"] == token:
                    return each
            made = make()
            self._executions.append(made)
            return made

    def find(self, arn: str) -> Execution:
        """The execution with this ARN; raises `Fault` where there is none."""
        with self._lock:
            found = next((each for each in self._executions if each.arn == arn), None)
        if found is None:
            raise faults.no_execution(arn)
        return found

    def of_pipeline(self, region: str, pipeline: str) -> list[Execution]:
        """The executions of one pipeline."""
        with self._lock:
            return self._of_pipeline(region, pipeline)

    def remove(self, region: str, pipeline: str) -> None:
        """Forget the executions of one pipeline, which have ended."""
        with self._lock:
            gone = self._of_pipeline(region, pipeline)
            self._executions = [each for each in self._executions if each not in gone]

    def stop(self) -> None:
        """Have all of them stopped that have not ended."""
        for each in self._all():
            with contextlib.suppress(Fault):
                each.stop()

    def join(self) -> None:
        """Wait until all have ended."""
        for each in self._all():
            each.join()

    def _of_pipeline(self, region: str, pipeline: str) -> list[Execution]:
        return [each for each in self._executions if (each.region, each.pipeline) == (region, pipeline)]

    def _all(self) -> list[Execution]:
        with self._lock:
            return list(self._executions)
