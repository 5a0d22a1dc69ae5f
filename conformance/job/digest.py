"""What names the objects that jobs read, so that two reports can be told to be of the same data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from conformance.job.manifest import ManifestError, listed
from conformance.job.objects import ObjectTree, S3Uri
from conformance.job.request import JobRequest


@dataclass(frozen=True)
class Digest:
    """The objects that some requests read: their digest, number and size."""

    sha256: str
    objects: int
    size: int


def of_file(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal; raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of_inputs(requests: Iterable[JobRequest], objects: ObjectTree | None) -> Digest | None:
    """The digest of all objects that the requests read, manifests included; None if they read none.

    It is that of what `sha256sum` prints for the files `bucket/key`, in the order of their bytes. Raises OSError where
    one cannot be read.
    """
    if objects is None:
        return None
    found: dict[str, Path] = {}
    for request in requests:
        for item in request.inputs:
            uri = S3Uri.parse(item.s3_uri)
            found |= {f"{uri.bucket}/{key}": path for key, path in objects.find(uri)}
            if item.data_type == "ManifestFile":
                found |= _listed(uri, objects)
    names = sorted(found, key=str.encode)
    lines = "".join(f"{of_file(found[name])}  {name}\n" for name in names)
    size = sum(path.stat().st_size for path in found.values())
    return Digest(hashlib.sha256(lines.encode()).hexdigest(), len(found), size) if found else None


def _listed(uri: S3Uri, objects: ObjectTree) -> dict[str, Path]:
    try:
        names = [f"{each.bucket}/{each.key}" for each, _, _ in listed(uri, objects)]
    except ManifestError:
        # It was one when the job's inputs were looked up; whoever changed it since, the manifest's own digest tells.
        return {}
    return {name: objects.directory / name for name in names}
