"""The settings of the local service where AWS leaves something open, or where a small machine has less to offer.

Each setting has its basis. Every report lists them together with the choices that cannot be changed, so that a reader
can tell what was chosen from what the contract says.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field, fields
from typing import Any

from conformance.service.choices import FIXED, Choice

DECOY_HOSTNAME = "ip-10-0-86-41.ec2.internal"
"""The container's hostname: on AWS it is not `algo-1` either (contract, section 3.4)."""


def _setting(default: Any, basis: str) -> Any:  # noqa: ANN401 - as `dataclasses.field`, whose typing is special
    return field(default=default, metadata={"basis": basis})


@dataclass(frozen=True)
class Settings:
    """The settings; the `basis` of each says where its default comes from."""

    time_limit_seconds: float = _setting(300.0, "the suite's own limit, if shorter than MaxRuntimeInSeconds")
    stop_signal: str = _setting("SIGINT", "documented; other kinds of SageMaker jobs are stopped by SIGTERM")
    stop_grace_seconds: float = _setting(10.0, "AWS documents no grace period for Processing; --image-grace")
    region: str = _setting("us-east-1", "arbitrary")
    network: str = _setting("none", "a single host has no outside network; its own names resolve to itself")
    outside_network: str = _setting("", "--image-network: connected in addition, except with EnableNetworkIsolation")
    late_name_seconds: float = _setting(3.0, "not documented; AWS's own Spark image retries for 60 s")
    late_name_queries: int = _setting(3, "failed queries per host before a late name resolves")
    late_start_seconds: float = _setting(8.0, "AWS documents no time between the starts of hosts")
    continuous_seconds: float = _setting(1.0, "AWS does not document how often it uploads continuous outputs")
    hostname: str = _setting(DECOY_HOSTNAME, "observed: a container's hostname is not algo-1")
    shm_bytes: int = _setting(64 << 20, "observed: /dev/shm has Docker's default of 64 MiB")
    processes: int = _setting(4096, "the suite's own limit; --image-limit=processes=COUNT")
    processors: float = _setting(0.0, "0: all of the engine's, shared fairly; --image-limit=processors=COUNT")
    memory_fraction: float = _setting(0.75, "the suite's own limit: this share of the engine's memory, for all hosts")
    memory_bytes: int = _setting(0, "0: that share; --image-limit=memory=SIZE, for each host")
    hidden_gpus: str = _setting("void", "NVIDIA_VISIBLE_DEVICES of a job without GPUs: no driver, as on AWS")
    log_bytes: int = _setting(16 << 20, "the suite's own limit: the engine keeps the last; --image-limit=log=SIZE")
    disk_bytes: int = _setting(32 << 30, "the suite's own limit on what a host writes; --image-limit=disk=SIZE")
    files: int = _setting(250_000, "the suite's own limit below /opt/ml of a host; --image-limit=files=COUNT")
    session_seconds: float = _setting(0.0, "0: no limit on all runs together; --image-limit=session=SECONDS")
    runtime: str = _setting("", "empty: the engine's own; --image-runtime")

    @classmethod
    def of_aws(cls, **chosen: Any) -> Settings:  # noqa: ANN401 - the fields
        """Those of a job that is run for its own sake: on AWS it has no other limits than those of its request."""
        return cls(time_limit_seconds=math.inf, disk_bytes=sys.maxsize, files=sys.maxsize, **chosen)

    def described(self) -> list[dict[str, Any]]:
        """Name, value and basis of every choice, for the reports; those that can be changed first."""
        own = (Choice(each.name, getattr(self, each.name), each.metadata["basis"]) for each in fields(self))
        return [choice.described() for choice in (*own, *FIXED)]
