"""The SageMaker Python SDK, version 2, as its users have it: a script is uploaded, run, followed and described."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.serve.server import Options, Server
from conformance.service import engine
from tests.conftest import ROOT, clean_environment

PYTHON = ROOT / ".cache/sdk/bin/python"

SCRIPT = """
import os
print("files", sorted(os.listdir("/opt/ml/processing/input/data")), flush=True)
open("/opt/ml/processing/output/result.txt", "w").write("result")
open("/opt/ml/output/message", "w").write("from the script")
"""

CLIENT = """
import boto3, sagemaker
from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor

objects = boto3.client("s3")
objects.create_bucket(Bucket="sdk")
processor = ScriptProcessor(
    image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/conformance/reference:latest",
    command=["python3"],
    role="arn:aws:iam::123456789012:role/processing-conformance",
    instance_count=1,
    instance_type="ml.m5.large",
    sagemaker_session=sagemaker.Session(default_bucket="sdk"),
)
processor.run(
    code="script.py",
    inputs=[ProcessingInput(source="data", destination="/opt/ml/processing/input/data")],
    outputs=[ProcessingOutput(source="/opt/ml/processing/output", output_name="out")],
    wait=True,
    logs=True,
)
told = processor.latest_job.describe()
print("status", told["ProcessingJobStatus"], told["ExitMessage"])
keys = [each["Key"] for each in objects.list_objects_v2(Bucket="sdk")["Contents"]]
print("keys", sorted(key.partition("/")[2] for key in keys))
"""


@pytest.mark.skipif(not PYTHON.exists(), reason="needs 300 MB: `pip install 'sagemaker<3'` in a venv at .cache/sdk")
def test_script_processor(reached: engine.Engine, tag: Callable[[str], str], tmp_path: Path) -> None:
    """With its log, which the SDK follows by looking every ten or thirty seconds."""
    tag("reference")
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "client.py").write_text(CLIENT)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.txt").write_text("a")
    server = Server(reached, Options(grace_seconds=2))
    ended = subprocess.run(
        [PYTHON, "client.py"],
        cwd=tmp_path,
        env={**clean_environment(), **server.environment, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    server.close()

    assert 0 == ended.returncode, ended.stderr
    assert "files ['a.txt']" in ended.stdout
    assert "status Completed from the script\n" in ended.stdout
    assert "keys ['input/code/script.py', 'input/input-1/a.txt', 'output/out/result.txt']\n" in ended.stdout
