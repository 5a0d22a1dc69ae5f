"""What is below /opt/ml before a container starts: where its volumes are, and what arrives from S3."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from conformance.errors import JobError
from conformance.job import CORRUPT_CONTENT, RESERVED, JobRequest, ProcessingInput, Variation
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


def delivered(
    inputs: Iterable[ProcessingInput], objects: ObjectTree | None, store: ObjectStore, variation: Variation
) -> Iterator[tuple[str, bytes | None]]:
    """The directories of these inputs, and their objects by the path where each lands.

    Raises:
        JobError: two objects land at one path, of which AWS does not say which one stays.
    """
    landed: dict[str, S3Uri] = {}
    for item in inputs:
        yield item.local_path, None
        if variation is Variation.EMPTY_INPUTS or objects is None:
            continue
        uri = S3Uri.parse(item.s3_uri)
        store.stage(objects, uri)
        for key in store.list(uri):
            path = posixpath.normpath(f"{item.local_path}/{relative_path(uri.key, key)}")
            # An empty object whose name ends in a slash is how consoles make a folder.
            if key.endswith("/"):
                yield path, None
                continue
            source = S3Uri(uri.bucket, key)
            other = landed.setdefault(path, source)
            if other != source:
                raise JobError(f"{path!r} would be two objects at once: {str(other)!r} and {str(source)!r}")
            yield path, CORRUPT_CONTENT if variation is Variation.CORRUPT_INPUTS else store.get(source)
