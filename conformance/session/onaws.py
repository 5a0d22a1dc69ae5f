"""Where the jobs of a session run, if not on a Docker Engine: the options of a session on AWS, and its service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.image.image import Image
from conformance.job.objects import Objects, S3Uri
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.rule import outside
from conformance.rule.declaration import NotJudged
from conformance.rule.programs import PROGRAMS

if TYPE_CHECKING:
    import pytest

    from conformance.onaws.service import AwsService

LOCAL, AWS = "local", "aws"

NOT_ON_AWS = {
    "--image-network": "a job's network is that of its NetworkConfig",
    "--image-aws": "a job has AWS itself",
    "--image-limit": "the limits are those of the instance",
    "--image-runtime": "AWS has its own",
    "--image-grace": "the time before SIGKILL is AWS's own",
}
"""Options that change what a Docker Engine does, and why they have no meaning there."""


@dataclass(frozen=True)
class OnAws:
    """Where on AWS, in which role (empty for that of each request), and whether to start without asking."""

    root: S3Uri
    role: str
    yes: bool


def read(config: pytest.Config) -> OnAws | None:
    """The options of a session on AWS; None for one on a Docker Engine.

    Raises:
        UsageError: an option is invalid, or has no meaning there.
    """
    service = config.getoption("--image-service") or LOCAL
    if service not in {LOCAL, AWS}:
        raise UsageError(f"--image-service: expected {LOCAL} or {AWS}, got {service!r}")
    if service == LOCAL:
        for option in ("--image-bucket", "--image-role", "--image-yes"):
            # What a project's configuration has of them is for sessions on AWS.
            if option in {str(word).partition("=")[0] for word in config.invocation_params.args}:
                raise UsageError(f"{option}: expected --image-service={AWS} as well")
        return None
    for option, why in NOT_ON_AWS.items():
        if option in {str(word).partition("=")[0] for word in config.invocation_params.args}:
            raise UsageError(f"{option}: it has no meaning with --image-service={AWS}: {why}")
    if getattr(config.option, "numprocesses", None):
        raise UsageError(f"-n: expected none with --image-service={AWS}, where jobs run beside each other anyway")
    bucket = config.getoption("--image-bucket")
    if not bucket:
        raise UsageError(
            f"--image-service={AWS}: expected a bucket for the objects of its jobs", hint="--image-bucket=BUCKET"
        )
    role = str(config.getoption("--image-role") or "")
    return OnAws(_root(str(bucket)), role, bool(config.getoption("--image-yes")))


def _root(said: str) -> S3Uri:
    try:
        uri = S3Uri.parse(f"s3://{said.strip().removeprefix('s3://')}")
    except ValueError as error:
        raise UsageError(f"--image-bucket: expected BUCKET or BUCKET/PREFIX, got {said!r}") from error
    return S3Uri(uri.bucket, uri.key.strip("/"))


def service(
    chosen: OnAws | None,
    image: Image,
    requests: Sequence[JobRequest],
    objects: Objects | None,
    time_limit_seconds: float,
    *,
    keep: bool,
) -> AwsService | None:
    """The service of a session on AWS; None for one on a Docker Engine.

    Raises:
        UsageError: the environment names no region, the bucket cannot be used, or AWS cannot have the image.
    """
    if chosen is None:
        return None
    # boto3 takes its time to import.
    from conformance.onaws.calls import Calls  # noqa: PLC0415 - as above
    from conformance.onaws.service import AwsService  # noqa: PLC0415 - as above

    made = AwsService(
        Calls(),
        objects,
        root=chosen.root,
        role=chosen.role,
        first=requests[0],
        time_limit_seconds=time_limit_seconds,
        keep=keep,
    )
    made.check(image)
    return made


def further_programs(objects: Objects | None, request: JobRequest, variation: Variation) -> frozenset[str]:
    """The inputs that hold programs, by their names: AWS does not show which of them ran.

    Raises:
        NotJudged: AWS does not make such a run.
    """
    if why := outside.why_not_run(request, variation):
        raise NotJudged(why)
    if objects is None:
        return frozenset()
    return frozenset(
        item.name
        for item in request.inputs
        if any(key.lower().endswith(PROGRAMS) for key, _ in objects.find(S3Uri.parse(item.s3_uri)))
    )
