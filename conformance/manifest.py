"""The manifest of an input whose S3DataType is `ManifestFile`: which objects it names, and where each lands.

Source: the API reference, `S3DataSource`: a JSON array whose first element is an object with the one member `prefix`,
an S3 URI, and whose others are what follows it; all in one bucket. That an object lands at what follows the prefix is
inferred.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from conformance.objects import S3Uri

SURROGATE = re.compile(r"[\ud800-\udfff]")
"""Half of a character, which JSON can spell and no key can hold."""


class ManifestError(ValueError):
    """The text is no manifest; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The prefix of a manifest, and what follows it in the key of each object, in the manifest's order."""

    prefix: S3Uri
    names: tuple[str, ...]

    @classmethod
    def parse(cls, content: bytes) -> Manifest:
        """Read a manifest.

        Raises:
            ManifestError: it is no JSON, has another shape, or names what no LocalPath can hold.
        """
        try:
            document = json.loads(content.decode("utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise ManifestError(f"expected a manifest in JSON: {error}") from error
        if not isinstance(document, list) or not document:
            raise ManifestError('expected a JSON array that begins with {"prefix": "s3://bucket/prefix/"}')
        first, *names = document
        if not isinstance(first, dict) or set(first) != {"prefix"} or not isinstance(first["prefix"], str):
            raise ManifestError('expected the first element to be {"prefix": "s3://bucket/prefix/"}')
        try:
            prefix = S3Uri.parse(first["prefix"])
        except ValueError as error:
            raise ManifestError(f"prefix: {error}") from error
        return cls(prefix, tuple(_name(index, name) for index, name in enumerate(names, start=1)))

    def keys(self) -> dict[str, str]:
        """The key of each object, with its path below LocalPath."""
        return {self.prefix.key + name: name.lstrip("/") for name in self.names}

    def text(self) -> bytes:
        """The manifest as it lies in S3; what `parse` reads."""
        return json.dumps([{"prefix": str(self.prefix)}, *self.names], ensure_ascii=False).encode("utf-8")


def _name(index: int, name: object) -> str:
    if not isinstance(name, str) or not name:
        raise ManifestError(f"element {index}: expected what follows the prefix of a key, got {json.dumps(name)}")
    path = name.lstrip("/")
    if SURROGATE.search(name):
        raise ManifestError(f"element {index}: expected Unicode text, got half of a surrogate pair")
    if not path or not {".", "..", ""}.isdisjoint(path.split("/")):
        raise ManifestError(f"element {index}: {name!r} would not land below LocalPath")
    return name
