"""What steers the local service where AWS leaves something open, or where a small machine cannot give as much.

Each setting has its basis. Every report lists them, and beside them the choices that cannot be set, so that a reader
can tell what was chosen from what the contract says.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from conformance.service.choices import FIXED, Choice

DECOY_HOSTNAME = "ip-10-0-86-41.ec2.internal"
"""The container's own hostname: on AWS it is not `algo-1` either (contract, section 3.4)."""


def _setting(default: Any, basis: str) -> Any:  # noqa: ANN401 - as `dataclasses.field`, whose typing is special
    return field(default=default, metadata={"basis": basis})


@dataclass(frozen=True)
class Settings:
    """The settings; `basis` of each says where its default comes from."""

    time_limit_seconds: float = _setting(300.0, "the suite's own bound, where MaxRuntimeInSeconds is longer")
    stop_signal: str = _setting("SIGINT", "documented; every other SageMaker stop sends SIGTERM")
    stop_grace_seconds: float = _setting(10.0, "AWS documents no grace period for Processing; --image-grace")
    region: str = _setting("us-east-1", "any region will do")
    network: str = _setting("none", "of one host: no network to the outside; its own names resolve to itself")
    outside_network: str = _setting("", "--image-network: joined besides, but not with EnableNetworkIsolation")
    late_name_seconds: float = _setting(3.0, "AWS names no time; its own Spark image tries to resolve names for 60 s")
    late_name_queries: int = _setting(3, "how often each host asks in vain, where names are known late")
    late_start_seconds: float = _setting(8.0, "AWS names no time between the starts of hosts")
    continuous_seconds: float = _setting(1.0, "AWS does not say how often it looks at a continuous output")
    hostname: str = _setting(DECOY_HOSTNAME, "observed: a container's own hostname is not algo-1")
    shm_bytes: int = _setting(64 << 20, "observed: /dev/shm has Docker's default of 64 MiB")
    processes: int = _setting(4096, "the suite's own bound")
    memory_fraction: float = _setting(0.75, "the suite's own bound: this part of the engine's memory")
    hidden_gpus: str = _setting("void", "NVIDIA_VISIBLE_DEVICES of a job without GPUs: no driver, as on AWS")
    log_bytes: int = _setting(16 << 20, "the suite's own bound: the last bytes are kept by the engine")
    archive_bytes: int = _setting(32 << 30, "the suite's own bound on what a container leaves below /opt/ml")

    def described(self) -> list[dict[str, Any]]:
        """Name, value and basis of every choice that was made, for the reports: first those that can be set."""
        own = (Choice(each.name, getattr(self, each.name), each.metadata["basis"]) for each in fields(self))
        return [choice.described() for choice in (*own, *FIXED)]
