"""The tree of `--image-s3` as what S3 holds before a job: an object is copied when it is first asked for.

So a run pays for what it reads, and what it writes or deletes is its own: the tree is never written to.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from werkzeug.test import Client

from conformance.aws.credentials import signed
from conformance.job.objects import ObjectTree, S3Uri

if TYPE_CHECKING:
    from conformance.aws.application import Application
    from conformance.aws.request import AwsRequest

_LISTS = frozenset({"ListObjects", "ListObjectsV2", "ListObjectVersions"})
_OF_BUCKET = frozenset({"DeleteObjects"})
"""Operations that name their objects in the body: all of the bucket are copied first."""
_BEGINS = frozenset({"PutObject", "CreateMultipartUpload", "CopyObject"})
"""Operations that replace an object, whatever it was."""


class Tree:
    """What a run's S3 has of the tree so far."""

    def __init__(self, directory: str, application: Application, access_key: str, region: str) -> None:
        """Serve the files of a directory `bucket/key`, empty for none, in buckets that this key owns."""
        self._objects = ObjectTree(Path(directory)) if directory else None
        self._client = Client(application)
        self._key = access_key
        self._region = region
        self._buckets: set[str] = set()
        self._there: set[S3Uri] = set()
        self._lock = threading.Lock()

    def provide(self, asked: AwsRequest, source: str = "") -> None:
        """Copy what a request is about, before it is answered; `source` is its `x-amz-copy-source`.

        Raises:
            UsageError: a file of the tree cannot be an object.
        """
        if self._objects is None or asked.service != "s3":
            return
        with self._lock:
            if not asked.resource:
                for folder in sorted(self._objects.directory.iterdir()):
                    self._make(folder.name)
                return
            uri = S3Uri.parse(asked.resource)
            self._make(uri.bucket)
            if asked.operation in _LISTS:
                self._copy_below(uri)
            elif asked.operation in _OF_BUCKET:
                self._copy_below(S3Uri(uri.bucket, ""))
            elif asked.operation in _BEGINS:
                self._there.add(uri)
            else:
                self._copy(uri)
            if source:
                bucket, _, key = unquote(source).lstrip("/").partition("/")
                self._make(bucket)
                self._copy(S3Uri(bucket, key.partition("?versionId=")[0]))

    def _make(self, bucket: str) -> None:
        """Make a bucket of the tree that is not there yet."""
        if self._objects is None or bucket in self._buckets or not (self._objects.directory / bucket).is_dir():
            return
        self._buckets.add(bucket)
        place = f"<LocationConstraint>{self._region}</LocationConstraint>"
        # That region has no such name (Amazon S3 API, CreateBucket).
        configuration = f"<CreateBucketConfiguration>{place}</CreateBucketConfiguration>"
        self._put(f"/{bucket}", data="" if self._region == "us-east-1" else configuration)

    def _copy(self, uri: S3Uri) -> None:
        if uri.key:
            self._copy_below(uri, only=uri.key)

    def _copy_below(self, uri: S3Uri, only: str = "") -> None:
        for key, path in self._objects.find(uri) if self._objects is not None else ():
            each = S3Uri(uri.bucket, key)
            if each in self._there or (only and key != only):
                continue
            self._there.add(each)
            with path.open("rb") as content:
                self._put(f"/{uri.bucket}/{quote(key)}", input_stream=content, content_length=path.stat().st_size)

    def _put(self, path: str, **content: Any) -> None:  # noqa: ANN401 - what werkzeug takes
        self._client.put(path, headers=signed(self._key, self._region, "s3"), **content).close()
