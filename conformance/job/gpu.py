"""Which jobs get GPUs."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from conformance.job.request import JobRequest

FAMILIES = frozenset({"p2", "p3", "p5", "g4dn", "g5", "g6", "g6e", "g7", "g7e"})
"""The families of `ProcessingInstanceType` that have NVIDIA GPUs.

Source: botocore's model of the enumeration, and Amazon EC2's pages on accelerated computing, by which every family of
it that begins with p or g has them. Instances with other accelerators are not among those of Processing.
"""


class Choice(StrEnum):
    """`--image-gpu`."""

    AUTO = "auto"
    """GPUs for jobs whose instance type has them, if the engine has any."""
    REQUIRE = "require"
    """GPUs for every job; an engine without GPUs is an error."""
    SIMULATED = "simulated"
    """A simulated GPU for every job, which cannot show that CUDA works."""


def asks_for_gpus(request: JobRequest) -> bool:
    """Whether the request's instance type has GPUs."""
    return request.instance_type.removeprefix("ml.").partition(".")[0] in FAMILIES


def to_look(request: JobRequest) -> JobRequest:
    """The request for the container in which GPUs are looked for: one host, no inputs, no outputs."""
    left_out = {"ProcessingInputs", "ProcessingOutputConfig"}
    document = {name: member for name, member in request.document.items() if name not in left_out}
    return replace(request, document=document).on_hosts(1)


def wants(request: JobRequest, choice: Choice) -> bool:
    """Whether a request's containers get GPUs."""
    return choice is not Choice.AUTO or asks_for_gpus(request)
