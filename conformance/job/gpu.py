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
    """GPUs for a job whose instance type has them, where the engine has any."""
    REQUIRE = "require"
    """GPUs for every job; an engine without is an error."""
    SIMULATED = "simulated"
    """Something that looks like a GPU for every job, which shows nothing of CUDA."""


def asks_for_gpus(request: JobRequest) -> bool:
    """Whether the instances that a request asks for have GPUs."""
    return request.instance_type.removeprefix("ml.").partition(".")[0] in FAMILIES


def to_look(request: JobRequest) -> JobRequest:
    """The request whose container is looked at: on one host, and with neither inputs nor outputs."""
    left_out = {"ProcessingInputs", "ProcessingOutputConfig"}
    document = {name: member for name, member in request.document.items() if name not in left_out}
    return replace(request, document=document).on_hosts(1)


def wants(request: JobRequest, choice: Choice) -> bool:
    """Whether a request's containers are to get GPUs."""
    return choice is not Choice.AUTO or asks_for_gpus(request)
