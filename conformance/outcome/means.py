"""What an engine says of itself, and what came of trying what sessions rely on.

This module is pure: `facts` takes the answers of Engine API, `SystemInfo` and `SystemVersion`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.files.tree import FileTree
from conformance.outcome.gpu import Gpus
from conformance.outcome.outcome import Outcome

PREFIX_OF_SECURITY = "name="


@dataclass(frozen=True)
class Facts:
    """What an engine says of itself.

    `storage` is its driver, and `store` what keeps images: containerd, or that driver. `cgroups` is the version of
    control groups, and `security` what it has switched on, such as `rootless` or `userns`.
    """

    name: str
    version: str
    api_version: str
    architecture: str
    storage: str
    store: str
    cgroups: str
    log_driver: str
    security: tuple[str, ...] = ()


def facts(info: Mapping[str, Any], version: Mapping[str, Any]) -> Facts:
    """The facts in the answers of an engine; what it does not say is empty."""
    components = version.get("Components") or ({"Name": "Engine"},)
    status = dict(pair for pair in info.get("DriverStatus") or () if len(pair) == 2)  # noqa: PLR2004 - name and value
    is_containerd = status.get("driver-type") == "io.containerd.snapshotter.v1"
    options = [option.partition(",")[0] for option in info.get("SecurityOptions") or ()]
    name = str(components[0].get("Name", "Engine"))
    return Facts(
        name=name if name != "Engine" else "Docker Engine",
        version=str(version.get("Version", "")),
        api_version=str(version.get("ApiVersion", "")),
        architecture=str(info.get("Architecture", "")),
        storage=str(info.get("Driver", "")),
        store="containerd" if is_containerd else "graph driver",
        cgroups=str(info.get("CgroupVersion", "")),
        log_driver=str(info.get("LoggingDriver", "")),
        security=tuple(option.removeprefix(PREFIX_OF_SECURITY) for option in options),
    )


@dataclass(frozen=True)
class Failed:
    """Something that could not be tried, and why."""

    why: str


@dataclass(frozen=True)
class Tried:
    """What came of trying an engine; where something failed on the way, that stands in the place of the result.

    `job` and `stopped` are runs of the suite's own job by a stand-in, in an image that has nothing but the file
    `SHIPPED`; `hosts` is the same job on two hosts. `unpacked` is what was read back of an archive that was put into a
    volume, `said` what a container wrote to its log. `memory_is_limited` and `processes_are_limited` say whether a
    container that takes more is kept from it. `clock_seconds` is by how much the engine's clock is ahead.
    """

    facts: Facts
    job: Outcome | Failed
    stopped: Outcome | Failed
    hosts: Outcome | Failed
    packed: FileTree
    unpacked: FileTree | Failed
    said: bytes | Failed
    expected: bytes
    memory_is_limited: bool | Failed
    processes_are_limited: bool | Failed
    gpus: Gpus | Failed
    clock_seconds: float | Failed
