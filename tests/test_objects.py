"""S3 as a directory tree: URIs, prefixes and where objects land."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.objects import ObjectTree, S3Uri, relative_path

buckets = st.text("abc-.0", min_size=1)
keys = st.text("ab/-. é\n", max_size=12)


@given(buckets, keys)
def test_a_uri_is_read_as_it_was_written(bucket: str, key: str) -> None:
    """Any key, an empty one and one that begins with a slash included."""
    uri = S3Uri(bucket, key)

    assert uri == S3Uri.parse(str(uri))


def test_a_bucket_may_stand_alone() -> None:
    """With a slash or without one, all its keys are meant."""
    assert S3Uri("bucket", "") == S3Uri.parse("s3://bucket") == S3Uri.parse("s3://bucket/")


@pytest.mark.parametrize("text", ["", "s3://", "s3:///key", "https://bucket/key", "bucket/key", "S3://bucket/key"])
def test_anything_else_is_refused(text: str) -> None:
    """The message shows what was given and what was expected."""
    with pytest.raises(ValueError, match=r"expected s3://bucket/prefix, got") as refused:
        S3Uri.parse(text)

    assert repr(text) in str(refused.value)


def tree_of(directory: Path, *names: str) -> ObjectTree:
    """A tree of files with these paths, those that fit beside one another."""
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return ObjectTree(directory)


def found(tree: ObjectTree, uri: str) -> list[str]:
    """The keys that a URI selects."""
    return [key for key, _ in tree.find(S3Uri.parse(uri))]


def test_a_prefix_is_no_folder(tmp_path: Path) -> None:
    """`train` selects `train-01/a` as well, `train/` does not."""
    tree = tree_of(tmp_path, "b/train/a", "b/train-01/a", "b/train.csv", "b/other/train")

    assert ["train-01/a", "train.csv", "train/a"] == found(tree, "s3://b/train")
    assert ["train/a"] == found(tree, "s3://b/train/")


def test_an_object_is_found_with_its_file(tmp_path: Path) -> None:
    """The path leads to the content."""
    tree = tree_of(tmp_path, "b/a/x")

    assert [("a/x", tmp_path / "b/a/x")] == list(tree.find(S3Uri("b", "a")))


def test_other_buckets_are_not_looked_into(tmp_path: Path) -> None:
    """Also where no bucket has that name."""
    assert [] == found(tree_of(tmp_path, "b/x"), "s3://c")


@pytest.mark.parametrize("key", ["/etc/pass", "/", "../b/x", "../../", "a/../x", "a//x", "./x"])
def test_a_key_never_leads_out_of_its_bucket(tmp_path: Path, key: str) -> None:
    """Keys are text: no file of the tree has a key with an empty component, or with dots for one."""
    assert [] == found(tree_of(tmp_path, "b/x", "b/a/x"), f"s3://b/{key}")


def test_what_is_no_file_is_no_object(tmp_path: Path) -> None:
    """A FIFO would never end, a dangling link has no content."""
    tree = tree_of(tmp_path, "b/x")
    os.mkfifo(tmp_path / "b/fifo")
    (tmp_path / "b/dangling").symlink_to("nowhere")

    assert ["x"] == found(tree, "s3://b")


def test_links_within_the_tree_are_followed(tmp_path: Path) -> None:
    """Test data may be linked to from where it lies."""
    tree = tree_of(tmp_path, "data/x")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/linked").symlink_to(tmp_path / "data")

    assert ["linked/x"] == found(tree, "s3://b/linked")


names = st.text("ab-. é", min_size=1, max_size=3).filter(lambda name: name.strip(".") != "")
object_keys = st.lists(names, min_size=1, max_size=3).map("/".join)


@given(st.sets(object_keys, max_size=8), st.one_of(object_keys, st.text("ab/-.", max_size=5)))
def test_a_prefix_selects_what_begins_with_it(wanted: set[str], prefix: str) -> None:
    """Exactly the keys that begin with it, in the order of S3: by their UTF-8 bytes."""
    with TemporaryDirectory() as name:
        bucket = Path(name) / "bucket"
        bucket.mkdir()
        stored = []
        for key in sorted(wanted):
            path = bucket / key
            if not path.exists() and not any(parent.is_file() for parent in path.parents):
                tree_of(bucket, key)
                stored.append(key)
        expected = [key for key in stored if key.startswith(prefix)]

        assert sorted(expected, key=str.encode) == [
            key for key, _ in ObjectTree(Path(name)).find(S3Uri("bucket", prefix))
        ]


@pytest.mark.parametrize(
    ("prefix", "key", "expected"),
    [
        ("p", "p/sub/a", "sub/a"),
        ("p/", "p/sub/a", "sub/a"),
        ("", "p/sub/a", "p/sub/a"),
        ("p/x.csv", "p/x.csv", "x.csv"),
        ("x.csv", "x.csv", "x.csv"),
        ("p/train", "p/train-01/a", "train-01/a"),
        ("p/train", "p/train.csv", "train.csv"),
        ("p/tr", "p/train/a", "train/a"),
    ],
)
def test_where_an_object_lands(prefix: str, key: str, expected: str) -> None:
    """What follows the prefix is kept, a name is never cut."""
    assert expected == relative_path(prefix, key)


@given(object_keys, st.integers(0, 12))
def test_an_object_keeps_its_name(key: str, length: int) -> None:
    """Whatever prefix selects it, its path is an end of its key that begins after a slash."""
    landed = relative_path(key[:length], key)

    assert key == landed or key.endswith("/" + landed)
    assert landed
