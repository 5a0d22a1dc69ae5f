"""What is below /opt/ml before a container starts: where its volumes are, and what arrives from S3."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from conformance.errors import JobError
from conformance.files.archive import Content
from conformance.files.tree import Kind
from conformance.job.conditions import AS_CHOSEN, Conditions, Lifted
from conformance.job.manifest import ManifestError, listed
from conformance.job.objects import Objects, S3Uri, Stored, relative_path
from conformance.job.request import PROCESSING, RESERVED, SHARDED, JobRequest, ProcessingInput
from conformance.job.variation import CORRUPT_CONTENT, Variation
from conformance.service.peers.distribution import share


def mounts(request: JobRequest, variation: Variation, conditions: Conditions = AS_CHOSEN) -> tuple[str, ...]:
    """Where a container gets a volume."""
    if Lifted.MOUNTS in conditions.lifted:
        # A FIFO is fed from another container, for which it has to be in a volume.
        return tuple(dict.fromkeys(posixpath.dirname(item.fifo_prefix) for item in request.inputs if item.is_pipe))
    if variation is not Variation.SEPARATE_MOUNTS:
        return (RESERVED,)
    places = [posixpath.normpath(item.local_path) for item in request.inputs if not item.is_pipe]
    return tuple(dict.fromkeys((RESERVED, *places, *(output.directory for output in request.outputs))))


def staged(
    request: JobRequest,
    variation: Variation,
    documents: Mapping[str, bytes],
    objects: Objects | None,
    *,
    host: str = "algo-1",
    hosts: tuple[str, ...] = ("algo-1",),
    programs: frozenset[str] = frozenset(),
) -> Iterator[tuple[str, Content]]:
    """What is below /opt/ml of a host when its container starts, as `archive.write` takes it; see `delivered`."""
    yield PROCESSING, None
    yield "/opt/ml/output", None
    yield from documents.items()
    yield from delivered(request, objects, variation, host=host, hosts=hosts, programs=programs)
    for output in request.outputs:
        yield output.local_path, None


def delivered(
    request: JobRequest,
    objects: Objects | None,
    variation: Variation,
    *,
    host: str = "algo-1",
    hosts: tuple[str, ...] = ("algo-1",),
    programs: frozenset[str] = frozenset(),
) -> Iterator[tuple[str, Content]]:
    """The directories and FIFOs of the inputs, and the objects of one host by the path where each lands.

    Raises:
        JobError: two objects map to one path, for which AWS documents no rule; or a manifest is invalid.
    """
    landed: dict[str, str] = {}
    for item in request.inputs:
        if item.is_pipe:
            yield f"{item.fifo_prefix}0", Kind.FIFO
            continue
        yield item.local_path, None
        for uri, below, content in _share(
            item, objects, variation, host=host, hosts=hosts, is_data=item.name not in programs
        ):
            path = posixpath.normpath(f"{item.local_path}/{below}")
            other = landed.setdefault(path, str(uri))
            if other != str(uri):
                raise JobError(f"two objects map to the same path {path!r}: {other!r} and {str(uri)!r}")
            yield path, content


def piped(
    request: JobRequest,
    objects: Objects | None,
    variation: Variation,
    *,
    host: str,
    hosts: tuple[str, ...],
    programs: frozenset[str] = frozenset(),
) -> Iterator[tuple[ProcessingInput, list[bytes | Stored]]]:
    """Each Pipe input with what one host reads from it: its objects one after the other, in key order.

    Raises:
        JobError: a manifest is invalid.
    """
    for item in request.inputs:
        if item.is_pipe:
            share_of_host = _share(item, objects, variation, host=host, hosts=hosts, is_data=item.name not in programs)
            yield item, [content for _, _, content in share_of_host]


def _share(
    item: ProcessingInput,
    objects: Objects | None,
    variation: Variation,
    *,
    host: str,
    hosts: tuple[str, ...],
    is_data: bool,
) -> Iterator[tuple[S3Uri, str, bytes | Stored]]:
    """What one host gets of an input: each object with its path below LocalPath and its content.

    `is_data` is False for an input that contains the program: emptying or corrupting a script would not show how it
    handles its inputs.
    """
    if objects is None or (variation is Variation.EMPTY_INPUTS and is_data):
        return
    corrupt = variation is Variation.CORRUPT_INPUTS and is_data
    found = _objects(item, objects)
    if variation is Variation.FEW_OBJECTS and item.distribution == SHARDED:
        found = found[:1]
    for uri, below, content in share(found, item.distribution, hosts, host):
        yield uri, below, CORRUPT_CONTENT if corrupt else content


def _objects(item: ProcessingInput, objects: Objects) -> list[tuple[S3Uri, str, Stored]]:
    """The objects of one input in key order: each with its path below LocalPath and its content."""
    uri = S3Uri.parse(item.s3_uri)
    if item.data_type == "ManifestFile":
        try:
            return listed(uri, objects)
        except ManifestError as error:
            raise JobError(str(error)) from error
    found = sorted(objects.find(uri), key=lambda entry: entry[0].encode())
    return [(S3Uri(uri.bucket, key), relative_path(uri.key, key), content) for key, content in found]
