"""S3 as a directory: the tree `DIR/bucket/key` that `--image-s3` names, and the URIs that point into it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST_KEY_BYTES = 1024
"""So many bytes of UTF-8 a key has at most, its prefix included (Amazon S3 user guide, "Naming Amazon S3 objects")."""


@dataclass(frozen=True, slots=True)
class S3Uri:
    """A bucket and a key, or the beginning of keys."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> S3Uri:
        """Read `s3://bucket/key`; raises `ValueError` for anything else."""
        match = re.fullmatch(r"s3://([^/]+)/?(.*)", text, re.DOTALL)
        if match is None:
            raise ValueError(f"expected s3://bucket/prefix, got {text!r}")
        return cls(match[1], match[2])

    def __str__(self) -> str:
        """The URI as AWS writes it."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def key_bytes(self) -> int:
        """How long the key is as S3 counts it."""
        return len(self.key.encode("utf-8"))


@dataclass(frozen=True)
class ObjectTree:
    """A directory whose files are objects: `directory/bucket/key`."""

    directory: Path

    def find(self, uri: S3Uri) -> Iterator[tuple[str, Path]]:
        """Yield the key and file of every object whose key begins with the URI's, in the order of the keys.

        A key prefix is not a folder: `train` finds `train/a` and `train-01/a` alike, as S3 does.
        """
        folder = uri.key.rpartition("/")[0]
        # No file has a key with such components, but a path with them would lead out of the bucket.
        components = [uri.bucket, *(folder.split("/") if "/" in uri.key else ())]
        if not {".", "..", ""}.isdisjoint(components):
            return
        bucket = self.directory / uri.bucket
        found = []
        for place, folders, files in os.walk(bucket / folder, followlinks=True):
            folders.sort()
            for name in files:
                path = Path(place) / name
                key = path.relative_to(bucket).as_posix()
                # What is no file could not be read: a FIFO would never end.
                if key.startswith(uri.key) and path.is_file():
                    found.append((key, path))
        yield from sorted(found)


def uploaded_to(prefix: S3Uri, below: str) -> S3Uri:
    """Where a file of an output goes, by its path below LocalPath; with one slash between the two."""
    folder = prefix.key.rstrip("/")
    return S3Uri(prefix.bucket, f"{folder}/{below}" if folder else below)


def relative_path(prefix: str, key: str) -> str:
    """Where below LocalPath an object of an `S3Prefix` input lands.

    What follows the prefix is kept: `p` and `p/` both bring `p/sub/a` to `sub/a`. A prefix that ends within a name is
    cut back to its last slash, so that the file keeps its name; so does an object that is the prefix itself. AWS
    documents neither of the two.
    """
    if key.startswith(prefix) and (prefix.endswith("/") or not prefix):
        return key[len(prefix) :]
    if key.startswith(prefix + "/"):
        return key[len(prefix) + 1 :]
    return key[prefix.rfind("/") + 1 :]
