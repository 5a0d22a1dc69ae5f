"""The override table: what runs for each of the four combinations of ContainerEntrypoint and ContainerArguments.

Source: the developer guide, "How Amazon SageMaker Processing Runs Your Processing Container Image".

| ContainerEntrypoint | ContainerArguments | what runs |
|---|---|---|
| no | no | the image's ENTRYPOINT and CMD |
| no | yes | the image's ENTRYPOINT, with the arguments in place of CMD |
| yes | no | the entrypoint alone; the image's ENTRYPOINT and CMD are ignored |
| yes | yes | the entrypoint with the arguments; the image's ENTRYPOINT and CMD are ignored |
"""

from __future__ import annotations

from conformance.image.image import Image
from conformance.job.request import JobRequest


def argv(image: Image, request: JobRequest) -> tuple[str, ...]:
    """The command that the container gets; empty where neither image nor request names one."""
    if request.entrypoint is not None:
        return request.entrypoint + (request.arguments or ())
    if request.arguments is not None:
        return image.entrypoint + request.arguments
    return image.entrypoint + image.cmd
