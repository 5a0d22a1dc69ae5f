"""The variables that tell NVIDIA's container toolkit which GPUs and driver parts a container gets."""

from __future__ import annotations

from collections.abc import Mapping

VISIBLE_DEVICES = "NVIDIA_VISIBLE_DEVICES"
"""What NVIDIA's runtime reads from a container's environment: `void` disables it, `all` means every GPU."""
ALL = "all"

DRIVER_CAPABILITIES = "NVIDIA_DRIVER_CAPABILITIES"
DEFAULT_CAPABILITIES = "utility,compute"
"""Which parts of the driver a container gets, and the default (NVIDIA Container Toolkit)."""


def capabilities(variables: Mapping[str, str]) -> frozenset[str]:
    """Which parts of the driver a container with these variables gets."""
    said = variables.get(DRIVER_CAPABILITIES) or DEFAULT_CAPABILITIES
    return frozenset(word.strip() for word in said.split(","))
