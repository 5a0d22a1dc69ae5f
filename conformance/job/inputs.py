"""Whether S3 holds what a request reads, looked up before anything is run."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.errors import RequestError, UsageError
from conformance.job.manifest import ManifestError, listed
from conformance.job.objects import ObjectTree, S3Uri
from conformance.job.request import JobRequest


def find_inputs(request: JobRequest, objects: ObjectTree | None, *, option: str = "--image-s3") -> None:
    """Raise `UsageError` or `RequestError`, which names all of them, for inputs without an object.

    `option` is the one that names the directory of the objects, for the messages.
    """
    if objects is None and request.inputs:
        missing = ", ".join(item.s3_uri for item in request.inputs)
        raise UsageError(f"{request.source}: {missing} not found; pass {option}=DIR")
    if objects is not None:
        faults = tuple(_input_faults(request, objects))
        if faults:
            raise RequestError(request.source, faults)


def _input_faults(request: JobRequest, objects: ObjectTree) -> Iterator[str]:
    for index, item in enumerate(request.inputs):
        where = f"ProcessingInputs[{index}].S3Input.S3Uri"
        uri = S3Uri.parse(item.s3_uri)
        if item.data_type == "ManifestFile":
            try:
                listed(uri, objects)
            except ManifestError as error:
                yield f"{where}: {error}"
        elif next(objects.find(uri), None) is None:
            expected = objects.directory / uri.bucket / uri.key
            yield f"{where}: no object matches {item.s3_uri}; expected a file {expected}*"
