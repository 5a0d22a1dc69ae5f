"""A request in another form than its JSON is recognised, and one line says what it is and what to do."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import RequestError
from conformance.job import forms
from conformance.job.validation import load
from tests.support.outcomes import request

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "requests.txt"

REQUEST = dict(request().document)
TEXT = json.dumps(REQUEST, indent=2)
DESCRIBED = {
    "ProcessingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:processing-job/job",
    "ProcessingJobStatus": "Completed",
    "CreationTime": 1.7e9,
    **REQUEST,
}
STEP = {"Name": "prepare", "Type": "Processing", "Arguments": REQUEST}
DEFINITION = {"Version": "2020-12-01", "Parameters": [], "Steps": [STEP]}
STARTED = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)

CONTENTS: dict[str, bytes | str] = {
    "answer of DescribeProcessingJob": json.dumps(DESCRIBED),
    "answer of CreateProcessingJob": json.dumps({"ProcessingJobArn": "arn:aws:sagemaker:...", "ResponseMetadata": {}}),
    "answer of ListProcessingJobs": json.dumps({"ProcessingJobSummaries": [DESCRIBED]}),
    "step of a pipeline": json.dumps(STEP),
    "definition of a pipeline": json.dumps(DEFINITION),
    "answer of DescribePipeline": json.dumps({"PipelineArn": "arn", "PipelineDefinition": json.dumps(DEFINITION)}),
    "task of Step Functions": json.dumps({"Type": "Task", "Resource": "arn", "Parameters": REQUEST}),
    "state machine": json.dumps({"StartAt": "prepare", "States": {}}),
    "training job": json.dumps({"TrainingJobName": "train", "RoleArn": "arn"}),
    "transform job": json.dumps({"TransformJobName": "transform"}),
    "array": "[]",
    "null": "null",
    "string": '"job"',
    "number": "7",
    "repr of boto3": repr({**DESCRIBED, "CreationTime": STARTED}),
    "dictionary of Python": repr(REQUEST),
    "JSON with a comment": TEXT.replace("{\n", "{\n  // our job\n", 1),
    "JSON with a comment of a shell": f"# our job\n{TEXT}",
    "JSON with a comment at a line's end": TEXT.replace(",\n", ", /* ours */\n", 1),
    "JSON with a trailing comma": TEXT.rstrip("}\n") + "},}",
    "JSON twice": TEXT + TEXT,
    "YAML": "# our job\nProcessingJobName: job\nAppSpecification:\n  ImageUri: example:1\n",
    "YAML with a start": "---\nProcessingJobName: job\n",
    "program of Python": "from sagemaker.processing import ScriptProcessor\n\nScriptProcessor().run()\n",
    "script of a shell": "#!/bin/sh\naws sagemaker create-processing-job --cli-input-json file://job.json\n",
    "command of the AWS CLI": "aws --region eu-west-1 sagemaker create-processing-job --processing-job-name job\n",
    "byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "UTF-16": TEXT.encode("utf-16"),
    "empty": "",
    "blank": "\n \n",
    "gzip": b"\x1f\x8b\x08\0\0",
    "binary": b"\x89PNG\r\n\x1a\n\0\0",
    "too long": b" " * 5_000_000 + b"{}",
    "prose": "the job that we run at night\n",
    "cut off": TEXT[:40],
}

NAMES = (
    "",
    " ",
    "file://job.json",
    "fileb:///srv/job.json",
    "s3://bucket/job.json",
    "https://host/job.json",
    TEXT[:20],
)


def answer(here: Path, content: bytes | str) -> str:
    """How a file of that content is refused, without its name."""
    path = here / "job.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RequestError) as caught:
        load(path)
    return str(caught.value).removeprefix(f"{path}: ")


def answers(here: Path) -> str:
    """What is said of each form, as the golden file has it."""
    told = [f"{form}\n    {answer(here, content)}" for form, content in CONTENTS.items()]
    told += [f"--image-job={name!r}\n    {forms.of_name(name)}" for name in NAMES]
    return "\n".join(told) + "\n"


def test_each_form_is_told_as_its_golden_file_has_it(tmp_path: Path) -> None:
    """One line each: what it is, and what to do."""
    assert GOLDEN.read_text(encoding="utf-8") == answers(tmp_path)


def test_a_file_that_does_not_exist_may_be_a_slip(tmp_path: Path) -> None:
    """The file that is nearest by name is named, and in a directory the first that may be meant."""
    (tmp_path / "job.json").write_text("{}")
    with pytest.raises(RequestError) as misspelled:
        load(tmp_path / "jobs.json")
    with pytest.raises(RequestError) as directory:
        load(tmp_path)
    with pytest.raises(RequestError) as cut:
        load(tmp_path / "job\0")

    assert f"{tmp_path}/jobs.json: cannot be read: No such file or directory; did you mean job.json?" == str(
        misspelled.value
    )
    assert f"{tmp_path}: expected a file, but this is a directory; did you mean {tmp_path}/job.json?" == str(
        directory.value
    )
    assert "cannot be read: embedded null byte" in str(cut.value)


def test_a_request_is_taken_for_no_other_form(tmp_path: Path) -> None:
    """Also one whose tags or variables have the names of other forms."""
    path = tmp_path / "job.json"
    path.write_text(json.dumps({**REQUEST, "Environment": {"Type": "x", "Arguments": "y", "ProcessingJobArn": "z"}}))

    assert "example" == load(path).name
    assert "" == forms.of_document(REQUEST)
    assert "" == forms.of_name("job.json")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_nothing_that_a_file_holds_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Whatever the bytes are: one error, of one line."""
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(content)
    with pytest.raises(RequestError) as caught:
        load(path)

    assert str(caught.value).startswith(f"{path}:")


def test_all_faults_of_a_request_are_listed_at_once(tmp_path: Path) -> None:
    """The model's and the service's, and the members of a structure once, however often it has unknown ones."""
    item = {"InputName": "a", "S3Input": {"LocalPath": "/data", "S3Datatype": "S3prefix", "Zone": "z", "Kind": "k"}}
    document = {
        "processing_job_name": "job",
        "AppSpecification": {"ImageUri": "example:1", "ContainerArguments": [""]},
        "ProcessingInputs": [item, item],
        "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlrage"}},
        "RoleArn": "arn:aws:iam::123456789012:role/processing",
        "Comment": "ours",
    }
    told = answer(tmp_path, json.dumps(document))

    assert (GOLDEN.parent / "faults.txt").read_text(encoding="utf-8") == f"job.json:{told.partition(':')[2]}\n"
