"""What a project has to say only once: its settings, its image's own job, and a request to start from."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.conftest import REFERENCE_JOB, REFERENCE_S3, Ran, clean_environment

REQUEST: dict[str, Any] = json.loads(REFERENCE_JOB.read_text(encoding="utf-8"))
DESCRIBED = {**REQUEST, "ProcessingJobArn": "arn", "ProcessingJobStatus": "Completed", "CreationTime": 1.0}
STEP = {"Type": "Processing", "Arguments": {name: REQUEST[name] for name in REQUEST if name != "ProcessingJobName"}}


def started(here: Path, *arguments: str) -> tuple[int, list[str]]:
    """The status of a command that runs no session, and the lines that it prints."""
    command = [sys.executable, "-m", "pytest", *arguments]
    ended = subprocess.run(command, cwd=here, env=clean_environment(), capture_output=True, text=True, check=False)
    return ended.returncode, (ended.stdout + ended.stderr).strip().splitlines()


def test_a_described_job_becomes_a_request(tmp_path: Path) -> None:
    """Without what only DescribeProcessingJob has, with a folder for each input and the commands that fill it."""
    (tmp_path / "described.json").write_text(json.dumps(DESCRIBED))
    status, lines = started(tmp_path, "--image-init=new", "--image-init-from=described.json")

    image = REQUEST["AppSpecification"]["ImageUri"]
    assert (
        0,
        [
            "wrote new/job.json",
            "wrote new/s3.md",
            "dropped, since only DescribeProcessingJob has them: CreationTime, ProcessingJobArn, ProcessingJobStatus",
            "copy what the job reads: new/s3.md has the commands",
            f"run: pytest --image={image} --image-job=new/job.json --image-s3=new/s3",
        ],
    ) == (status, lines)
    assert REQUEST == json.loads((tmp_path / "new/job.json").read_text())
    data = "conformance-fixtures/reference/measurements"
    assert (tmp_path / "new/s3" / data).is_dir()
    assert f"    aws s3 cp --recursive s3://{data} new/s3/{data}" in (tmp_path / "new/s3.md").read_text().splitlines()


def test_each_step_of_a_pipeline_becomes_a_request(tmp_path: Path) -> None:
    """From the definition, from a step of it, and from the answer of DescribePipeline."""
    definition = {"Version": "2020-12-01", "Steps": [{**STEP, "Name": "one"}, {**STEP, "Name": "two"}]}
    written = {}
    forms = (definition, {"PipelineDefinition": json.dumps(definition)}, {**STEP, "Name": "a"})
    for number, content in enumerate(forms):
        (tmp_path / "from.json").write_text(json.dumps(content))
        started(tmp_path, f"--image-init={number}", "--image-init-from=from.json")
        written[number] = sorted(path.name for path in (tmp_path / str(number)).glob("*.json"))

    assert {0: ["one.json", "two.json"], 1: ["one.json", "two.json"], 2: ["job.json"]} == written
    assert "two" == json.loads((tmp_path / "1/two.json").read_text())["ProcessingJobName"]


@pytest.mark.parametrize(
    ("content", "arguments", "expected"),
    [
        (
            "{}",
            ["--image-init-from=from.json"],
            "neither the answer of DescribeProcessingJob nor",
        ),
        ("[]", ["--image-init-from=from.json"], "expected a JSON object, got a JSON array"),
        ("a: b", ["--image-init-from=from.json"], "but this is YAML"),
        (
            '{"Steps": []}',
            ["--image-init-from=from.json"],
            "expected a Processing step in from.json, but",
        ),
        ('{"PipelineDefinition": "{"}', ["--image-init-from=from.json"], "PipelineDefinition is not JSON"),
        ('{"AppSpecification": {}}', ["--image-init-from=from.json"], "ImageUri: required member is missing"),
        (json.dumps(REQUEST), ["--image-init-from=from.json", "--image-init=from.json"], "cannot be written to"),
        ("", ["--image-init-from="], "--image-init-from: expected a file, got an empty string"),
        ("", ["--image-init"], "--image-init: expected an image or a file, got neither (pass --image=URI)"),
    ],
)
def test_what_no_request_can_be_made_of(content: str, arguments: list[str], expected: str, tmp_path: Path) -> None:
    """It is exit status 4 and an error, and nothing is written."""
    (tmp_path / "from.json").write_text(content)
    status, lines = started(tmp_path, *arguments)

    assert 4 == status, lines
    assert expected in "\n".join(lines)
    assert [tmp_path / "from.json"] == list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A request that was edited stays."""
    (tmp_path / "job.json").write_text(json.dumps(REQUEST))
    status, lines = started(tmp_path, "--image-init-from=job.json")

    assert (4, ["ERROR: --image-init: expected a new file, but job.json exists"]) == (status, lines)


@pytest.mark.engine
def test_a_request_to_start_from_runs(
    tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """For an image without an ENTRYPOINT it brings a script, and the job succeeds as it stands."""
    image = tag("flawed/no-command")
    status, lines = started(tmp_path, f"--image={image}", "--image-init")
    ran = conformance(image, "--image-job=job.json", "--image-s3=s3", "-k", "exit.zero-on-success")

    assert 0 == status, lines
    assert lines[-1] == f"run: pytest --image={image} --image-job=job.json --image-s3=s3"
    assert "conforms" == ran.verdict("exit.zero-on-success")["verdict"], ran.output


@pytest.mark.engine
@pytest.mark.parametrize("name", ["pyproject.toml", "pytest.ini"])
def test_settings_of_a_project(
    name: str, tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """Paths are relative to the file that names them, the header names it, and the command line comes first."""
    shutil.copytree(REFERENCE_S3, tmp_path / "data/s3")
    shutil.copy(REFERENCE_JOB, tmp_path / "data/job.json")
    settings = {
        "pyproject.toml": (
            '[tool.pytest.ini_options]\nimage_job = ["data/job.json"]\nimage_s3 = "data/s3"\nimage_timeout = "60"\n'
        ),
        "pytest.ini": "[pytest]\nimage_job =\n    data/job.json\nimage_s3 = data/s3\nimage_timeout = 60\n",
    }
    (tmp_path / name).write_text(settings[name])
    ran = conformance(tag("reference"), "-k", "image.platform", "--image-timeout=50")

    assert f"conformance: image_job, image_s3 from {tmp_path / name}" in ran.output.splitlines(), ran.output
    assert "processing" == ran.report["profile"]["name"]


@pytest.mark.engine
def test_an_image_brings_its_own_job(
    tag: Callable[[str], str], client: docker.APIClient, conformance: Callable[..., Ran]
) -> None:
    """By a label that is the request, or that names a file; the header says so, and --image-job comes first."""
    request = {name: value for name, value in REQUEST.items() if name != "ProcessingInputs"}
    quoted = json.dumps(json.dumps(request))
    base = tag("reference")
    for name, lines in (
        ("labelled", f"LABEL conformance.job={quoted.replace('$', chr(92) + '$')}"),
        ("named", "LABEL conformance.job=/job.json"),
    ):
        dockerfile = f"FROM {base}\n{lines}\n".encode()
        for step in client.build(fileobj=io.BytesIO(dockerfile), tag=f"conformance-test/{name}", rm=True, decode=True):
            assert "error" not in step, step["error"]
    try:
        labelled = conformance("conformance-test/labelled", "-k", "image.platform")
        named = conformance("conformance-test/named", "-k", "image.platform")
    finally:
        for name in ("labelled", "named"):
            client.remove_image(f"conformance-test/{name}")

    assert "conformance: job reference from label conformance.job of conformance-test/labelled" in labelled.output
    assert "processing" == labelled.report["profile"]["name"]
    assert "profile processing with a job that the image brings, contract" in labelled.output
    assert (4, "ERROR: conformance-test/named has no file /job.json") == (named.status, named.output.strip())
