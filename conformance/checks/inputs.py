"""What the service brings from S3 before the container starts."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.contract import API
from conformance.declaration import DOCUMENTED, MEASURED, MUST, SHOULD, DoesNotApply, check
from conformance.evidence import end_of
from conformance.filetree import is_below
from conformance.image import Image
from conformance.job import FEW_OBJECTS, JobRequest
from conformance.outcome import End, Outcome


@check(
    "inputs.not-executed",
    MUST,
    "No file of an input is to be executed by itself",
    job=None,
    clause="S3 keeps no permissions, so what an input brings has no execute permission, and no engine starts it.",
    spec=API / "ProcessingS3Input",
    basis=MEASURED,
    remedy='Let an interpreter of the image run it: `"ContainerEntrypoint": ["/bin/bash", "/opt/ml/processing/..."]`.',
    reproduce="docker run --rm --entrypoint /etc/hostname IMAGE",
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


@check(
    "inputs.empty-shard",
    SHOULD,
    "A host that gets no object of a sharded input exits with 0",
    job=FEW_OBJECTS,
    clause="With ShardedByS3Key each host gets a share of the objects, and where there are fewer objects than hosts "
    "some get none.",
    spec=API / "ProcessingS3Input",
    basis=DOCUMENTED,
    remedy="Take an empty or missing directory of a sharded input for a share without objects: take part in what the "
    "hosts do together, and exit with 0.",
)
def empty_shard(image: Image, good: Outcome, few: Outcome) -> Iterator[str]:
    """One object for all hosts; what they write of it is not judged."""
    for host in few.hosts:
        if host.end is not End.EXITED or host.exit_code != 0:
            yield f"Expected {host.name} to exit with 0 where a sharded input has one object, and it {end_of(host)}."
