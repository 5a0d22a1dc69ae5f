"""The S3 of one job: moto's own backend, in this process, asked directly and not over HTTP.

moto's buckets belong to the whole process, so each job's buckets get names of their own there: two jobs that run at
the same time and write to the same URI do not see each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3 import s3_backends

from conformance.objects import ObjectTree, S3Uri

_numbers = itertools.count()


class ObjectStore:
    """Objects by URI; used by one thread."""

    def __init__(self, region: str) -> None:
        """Begin with no bucket."""
        self._backend: Any = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self._region = region
        self._buckets: dict[str, str] = {}

    def stage(self, tree: ObjectTree, uri: S3Uri) -> None:
        """Bring in every object of a directory tree that the URI's prefix selects."""
        for key, path in tree.find(uri):
            self.put(S3Uri(uri.bucket, key), path.read_bytes())

    def put(self, uri: S3Uri, content: bytes) -> None:
        """Store an object; the bucket comes into being with its first."""
        self._backend.put_object(self._bucket(uri.bucket), uri.key, content, disable_notification=True)

    def list(self, uri: S3Uri) -> Iterator[str]:
        """Yield the keys that begin with the URI's, in the order of S3: by their UTF-8 bytes."""
        if uri.bucket not in self._buckets:
            return
        bucket = self._backend.head_bucket(self._bucket(uri.bucket))
        yield from sorted((key for key in bucket.keys if key.startswith(uri.key)), key=str.encode)

    def get(self, uri: S3Uri) -> bytes:
        """The content of an object; raises `KeyError` where there is none."""
        found = self._backend.get_object(self._bucket(uri.bucket), uri.key)
        if found is None:
            raise KeyError(str(uri))
        return bytes(found.value)

    def close(self) -> None:
        """Forget every object, so that neither memory nor temporary files are held."""
        for name in self._buckets.values():
            for key in list(self._backend.head_bucket(name).keys):
                self._backend.delete_object(name, key)
            self._backend.delete_bucket(name)
        self._buckets.clear()

    def _bucket(self, name: str) -> str:
        if name not in self._buckets:
            self._buckets[name] = f"job-{next(_numbers)}"
            self._backend.create_bucket(self._buckets[name], self._region)
        return self._buckets[name]
