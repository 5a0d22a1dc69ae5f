"""The SageMaker Python SDK, versions 2 and 3, with what `serve` prints and nothing else, as its users have it."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from conformance.serve.server import Options, Server
from conformance.service import engine
from scripts.clients import SDK_2, SDK_3
from tests.conftest import ROOT, clean_environment

CLIENTS = ROOT / "fixtures/clients"

SCRIPT = """
import os
print("files", sorted(os.listdir("/opt/ml/processing/input/data")), os.environ.get("WHAT"), flush=True)
open("/opt/ml/processing/output/result.txt", "w").write("result")
open("/opt/ml/output/message", "w").write("from the script")
"""

NAMES = {
    "conformance/clients": "latest",
    "sagemaker-scikit-learn": "1.2-1-cpu-py3",
    "sagemaker-spark-processing": "3.3-cpu",
}
"""What the programs and the processors of the SDK name, without the registry, and its tag."""

TAR = """#!/usr/bin/env python3
import sys, tarfile
assert sys.argv[1] == "-xzf"
tarfile.open(sys.argv[2]).extractall()
"""

SUBMIT = """#!/bin/sh
# In the place of AWS's program, which hands a script to Spark: the script is the last argument here.
for word; do last=$word; done
exec python3 "$last"
"""

SECONDS = 600


@pytest.fixture(name="images")
def _images(client: docker.APIClient, tag: Callable[[str], str]) -> Iterator[None]:
    """The reference with programs that the SDK needs, under all names."""
    files = {
        "Dockerfile": f"FROM {tag('reference')}\nCOPY tar smspark-submit /usr/local/bin/\n",
        "tar": TAR,
        "smspark-submit": SUBMIT,
    }
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content.encode()), 0o755
            archive.addfile(entry, io.BytesIO(content.encode()))
    context.seek(0)
    names = [f"{repository}:{version}" for repository, version in NAMES.items()]
    said = list(client.build(fileobj=context, custom_context=True, tag=names[0], rm=True, decode=True))
    assert not [line for line in said if "error" in line], said
    for repository, version in NAMES.items():
        client.tag(names[0], repository, version)
    yield
    for name in names:
        client.remove_image(name)


@pytest.fixture(name="directory")
def _directory(tmp_path: Path) -> Path:
    """What a user has in the directory of a program."""
    for name, content in {
        "script.py": SCRIPT,
        "failing.py": "import sys; print('about to fail', flush=True); sys.exit(5)",
        "source/main.py": f"import helper\n{SCRIPT}",
        "source/helper.py": "print('helper')",
        "data/a.txt": "a",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return tmp_path


def said_by(
    python: Path, program: str, directory: Path, reached: engine.Engine
) -> tuple[str, dict[str, dict[str, Any]]]:
    """What a program prints, and the lines of it that are JSON, by their names."""
    server = Server(reached, Options(grace_seconds=2))
    without = {name: value for name, value in clean_environment().items() if not name.startswith("AWS_")}
    try:
        ended = subprocess.run(
            [python, CLIENTS / program],
            cwd=directory,
            env={**without, **server.environment, "HOME": str(directory)},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    finally:
        server.close()
    assert 0 == ended.returncode, ended.stdout[-1500:] + ended.stderr[-1500:]
    found = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    return ended.stdout, {each.get("name", "identity"): each for each in found}


def check(stdout: str, told: dict[str, dict[str, Any]], *processors: str) -> None:
    """What both versions show: identity, jobs with their log and message, a failure, and a pipeline."""
    identity = told["identity"]
    assert "arn:aws:iam::123456789012:role/processing-conformance" == identity["role"]
    assert "sagemaker-us-east-1-123456789012" == identity["bucket"]
    assert "plain ['a.txt']" in stdout
    assert "Completed" == told["Processor"]["status"]
    for name in processors:
        assert ("Completed", "from the script") == (told[name]["status"], told[name]["message"]), told[name]
        assert [key for key in told[name]["objects"] if key.endswith("/result.txt")], told[name]
    # Each of them, and nothing of the jobs of the pipeline, whose log nobody follows.
    assert len(processors) == stdout.count("files ['a.txt'] None")
    assert "helper" in stdout
    assert "about to fail" in stdout
    assert ("Failed", "AlgorithmError: , exit code: 5") == (told["failing"]["status"], told["failing"]["reason"])
    assert {"name": "Pipeline", "status": "Succeeded", "steps": [["second", "Succeeded"], ["first", "Succeeded"]]} == (
        told["Pipeline"]
    )


@pytest.mark.skipif(not SDK_2.exists(), reason=f"{SDK_2} is not installed")
@pytest.mark.usefixtures("images")
def test_version_2(directory: Path, reached: engine.Engine) -> None:
    """Every processor of it, with its log, which the SDK follows by looking every ten or thirty seconds."""
    stdout, told = said_by(SDK_2, "sdk2.py", directory, reached)

    check(stdout, told, "ScriptProcessor", "FrameworkProcessor", "SKLearnProcessor", "PySparkProcessor")
    assert told["failing"]["raised"].startswith("UnexpectedStatusException: Error for Processing job ")
    assert "Failed. Reason: AlgorithmError: , exit code: 5. Check troubleshooting guide" in told["failing"]["raised"]


@pytest.mark.skipif(not SDK_3.exists(), reason=f"{SDK_3} is not installed")
@pytest.mark.usefixtures("images")
def test_version_3(directory: Path, reached: engine.Engine) -> None:
    """Its three processors. What it raises of a failed job is a fault of its own: the name of an exception."""
    stdout, told = said_by(SDK_3, "sdk3.py", directory, reached)

    check(stdout, told, "ScriptProcessor", "FrameworkProcessor")
    assert "UnexpectedStatusException" in told["failing"]["raised"]
