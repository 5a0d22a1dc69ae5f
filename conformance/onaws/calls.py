"""The clients of AWS, and what becomes of their errors: trouble of the account or the network says nothing of an image.

Region, credentials and endpoints are those of the standard variables and files of AWS, and of nothing else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from conformance import __version__
from conformance.errors import ConformanceError, JobError, UsageError

CONFIG = Config(
    retries={"mode": "adaptive", "max_attempts": 10},
    user_agent_extra=f"sagemaker-processing-conformance/{__version__}",
)

HINTS = {
    "ResourceLimitExceeded": "a new account often has a quota of 0: Service Quotas has it by the instance type",
    "AccessDeniedException": "the caller needs sagemaker:*ProcessingJob, iam:PassRole, and logs to read",
    "AccessDenied": "the caller needs s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject on the bucket",
}
"""What to do about an error, by its code."""


class Calls:
    """The three clients; each may be used by several threads."""

    def __init__(self) -> None:
        """Make them; raises `UsageError` where the environment names no region."""
        try:
            self.sagemaker, self.s3, self.logs = (
                boto3.client(name, config=CONFIG) for name in ("sagemaker", "s3", "logs")
            )
        except NoRegionError as error:
            raise UsageError(
                "--image-service=aws: expected a region, but the environment names none", hint="set AWS_DEFAULT_REGION"
            ) from error
        except BotoCoreError as error:
            raise UsageError(f"--image-service=aws: {error}") from error

    @property
    def region(self) -> str:
        """Where the jobs run."""
        return str(self.sagemaker.meta.region_name)

    @property
    def endpoint(self) -> str:
        """What answers for SageMaker."""
        return str(self.sagemaker.meta.endpoint_url)

    def pages(self, client: Any, operation: str, **members: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - as boto3 has it
        """Every page of an operation that answers in pages."""
        yield from client.get_paginator(operation).paginate(**members)


@contextlib.contextmanager
def explained(what: str, kind: type[ConformanceError] = JobError) -> Iterator[None]:
    """Raise what AWS or the way to it refuses as an error of this kind, as AWS words it."""
    try:
        yield
    except ClientError as error:
        raise kind(f"{what}: {error}", hint=HINTS.get(code_of(error), "")) from error
    except NoCredentialsError as error:
        raise kind(f"{what}: {error}", hint="`aws sts get-caller-identity` shows whom AWS takes you for") from error
    except BotoCoreError as error:
        raise kind(f"{what}: {error}") from error


def code_of(error: ClientError) -> str:
    """The code of an error."""
    return str(error.response.get("Error", {}).get("Code", ""))
