"""Objects of several sources that replace one another."""

import pytest

from conformance.job.objects import S3Uri
from conformance.outcome.outcome import Upload
from conformance.rule.collisions import lost, meet


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("s3://b/a", "s3://b/a", True),
        ("s3://b/a/", "s3://b/a", True),
        ("s3://b/a", "s3://b/a//", True),
        ("s3://b/a", "s3://b/a/c", True),
        ("s3://b", "s3://b/a", True),
        ("s3://b/a", "s3://b/ab", False),
        ("s3://b/a", "s3://c/a", False),
        ("s3://b/aX", "s3://b/a/", False),
        ("s3://b/a ", "s3://b/a", False),
    ],
)
def test_prefixes_meet_where_one_lies_in_the_other(one: str, other: str, expected: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """By whole parts of the key, whichever is first, and whether or not they end in a slash."""
    assert expected == meet(S3Uri.parse(one), S3Uri.parse(other))
    assert expected == meet(S3Uri.parse(other), S3Uri.parse(one))


def upload(key: str, output: str, digest: str) -> Upload:
    """An object that an output was uploaded as."""
    return Upload(output, "algo-1", f"/opt/ml/processing/{output}/{key}", f"s3://b/{key}", 1, digest)


@pytest.mark.parametrize(("keys", "more"), [("k", ""), ("kl", " and 1 more"), ("klm", " and 2 more")])
def test_the_first_object_that_is_lost_is_told_and_the_others_are_counted(keys: str, more: str) -> None:
    """With where it came from."""
    uploads = [upload(key, output, output) for key in keys for output in ("one", "two")]
    (sentence,) = lost(uploads, lambda each: each.output, "each to be kept")

    assert sentence.startswith("Expected each to be kept, ")
    assert sentence.endswith(f" s3://b/k{more} was uploaded with different content by one, two.")


def test_what_comes_twice_with_one_content_is_not_lost() -> None:
    """Nor is what the same source replaces by itself."""
    same = [upload("same", output, "1") for output in ("one", "two")]
    again = [upload("again", "one", digest) for digest in ("1", "2")]

    assert [] == list(lost([*same, *again], lambda each: each.output, "each to be kept"))
