"""What the service brings from S3 before the container starts."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.files.tree import is_below
from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.job.variation import AS_REQUESTED, FEW_OBJECTS
from conformance.outcome.outcome import End, Outcome
from conformance.rule.contract import API
from conformance.rule.declaration import DOCUMENTED, INFERRED, MEASURED, MUST, SHOULD, DoesNotApply, NotJudged, check
from conformance.rule.evidence import did_well, end_of, failed_by_itself, needs_success, succeeded
from conformance.rule.sight import Sight


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
    sees={Sight.ENDS, Sight.LOGS, Sight.TIMES},
    clause="With ShardedByS3Key each host gets a share of the objects, and where there are fewer objects than hosts "
    "some get none.",
    spec=API / "ProcessingS3Input",
    basis=DOCUMENTED,
    remedy="Take an empty or missing directory of a sharded input for a share without objects: take part in what the "
    "hosts do together, and exit with 0.",
)
def empty_shard(image: Image, good: Outcome, few: Outcome) -> Iterator[str]:
    """One object for all hosts, which the first one gets; what they write of it is not judged."""
    needs_success(good)
    first, *others = few.hosts
    failed = [host for host in others if not did_well(host) and host.end is not End.SUITE_LIMIT]
    for host in failed:
        yield f"Expected {host.name} to exit with 0 where it gets no object of a sharded input, and it {end_of(host)}."
    if failed or succeeded(few):
        return
    if failed_by_itself(first) or first.end is End.MAX_RUNTIME:
        # One object may be too little for whoever gets it.
        raise DoesNotApply(f"with one object {first.name}, which got it, {end_of(first)}, and no other host failed")
    limited = next(host for host in few.hosts if not did_well(host))
    raise NotJudged(f"{limited.name} was still running after {limited.seconds:.0f} s, the suite's own limit")


@check(
    "inputs.pipe",
    SHOULD,
    "What comes through a pipe is read",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.PIPES},
    clause="In Pipe mode an input is streamed through named pipes while the job runs, and the volume is not used.",
    spec=API / "ProcessingS3Input",
    basis=INFERRED,
    remedy="Open the FIFO for reading and read to its end. AWS names none for Processing; training names the first one "
    "as the directory with _0 after it, here LocalPath_0.",
)
def pipe(image: Image, outcome: Outcome) -> Iterator[str]:
    """By what the other end of each FIFO saw; a program may stop reading early, but has to begin."""
    pipes = [item for item in outcome.request.inputs if item.is_pipe]
    if not pipes:
        raise DoesNotApply("no input has S3InputMode Pipe")
    needs_success(outcome)
    for host in outcome.hosts:
        for item in pipes:
            if not any(feed.path.startswith(item.fifo_prefix) for feed in host.feeds):
                yield (
                    f"Expected a program on {host.name} to open {item.fifo_prefix}0, through which input {item.name} "
                    f"comes, and none did; the job succeeded without it."
                )
