"""What jobs see of the served S3."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.aws.application import Application
from conformance.errors import UploadError
from conformance.job.objects import S3Uri
from conformance.serve.calls import Calls
from conformance.serve.objects import ServedObjects

NAMES = ["a", "b c", "d+e", "f%20g", "é<&>", "sub/x", "sub/y", "sub-2/z"]


@pytest.fixture(name="objects")
def _objects(tmp_path: Path) -> ServedObjects:
    """A bucket with objects of these names below `p/`, and a folder; three keys are listed at a time."""
    calls = Calls(Application())
    objects = ServedObjects(calls, "us-east-1", page_keys=3)
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=A/20200101/us-east-1/s3/aws4_request"}
    calls.client.put("/objects-of-tests", headers=headers)
    for name in [*NAMES, "folder/"]:
        (tmp_path / "content").write_text(name)
        objects.put(S3Uri("objects-of-tests", f"p/{name}"), tmp_path / "content")
    return objects


def test_every_object_is_found_once_in_key_order(objects: ServedObjects) -> None:
    """Whatever its key, on whichever page; folders are left out, and their content is not."""
    found = dict(objects.find(S3Uri("objects-of-tests", "p/")))

    assert sorted((f"p/{name}" for name in NAMES), key=str.encode) == list(found)
    for key, source in found.items():
        with source.open() as content:
            assert key.removeprefix("p/").encode() == content.read()
        assert len(key.removeprefix("p/").encode()) == source.size


@pytest.mark.parametrize(
    ("bucket", "prefix", "has", "keys"),
    [
        ("objects-of-tests", "p/sub", True, ["p/sub-2/z", "p/sub/x", "p/sub/y"]),
        ("objects-of-tests", "p/folder", True, []),
        ("objects-of-tests", "q", False, []),
        ("no-such-bucket-of-tests", "p", False, []),
    ],
)
def test_prefix_selects(bucket: str, prefix: str, *, has: bool, keys: list[str], objects: ServedObjects) -> None:
    """A prefix is no folder; a folder is something, though nothing is found in it."""
    uri = S3Uri(bucket, prefix)

    assert (has, keys) == (objects.has(uri), [key for key, _ in objects.find(uri)])


def test_object_is_got_by_its_whole_key(objects: ServedObjects) -> None:
    """And by no other."""
    assert b"sub/x" == objects.get(S3Uri("objects-of-tests", "p/sub/x"))
    assert None is objects.get(S3Uri("objects-of-tests", "p/sub"))
    assert None is objects.get(S3Uri("no-such-bucket-of-tests", "p"))


def test_object_cannot_be_put_without_its_bucket(objects: ServedObjects, tmp_path: Path) -> None:
    """The error has S3's code."""
    with pytest.raises(UploadError, match=r"s3://no-such-bucket-of-tests/a cannot be uploaded: NoSuchBucket"):
        objects.put(S3Uri("no-such-bucket-of-tests", "a"), tmp_path / "content")
