"""S3 as a directory tree: URIs, prefixes and where objects land."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import UploadError, UsageError
from conformance.job.objects import ObjectTree, S3Uri, relative_path

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


def lying_in(directory: Path) -> set[str]:
    """What lies in a directory."""
    return {path.name for path in directory.iterdir()}


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


def refusal(tree: ObjectTree, uri: str) -> str:
    """What is said of a tree that holds something which is no object."""
    with pytest.raises(UsageError) as refused:
        found(tree, uri)
    (line,) = str(refused.value).splitlines()
    return line


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A FIFO would never end, a dangling link has no content; where they are not selected they do no harm."""
    tree = tree_of(tmp_path, "b/x")
    os.mkfifo(tmp_path / "b/fifo")
    (tmp_path / "b/dangling").symlink_to("nowhere")

    assert refusal(tree, "s3://b/f").endswith("b/fifo' is not a regular file")
    assert refusal(tree, "s3://b/dang").endswith("b/dangling' cannot be read: No such file or directory")
    assert ["x"] == found(tree, "s3://b/x")


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """The line shows which one, with escapes for what cannot be shown; elsewhere in the tree it does no harm."""
    for folder in (b"b/in/", b"b/other/caf\xe9/"):
        place = os.path.join(os.fsencode(tmp_path), folder)  # noqa: PTH118 - pathlib takes no bytes
        os.makedirs(place)  # noqa: PTH103 - as above
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b/in/caf\xe9\n")).touch()
    tree = tree_of(tmp_path, "b/in/x", "b/other/x")

    assert refusal(tree, "s3://b/in/").endswith(r"b/in/caf\udce9\n' has a name that is not UTF-8, but S3 keys are")
    assert ["in/x"] == found(tree, "s3://b/in/x")
    assert ["other/x"] == found(tree, "s3://b/other/")


def test_a_key_has_at_most_1024_bytes(tmp_path: Path) -> None:
    """In UTF-8, and not characters; the longest one is found."""
    longest = "/".join(["é" * 127] * 4) + "/é"
    tree = tree_of(tmp_path, f"b/{longest}é", f"c/{longest}éx")

    assert [f"{longest}é"] == found(tree, "s3://b")
    assert refusal(tree, "s3://c").endswith("éx' has a key of 1025 bytes; S3 allows at most 1024")


def test_a_directory_that_is_too_deep_is_refused(tmp_path: Path) -> None:
    """No key in it could be short enough, so it is not descended into."""
    place = tmp_path / "b"
    for _ in range(600):
        place.mkdir()
        place /= "x"

    assert refusal(ObjectTree(tmp_path), "s3://b").endswith("x/x' has a key of 1026 bytes; S3 allows at most 1024")


@pytest.mark.parametrize("target", [".", "..", "../other", "../../other/back"])
def test_a_link_to_a_directory_above_is_refused(target: str, tmp_path: Path) -> None:
    """What lies in it would have keys without end; two such links would take for ever. The way back may be a detour."""
    tree = tree_of(tmp_path, "b/in/x", "other/x")
    (tmp_path / "other/back").symlink_to(tmp_path / "b/in")
    (tmp_path / "b/other").symlink_to(tmp_path / "other")
    (tmp_path / "b/in/link").symlink_to(target)

    assert "is a symbolic link to a directory that contains it" in refusal(tree, "s3://b/in")


@pytest.mark.parametrize(("mode", "refused"), [(0o000, "b/locked"), (0o444, "b/locked/x")])
def test_what_may_not_be_read_is_refused(
    mode: int, refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory may hold objects that nobody would miss; one that no selected object can lie in is not looked at."""
    tree_of(tmp_path, "b/locked/x", "b/in/x")
    tmp_path.chmod(0o755)
    (tmp_path / "b/locked").chmod(mode)
    monkeypatch.chdir(tmp_path)
    with as_nobody():
        line = refusal(ObjectTree(Path()), "s3://b")
        other = found(ObjectTree(Path()), "s3://b/in")
    (tmp_path / "b/locked").chmod(0o755)

    assert (f"--image-s3: '{refused}' cannot be read: Permission denied", ["in/x"]) == (line, other)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user whom permissions hold back, also where root runs the tests."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """The directory may hold objects, but cannot be opened."""
    top = tmp_path.joinpath(*["x" * 255] * 14)
    tree = tree_of(top, "b/in/y/x", "b/in/x")
    here = os.open(top / "b/in/y", os.O_RDONLY)
    for _ in range(3):
        os.mkdir("z" * 255, dir_fd=here)
        below = os.open("z" * 255, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)

    assert refusal(tree, "s3://b/in/").endswith("zzz' cannot be read: File name too long")
    assert ["in/x"] == found(tree, "s3://b/in/x")


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


def test_object_is_put_where_it_is_found_and_got(tmp_path: Path) -> None:
    """Below its bucket, by its key; of an object that is not there, nothing is got."""
    content = tmp_path / "content"
    content.write_bytes(b"content")
    (tmp_path / "s3").mkdir()
    tree, uri = ObjectTree(tmp_path / "s3"), S3Uri("bucket", "a/b c/é")

    tree.put(uri, content)

    assert ["a/b c/é"] == found(tree, "s3://bucket/a")
    assert (b"content", None) == (tree.get(uri), tree.get(S3Uri("bucket", "a/b c")))


@pytest.mark.parametrize("uri", ["s3://../a", "s3://b", "s3://b/", "s3://b/a//b", "s3://b/../../x", "s3://b/a/"])
def test_key_that_no_file_can_have_is_not_put(uri: str, tmp_path: Path) -> None:
    """The message names the object and the option."""
    content = tmp_path / "content"
    content.touch()
    (tmp_path / "s3").mkdir()

    with pytest.raises(UploadError, match=r"^--output: 's3://.* cannot be written: "):
        ObjectTree(tmp_path / "s3", "--output").put(S3Uri.parse(uri), content)

    assert ({"content", "s3"}, set()) == (lying_in(tmp_path), lying_in(tmp_path / "s3"))


def test_message_names_the_option_that_named_the_tree(tmp_path: Path) -> None:
    """Another command has another option."""
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b/fifo")

    with pytest.raises(UsageError, match=r"^--s3: .*fifo' is not a regular file"):
        list(ObjectTree(tmp_path, "--s3").find(S3Uri("b", "")))
