"""What runs on an engine whose machine is of another architecture than AWS's: only what it emulates."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from docker.errors import APIError

from conformance.image.image import Image
from conformance.probe.bundle import report, words
from conformance.service import platforms, sidecar
from conformance.service.engine import Engine

WAIT_SECONDS = 60.0


class Emulation:
    """Whether an engine runs programs for linux/amd64 on another machine; it is tried once, by the probe."""

    def __init__(self, engine: Engine) -> None:
        """Ask nothing of the engine yet."""
        self._engine = engine
        self._works: bool | None = None
        self._trying = threading.Lock()

    def why_not_run(self, image: Image, labels: Mapping[str, str]) -> str:
        """Why no run of an image would show anything; empty where they do."""
        if image.platform != platforms.AWS:
            return f"the image is for {image.platform}"
        with self._trying:
            if self._works is None:
                self._works = self._tried(labels)
        if self._works:
            return ""
        return f"the engine runs on {self._engine.architecture}, and has no emulator for programs for {platforms.AWS}"

    def _tried(self, labels: Mapping[str, str]) -> bool:
        plan = report(words("exit", 0))
        with sidecar.create(self._engine.client, plan, labels=labels, network_mode="none") as probing:
            try:
                probing.start()
            except APIError:
                return False
            return probing.wait(WAIT_SECONDS) and probing.exit_code() == 0
