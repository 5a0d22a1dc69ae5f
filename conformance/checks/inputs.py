"""What the service downloads from S3 before the container starts."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.files.tree import is_below
from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.job.variation import AS_REQUESTED, FEW_OBJECTS
from conformance.outcome.outcome import End, Outcome
from conformance.rule.contract import API
from conformance.rule.declaration import (
    DOCUMENTED,
    INFERRED,
    MEASURED,
    MUST,
    SHOULD,
    DoesNotApply,
    NotJudged,
    OnAws,
    check,
)
from conformance.rule.evidence import did_well, end_of, failed_by_itself, needs_success, succeeded
from conformance.rule.sight import Sight


@check(
    "inputs.not-executed",
    MUST,
    "No input file is executed directly",
    job=None,
    clause="S3 keeps no permissions, so input files have no execute permission, and no engine can start them.",
    spec=API / "ProcessingS3Input",
    basis=MEASURED,
    remedy='Run it with an interpreter of the image: `"ContainerEntrypoint": ["/bin/bash", "/opt/ml/processing/..."]`.',
    reproduce="docker run --rm --entrypoint /etc/hostname IMAGE",
)
def not_executed(image: Image, requests: tuple[JobRequest, ...]) -> Iterator[str]:
    """Checked by the first word of the request's command."""
    if not any(request.entrypoint for request in requests):
        raise DoesNotApply("no request has a ContainerEntrypoint")
    for request in requests:
        word = (request.entrypoint or ("",))[0]
        path = image.absolute(word) if "/" in word else ""
        for item in request.inputs:
            if path and is_below(path, item.local_path):
                yield (
                    f"Expected ContainerEntrypoint of job {request.name} to start with a program of the image, but "
                    f"{word} is a file of input {item.name}, which has no execute permission."
                )


@check(
    "inputs.empty-shard",
    SHOULD,
    "A host with an empty shard exits with 0",
    job=FEW_OBJECTS,
    sees={Sight.ENDS, Sight.LOGS, Sight.TIMES},
    on_aws=OnAws.COMPLETED,
    clause="With ShardedByS3Key each host gets a shard of the objects; if there are fewer objects than hosts, some "
    "shards are empty.",
    spec=API / "ProcessingS3Input",
    basis=DOCUMENTED,
    remedy="Treat an empty or missing directory of a sharded input as an empty shard: take part in what the hosts do "
    "together, and exit with 0.",
)
def empty_shard(image: Image, good: Outcome, few: Outcome) -> Iterator[str]:
    """The first host gets the only object; the outputs are not checked."""
    needs_success(good)
    first, *others = few.hosts
    failed = [host for host in others if not did_well(host) and host.end is not End.SUITE_LIMIT]
    for host in failed:
        yield f"Expected {host.name} to exit with 0 with an empty shard, but it {end_of(host)}."
    if failed or succeeded(few):
        return
    if failed_by_itself(first) or first.end is End.MAX_RUNTIME:
        # One object may be too few for the host that gets it.
        raise DoesNotApply(f"with a single object {first.name}, which got it, {end_of(first)}; no other host failed")
    limited = next(host for host in few.hosts if not did_well(host))
    raise NotJudged(f"{limited.name} was still running after {limited.seconds:.0f} s, the suite's own time limit")


@check(
    "inputs.pipe",
    SHOULD,
    "Pipe inputs are read",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.PIPES},
    clause="In Pipe mode an input is streamed through named pipes while the job runs, without using the volume.",
    spec=API / "ProcessingS3Input",
    basis=INFERRED,
    remedy="Open the FIFO for reading and read it to the end. AWS documents no name for Processing; the suite uses "
    "that of training jobs, LocalPath_0 for the first one.",
)
def pipe(image: Image, outcome: Outcome) -> Iterator[str]:
    """Checked at the writing end of each FIFO; a program may stop reading early, but must start."""
    pipes = [item for item in outcome.request.inputs if item.is_pipe]
    if not pipes:
        raise DoesNotApply("no input has S3InputMode Pipe")
    needs_success(outcome)
    for host in outcome.hosts:
        for item in pipes:
            if not any(feed.path.startswith(item.fifo_prefix) for feed in host.feeds):
                yield (
                    f"Expected a program on {host.name} to open {item.fifo_prefix}0, the FIFO of input {item.name}, "
                    "but none did; the job succeeded without it."
                )
