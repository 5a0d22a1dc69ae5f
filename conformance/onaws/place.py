"""Where a session has its objects: a bucket and a prefix of the user's, and below that a folder for each job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.files.archive import Source
from conformance.job.objects import S3Uri, Stored
from conformance.onaws.calls import Calls, explained

OPTION = "--image-bucket"


@dataclass(frozen=True, slots=True)
class Listed:
    """An object: its key below a prefix, its size in bytes, and its ETag, which changes with its content."""

    below: str
    size: int
    etag: str


class Place:
    """The objects of one session, all of them below one prefix."""

    def __init__(self, calls: Calls, root: S3Uri, run_id: str) -> None:
        """Keep them below `<root>/<run_id>/`."""
        self._s3: Any = calls.s3
        self._calls = calls
        self._root = root
        self.uri = self.below(run_id)

    def below(self, *parts: str) -> S3Uri:
        """The URI of a folder, without a slash at its end."""
        return S3Uri(self._root.bucket, "/".join(filter(None, (self._root.key, *parts))))

    def check(self) -> None:
        """Raise `UsageError` where the bucket cannot be reached."""
        with explained(f"{OPTION}: the bucket {self._root.bucket!r} cannot be used", UsageError):
            self._s3.head_bucket(Bucket=self._root.bucket)

    def put(self, key: str, content: bytes | Stored) -> None:
        """Make an object; raises `JobError` where S3 refuses."""
        with explained(f"s3://{self._root.bucket}/{key} cannot be written"):
            if isinstance(content, bytes):
                self._s3.put_object(Bucket=self._root.bucket, Key=key, Body=content)
            elif isinstance(content, Path):
                self._s3.upload_file(str(content), self._root.bucket, key)
            else:
                self._put_source(key, content)

    def get(self, key: str) -> bytes:
        """The content of a small object; raises `JobError` where S3 refuses."""
        with explained(f"s3://{self._root.bucket}/{key} cannot be read"):
            content: bytes = self._s3.get_object(Bucket=self._root.bucket, Key=key)["Body"].read()
            return content

    def list(self, prefix: str) -> Iterator[Listed]:
        """The objects whose keys begin with a prefix; raises `JobError` where S3 refuses."""
        with explained(f"s3://{self._root.bucket}/{prefix} cannot be listed"):
            for page in self._calls.pages(self._s3, "list_objects_v2", Bucket=self._root.bucket, Prefix=prefix):
                for entry in page.get("Contents", ()):
                    yield Listed(entry["Key"][len(prefix) :], int(entry["Size"]), str(entry["ETag"]).strip('"'))

    def remove(self) -> None:
        """Delete all objects of the session; raises `JobError` where S3 refuses."""
        prefix = f"{self.uri.key}/"
        keys = [prefix + each.below for each in self.list(prefix)]
        with explained(f"{self.uri}/ cannot be removed"):
            for start in range(0, len(keys), MOST_DELETED):
                batch = [{"Key": key} for key in keys[start : start + MOST_DELETED]]
                self._s3.delete_objects(Bucket=self._root.bucket, Delete={"Objects": batch, "Quiet": True})

    def _put_source(self, key: str, content: Source) -> None:
        with content.open() as stream:
            self._s3.upload_fileobj(stream, self._root.bucket, key)


MOST_DELETED = 1_000
"""How many objects one call deletes (API reference, DeleteObjects)."""
