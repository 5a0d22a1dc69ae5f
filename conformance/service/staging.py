"""What is below /opt/ml before a container starts: where its volumes are, and what arrives from S3."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from conformance.job import CORRUPT_CONTENT, PROCESSING, RESERVED, JobRequest, ProcessingInput, Variation
from conformance.objects import ObjectTree, S3Uri, relative_path
from conformance.service.storage import ObjectStore


def mounts(request: JobRequest, variation: Variation) -> tuple[str, ...]:
    """Where a container gets a fresh volume."""
    if variation is Variation.OWN_RESERVED:
        return ()
    if variation is not Variation.SEPARATE_MOUNTS:
        return (RESERVED,)
    places = [posixpath.normpath(item.local_path) for item in request.inputs]
    return tuple(dict.fromkeys((RESERVED, *places, *(output.directory for output in request.outputs))))


def staged(
    request: JobRequest,
    variation: Variation,
    documents: Mapping[str, bytes],
    objects: ObjectTree | None,
    store: ObjectStore,
) -> Iterator[tuple[str, bytes | None]]:
    """What is below /opt/ml when a container starts: directories as None, files with their content."""
    yield PROCESSING, None
    yield "/opt/ml/output", None
    yield from documents.items()
    for item in request.inputs:
        yield item.local_path, None
        if variation is not Variation.EMPTY_INPUTS and objects is not None:
            yield from _delivered(item, objects, store, variation)
    for output in request.outputs:
        yield output.local_path, None


def _delivered(
    item: ProcessingInput, objects: ObjectTree, store: ObjectStore, variation: Variation
) -> Iterator[tuple[str, bytes | None]]:
    """The objects of one input, by the path where each lands."""
    uri = S3Uri.parse(item.s3_uri)
    store.stage(objects, uri)
    for key in store.list(uri):
        path = f"{item.local_path}/{relative_path(uri.key, key)}"
        # An empty object whose name ends in a slash is how consoles make a folder.
        if key.endswith("/"):
            yield path, None
        elif variation is Variation.CORRUPT_INPUTS:
            yield path, CORRUPT_CONTENT
        else:
            yield path, store.get(S3Uri(uri.bucket, key))
