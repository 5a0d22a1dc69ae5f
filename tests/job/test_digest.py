"""The digest of inputs can be computed by hand, and is of what the requests read and nothing else."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from conformance.job.digest import of_inputs
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest


def reading(**inputs: str) -> JobRequest:
    """A request with these inputs: S3DataType by URI."""
    members: list[dict[str, Any]] = [
        {"InputName": uri, "S3Input": {"S3Uri": f"s3://{uri}", "LocalPath": "/opt/ml/processing/x", "S3DataType": kind}}
        for uri, kind in inputs.items()
    ]
    return JobRequest({"ProcessingJobName": "job", "ProcessingInputs": members})


def tree(place: Path, **files: str) -> ObjectTree:
    """A tree of these objects."""
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return ObjectTree(place)


def test_it_is_that_of_what_sha256sum_prints(tmp_path: Path) -> None:
    """For the files that the request reads, in the order of their names' bytes, whichever input names them."""
    manifest = json.dumps([{"prefix": "s3://b/data/"}, "z"])
    files = {"b/list": manifest, "b/data/z": "1", "b/other": "2", "a/train-1": "3", "a/train/B": "4"}
    requests = [reading(**{"b/list": "ManifestFile", "a/train": "S3Prefix"}), reading(**{"a/": "S3Prefix"})]

    found = of_inputs(requests, tree(tmp_path, **files))

    read = ["a/train-1", "a/train/B", "b/data/z", "b/list"]
    command = f"sha256sum {' '.join(read)} | sha256sum"
    printed = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert found is not None
    assert printed.split()[0] == found.sha256
    assert (4, 3 + len(manifest)) == (found.objects, found.size)


def test_without_inputs_there_is_none(tmp_path: Path) -> None:
    """With a tree and without one."""
    assert of_inputs([reading()], tree(tmp_path)) is of_inputs([], None) is None
