"""The S3 of one job: moto's own backend, in this process, asked directly and not over HTTP.

moto's buckets belong to the whole process, so each job's buckets get names of their own there: two jobs that run at
the same time and write to the same URI do not see each other.
"""

from __future__ import annotations

import itertools
import threading
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3 import s3_backends

from conformance.job.objects import S3Uri

_numbers = itertools.count()


class ObjectStore:
    """Objects by URI, which several threads may put and get."""

    def __init__(self, region: str) -> None:
        """Begin with no bucket."""
        self._backend: Any = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self._region = region
        self._buckets: dict[str, str] = {}
        # moto's backend is made for one request at a time.
        self._lock = threading.Lock()

    def put(self, uri: S3Uri, content: bytes) -> None:
        """Store an object; the bucket comes into being with its first."""
        with self._lock:
            self._backend.put_object(self._bucket(uri.bucket), uri.key, content, disable_notification=True)

    def get(self, uri: S3Uri) -> bytes:
        """The content of an object; raises `KeyError` where there is none."""
        with self._lock:
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
