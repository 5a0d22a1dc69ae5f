"""What arrives from S3, and where below /opt/ml."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import JobError
from conformance.job.manifest import Manifest
from conformance.job.objects import ObjectTree, S3Uri
from conformance.job.request import SHARDED, JobRequest
from conformance.job.variation import Variation
from conformance.service.staging import delivered

PLACE = "/opt/ml/processing"


def arriving(
    tree: Path,
    *inputs: tuple[str, str],
    variation: Variation = Variation.AS_REQUESTED,
    hosts: int = 1,
    host: int = 1,
    **members: str,
) -> list[tuple[str, object]]:
    """What inputs of these URIs and directories bring to a host."""
    request = JobRequest(
        {
            "AppSpecification": {},
            "ProcessingInputs": [
                {
                    "InputName": f"input-{number}",
                    "S3Input": {"S3Uri": uri, "LocalPath": place, "S3DataType": "S3Prefix", **members},
                }
                for number, (uri, place) in enumerate(inputs)
            ],
        }
    )
    names = tuple(f"algo-{number}" for number in range(1, hosts + 1))
    found = delivered(request, ObjectTree(tree), variation, host=f"algo-{host}", hosts=names)
    return [(path, content.read_bytes() if isinstance(content, Path) else content) for path, content in found]


def write(tree: Path, **contents: str) -> None:
    """Objects of the bucket `b`; two underscores of a name are a slash."""
    for name, content in contents.items():
        path = tree / "b" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def test_each_object_arrives_below_its_input(tmp_path: Path) -> None:
    """Inputs in their order, objects in that of their keys, each after its directory."""
    write(tmp_path, one__y="2", one__x__a="1", two__z="3")

    assert [
        (f"{PLACE}/a", None),
        (f"{PLACE}/a/x/a", b"1"),
        (f"{PLACE}/a/y", b"2"),
        (f"{PLACE}/b/", None),
        (f"{PLACE}/b/z", b"3"),
    ] == arriving(tmp_path, ("s3://b/one", f"{PLACE}/a"), ("s3://b/two/", f"{PLACE}/b/"))


def test_two_objects_at_one_path_are_refused(tmp_path: Path) -> None:
    """Where a prefix ends within a name, two keys can lead to one path, and neither may be lost."""
    write(tmp_path, train__y="1", **{"train__train-01__a": "2", "train-01__a": "3"})

    with pytest.raises(JobError, match="two objects map to the same path") as refused:
        arriving(tmp_path, ("s3://b/train", f"{PLACE}/a"))

    assert (
        f"two objects map to the same path '{PLACE}/a/train-01/a': 's3://b/train-01/a' and 's3://b/train/train-01/a'"
        == str(refused.value)
    )


def test_two_inputs_of_which_one_lies_in_the_other(tmp_path: Path) -> None:
    """One object may come twice to one path; another one there is refused."""
    write(tmp_path, data__sub__x="1", other__x="2")
    both = ("s3://b/data", f"{PLACE}/a")

    assert (f"{PLACE}/a/sub/x", b"1") in arriving(tmp_path, both, ("s3://b/data/sub/", f"{PLACE}/a/./sub/"))
    with pytest.raises(JobError, match="'s3://b/data/sub/x' and 's3://b/other/x'"):
        arriving(tmp_path, both, ("s3://b/other", f"{PLACE}/a/sub"))


def test_empty_inputs_bring_their_directories(tmp_path: Path) -> None:
    """And not one object."""
    write(tmp_path, one__x="1")
    one = ("s3://b/one", f"{PLACE}/a")

    assert [(f"{PLACE}/a", None)] == arriving(tmp_path, one, variation=Variation.EMPTY_INPUTS)


LISTED = ("s3://b/list.json", f"{PLACE}/a")


def manifest(tree: Path, *names: str, prefix: str = "s3://b/data/") -> None:
    """A manifest of these names at `s3://b/list.json`."""
    (tree / "b").mkdir(exist_ok=True)
    (tree / "b/list.json").write_bytes(Manifest(S3Uri.parse(prefix), names).text())


def test_a_manifest_brings_what_it_names(tmp_path: Path) -> None:
    """And nothing else of the prefix; each lands at what follows the prefix."""
    write(tmp_path, data__x="1", data__sub__y="2", data__z="3")
    manifest(tmp_path, "sub/y", "x")

    assert [(f"{PLACE}/a", None), (f"{PLACE}/a/sub/y", b"2"), (f"{PLACE}/a/x", b"1")] == arriving(
        tmp_path, LISTED, S3DataType="ManifestFile"
    )


def test_a_manifest_that_names_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """By the object's URI."""
    write(tmp_path, data__x="1")
    manifest(tmp_path, "x", "y")

    with pytest.raises(JobError, match=r"s3://b/list\.json lists s3://b/data/y, which does not exist"):
        arriving(tmp_path, LISTED, S3DataType="ManifestFile")


def test_a_manifest_must_be_there_and_be_one(tmp_path: Path) -> None:
    """A prefix that only begins as the manifest's key is none."""
    write(tmp_path, **{"list.json.old": "[]"})

    with pytest.raises(JobError, match=r"manifest s3://b/list\.json not found"):
        arriving(tmp_path, LISTED, S3DataType="ManifestFile")

    write(tmp_path, **{"list.json": "{}"})
    with pytest.raises(JobError, match=r"s3://b/list\.json: expected a JSON array"):
        arriving(tmp_path, LISTED, S3DataType="ManifestFile")


def test_a_host_gets_its_share(tmp_path: Path) -> None:
    """Of sharded objects, one by one in the order of their keys; a host beyond them gets the directory alone."""
    write(tmp_path, data__a="1", data__b="2", data__c="3")
    data = ("s3://b/data", f"{PLACE}/a")

    shares = [
        [
            path
            for path, content in arriving(tmp_path, data, hosts=4, host=host, S3DataDistributionType=SHARDED)
            if content
        ]
        for host in (1, 2, 3, 4)
    ]
    assert [[f"{PLACE}/a/a"], [f"{PLACE}/a/b"], [f"{PLACE}/a/c"], []] == shares
    assert 3 == sum(content is not None for _, content in arriving(tmp_path, data, hosts=4, host=2))
