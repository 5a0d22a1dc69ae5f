"""The variables by which NVIDIA's container toolkit learns what a container is to have of a GPU."""

from __future__ import annotations

from collections.abc import Mapping

VISIBLE_DEVICES = "NVIDIA_VISIBLE_DEVICES"
"""What NVIDIA's runtime takes from a container's environment: `void` leaves it alone, `all` gives it every GPU."""
ALL = "all"

DRIVER_CAPABILITIES = "NVIDIA_DRIVER_CAPABILITIES"
DEFAULT_CAPABILITIES = "utility,compute"
"""Which parts of the driver a container gets, and which where nobody says (NVIDIA Container Toolkit)."""


def capabilities(variables: Mapping[str, str]) -> frozenset[str]:
    """Which parts of the driver a container with these variables gets."""
    said = variables.get(DRIVER_CAPABILITIES) or DEFAULT_CAPABILITIES
    return frozenset(word.strip() for word in said.split(","))
