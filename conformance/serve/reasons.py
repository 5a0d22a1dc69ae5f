"""`FailureReason` of a job that has not come to its program's end; the SDKs decide by the word before the colon."""

from __future__ import annotations

from conformance.errors import ConformanceError
from conformance.job.objects import S3Uri
from conformance.job.request import JobRequest
from conformance.service.status import LONGEST_REASON


def no_image(uri: str) -> str:
    """The image is not there; reported."""
    return _cut(
        f"ClientError: API error (404): manifest for {uri} not found: manifest unknown: Requested image not found"
    )


def no_objects(uri: S3Uri, request: JobRequest) -> str:
    """An input has no object; reported of training jobs."""
    return _cut(
        f'ClientError: Data download failed:Failed to download data. No S3 objects found under S3 URL "{uri}" given in '
        "input data source. Please ensure that the bucket exists in the selected region, that objects exist under that "
        f'S3 prefix, and that the role "{request.document["RoleArn"]}" has "s3:ListBucket" permissions on bucket '
        f'"{uri.bucket}".'
    )


def no_download(reason: str) -> str:
    """An input cannot be read, such as a manifest that is none; inferred."""
    return _cut(f"ClientError: Data download failed:{reason}")


def no_upload(reason: str) -> str:
    """An output cannot be uploaded; inferred."""
    return _cut(f"ClientError: Data upload failed:{reason}")


def of_service(error: ConformanceError | Exception) -> str:
    """The engine or this program failed; the first words are reported, what follows is not AWS's."""
    return _cut(f"InternalServerError: We encountered an internal error. Please try again. ({error or repr(error)})")


def _cut(reason: str) -> str:
    return reason[:LONGEST_REASON]
