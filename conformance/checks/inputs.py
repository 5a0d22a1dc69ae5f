"""What the service brings from S3 before the container starts."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.contract import API
from conformance.declaration import MEASURED, MUST, DoesNotApply, check
from conformance.filetree import is_below
from conformance.image import Image
from conformance.job import JobRequest


@check(
    "inputs.not-executed",
    MUST,
    "No file of an input is to be executed by itself",
    job=None,
    clause="S3 keeps no permissions, so what an input brings has no execute permission, and no engine starts it.",
    spec=API / "ProcessingS3Input",
    basis=MEASURED,
    remedy='Let an interpreter of the image run it: `"ContainerEntrypoint": ["/bin/bash", "/opt/ml/processing/..."]`.',
    reproduce="docker run --rm --entrypoint ls IMAGE -l /opt/ml",
)
def not_executed(image: Image, requests: tuple[JobRequest, ...]) -> Iterator[str]:
    """By the first word of what the request has the engine run."""
    if not any(request.entrypoint for request in requests):
        raise DoesNotApply("no request names a ContainerEntrypoint")
    for request in requests:
        word = (request.entrypoint or ("",))[0]
        path = image.absolute(word) if "/" in word else ""
        for item in request.inputs:
            if path and is_below(path, item.local_path):
                yield (
                    f"Expected ContainerEntrypoint of job {request.name} to begin with a program of the image, and "
                    f"{word} is a file of input {item.name}, which arrives without execute permission."
                )
