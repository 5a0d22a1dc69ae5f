"""The manifest of an input whose S3DataType is `ManifestFile`: which objects it lists, and where each is placed.

Source: the API reference, `S3DataSource`: a JSON array whose first element is an object with the single member
`prefix`, an S3 URI, and whose other elements are key suffixes; all in one bucket. That an object is placed at its
suffix below LocalPath is inferred.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from conformance.job.objects import Objects, S3Uri, Stored

SURROGATE = re.compile(r"[\ud800-\udfff]")
"""An unpaired surrogate, which JSON can express but no key can contain."""


class ManifestError(ValueError):
    """The text is not a manifest; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The prefix of a manifest, and the suffix of each object's key, in the manifest's order."""

    prefix: S3Uri
    names: tuple[str, ...]

    @classmethod
    def parse(cls, content: bytes) -> Manifest:
        """Read a manifest.

        Raises:
            ManifestError: it is not JSON, has another structure, or lists a key that does not fit below LocalPath.
        """
        try:
            document = json.loads(content.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            # A number of very many digits is a ValueError like what is no JSON or no UTF-8.
            raise ManifestError(f"expected a JSON manifest: {error}") from error
        if not isinstance(document, list) or not document:
            raise ManifestError('expected a JSON array that starts with {"prefix": "s3://bucket/prefix/"}')
        first, *names = document
        if not isinstance(first, dict) or set(first) != {"prefix"} or not isinstance(first["prefix"], str):
            raise ManifestError('expected the first element to be {"prefix": "s3://bucket/prefix/"}')
        try:
            prefix = S3Uri.parse(first["prefix"])
        except ValueError as error:
            raise ManifestError(f"prefix: {error}") from error
        if SURROGATE.search(first["prefix"]):
            raise ManifestError("prefix: expected Unicode text, got an unpaired surrogate")
        return cls(prefix, tuple(_name(index, name) for index, name in enumerate(names, start=1)))

    def keys(self) -> dict[str, str]:
        """The key of each object, with its path below LocalPath."""
        return {self.prefix.key + name: name.lstrip("/") for name in self.names}

    def text(self) -> bytes:
        """The manifest as it is stored in S3; what `parse` reads."""
        return json.dumps([{"prefix": str(self.prefix)}, *self.names], ensure_ascii=False).encode("utf-8")


def listed(uri: S3Uri, objects: Objects) -> list[tuple[S3Uri, str, Stored]]:
    """The objects that a manifest lists, in key order: each with its path below LocalPath and its content.

    Raises:
        ManifestError: the manifest does not exist or cannot be read, or an object that it lists does not exist.
    """
    content = objects.get(uri)
    if content is None:
        raise ManifestError(f"manifest {uri} not found")
    try:
        manifest = Manifest.parse(content)
    except ManifestError as error:
        raise ManifestError(f"{uri}: {error}") from error
    there = dict(objects.find(manifest.prefix))
    wanted = manifest.keys()
    bucket = manifest.prefix.bucket
    missing = next((key for key in wanted if key not in there), None)
    if missing is not None:
        raise ManifestError(f"{uri} lists s3://{bucket}/{missing}, which does not exist")
    return [(S3Uri(bucket, key), wanted[key], there[key]) for key in sorted(wanted, key=str.encode)]


def _name(index: int, name: object) -> str:
    if not isinstance(name, str) or not name:
        raise ManifestError(f"element {index}: expected a non-empty key suffix, got {json.dumps(name)}")
    path = name.lstrip("/")
    if SURROGATE.search(name):
        raise ManifestError(f"element {index}: expected Unicode text, got an unpaired surrogate")
    if not path or not {".", "..", ""}.isdisjoint(path.split("/")):
        raise ManifestError(f"element {index}: {name!r} is not a path below LocalPath")
    return name
