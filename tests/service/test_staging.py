"""What arrives from S3, and where below /opt/ml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.errors import JobError
from conformance.job import ProcessingInput, Variation
from conformance.objects import ObjectTree, S3Uri
from conformance.service.staging import delivered
from conformance.service.storage import ObjectStore

PLACE = "/opt/ml/processing"


@pytest.fixture(name="store")
def _store() -> Iterator[ObjectStore]:
    """The S3 of one job."""
    store = ObjectStore("us-east-1")
    yield store
    store.close()


def arriving(
    store: ObjectStore, tree: Path, *inputs: tuple[str, str], variation: Variation = Variation.AS_REQUESTED
) -> list[tuple[str, bytes | None]]:
    """What inputs of these URIs and directories bring."""
    items = [ProcessingInput(f"input-{number}", uri, place) for number, (uri, place) in enumerate(inputs)]
    return list(delivered(items, ObjectTree(tree), store, variation))


def write(tree: Path, **contents: str) -> None:
    """Objects of the bucket `b`; two underscores of a name are a slash."""
    for name, content in contents.items():
        path = tree / "b" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def test_each_object_arrives_below_its_input(store: ObjectStore, tmp_path: Path) -> None:
    """Inputs in their order, objects in that of their keys, each after its directory."""
    write(tmp_path, one__y="2", one__x__a="1", two__z="3")

    assert [
        (f"{PLACE}/a", None),
        (f"{PLACE}/a/x/a", b"1"),
        (f"{PLACE}/a/y", b"2"),
        (f"{PLACE}/b/", None),
        (f"{PLACE}/b/z", b"3"),
    ] == arriving(store, tmp_path, ("s3://b/one", f"{PLACE}/a"), ("s3://b/two/", f"{PLACE}/b/"))


def test_a_key_that_ends_in_a_slash_is_a_directory(store: ObjectStore, tmp_path: Path) -> None:
    """Consoles make folders so; no file can have such a key, but the job's S3 can hold it."""
    store.put(S3Uri("b", "in/"), b"")
    store.put(S3Uri("b", "in/empty/"), b"")

    assert [(f"{PLACE}/a", None), (f"{PLACE}/a", None), (f"{PLACE}/a/empty", None)] == arriving(
        store, tmp_path, ("s3://b/in", f"{PLACE}/a")
    )


def test_two_objects_at_one_path_are_refused(store: ObjectStore, tmp_path: Path) -> None:
    """Where a prefix ends within a name, two keys can lead to one path, and neither may be lost."""
    write(tmp_path, train__y="1", **{"train__train-01__a": "2", "train-01__a": "3"})

    with pytest.raises(JobError, match="would be two objects at once") as refused:
        arriving(store, tmp_path, ("s3://b/train", f"{PLACE}/a"))

    assert (
        f"'{PLACE}/a/train-01/a' would be two objects at once: 's3://b/train-01/a' and 's3://b/train/train-01/a'"
        == str(refused.value)
    )


def test_two_inputs_of_which_one_lies_in_the_other(store: ObjectStore, tmp_path: Path) -> None:
    """One object may come twice to one path; another one there is refused."""
    write(tmp_path, data__sub__x="1", other__x="2")
    both = ("s3://b/data", f"{PLACE}/a")

    assert (f"{PLACE}/a/sub/x", b"1") in arriving(store, tmp_path, both, ("s3://b/data/sub/", f"{PLACE}/a/./sub/"))
    with pytest.raises(JobError, match="'s3://b/data/sub/x' and 's3://b/other/x'"):
        arriving(store, tmp_path, both, ("s3://b/other", f"{PLACE}/a/sub"))


def test_empty_inputs_bring_their_directories(store: ObjectStore, tmp_path: Path) -> None:
    """And not one object."""
    write(tmp_path, one__x="1")
    one = ("s3://b/one", f"{PLACE}/a")

    assert [(f"{PLACE}/a", None)] == arriving(store, tmp_path, one, variation=Variation.EMPTY_INPUTS)
