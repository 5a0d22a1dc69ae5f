"""A request to start from: valid, and with a note on whatever was left out or made up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.job import draft, pipeline
from conformance.job.draft import Copy
from conformance.job.request import JobRequest
from conformance.job.validation import rejected
from tests.support.legal_requests import legal_requests
from tests.support.outcomes import request

REQUEST = dict(request().document)
INPUT = {"S3DataType": "S3Prefix", "S3InputMode": "File"}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Get", "Std:Join", "On", "Values", "Steps", "Type", "Name", "Arguments", "Parameters"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(legal_requests)
def test_what_describe_adds_to_a_request_is_dropped_and_named(document: dict[str, Any]) -> None:
    """What is left is the request."""
    answer = {**document, "ProcessingJobArn": "arn", "ProcessingJobStatus": "Completed", "CreationTime": 1.0}
    made = draft.of_description(answer)

    assert document == made.document
    note = "CreationTime, ProcessingJobArn, ProcessingJobStatus"
    assert (f"dropped, since only DescribeProcessingJob has them: {note}",) == made.notes


def test_a_request_stays_as_it_is() -> None:
    """And one with a member too many says which."""
    assert draft.Draft(REQUEST) == draft.of_request(REQUEST)
    assert ("dropped, since no request has them: Comment",) == draft.of_request({**REQUEST, "Comment": ""}).notes


@pytest.mark.parametrize("entrypoint", [(), ("/run.sh",)])
@pytest.mark.parametrize("cmd", [(), ("python3",), ("/usr/local/bin/python3.12",), ("bash",), ("/bin/sh", "-c", "x")])
@pytest.mark.parametrize("reference", ["example:1", "host:5000/team/My_Image@sha256:0", "sha256:0123", "-"])
@pytest.mark.parametrize("user", ["", "app"])
def test_the_request_for_an_image_is_valid(
    reference: str, entrypoint: tuple[str, ...], cmd: tuple[str, ...], user: str
) -> None:
    """Whatever the image has; only without an ENTRYPOINT does it name a program."""
    made = draft.of_image(reference, entrypoint, cmd, user)

    assert [] == [*rejected(made.document)]
    assert bool(entrypoint) == (made.request.entrypoint is None)
    assert bool(user) == any("USER app" in note for note in made.notes)


def test_a_script_is_for_the_interpreter_that_the_image_has() -> None:
    """Python if CMD starts it, or if there is no CMD; else a shell."""
    starts = [draft.of_image("example", (), cmd, "").request.entrypoint for cmd in (("python3.12",), (), ("bash",))]
    script = "/opt/ml/processing/input/code/process"

    assert [("python3", f"{script}.py"), ("python3", f"{script}.py"), ("/bin/sh", f"{script}.sh")] == starts


@pytest.mark.parametrize(
    ("uri", "data_type", "command"),
    [
        ("s3://b/data", "S3Prefix", "aws s3 cp --recursive s3://b/data s3/b/data"),
        ("s3://b/data/", "S3Prefix", "aws s3 cp --recursive s3://b/data/ s3/b/data"),
        ("s3://b", "S3Prefix", "aws s3 cp --recursive s3://b s3/b"),
        ("s3://b/code/run.py", "S3Prefix", "aws s3 cp s3://b/code/run.py s3/b/code/run.py"),
        ("s3://b/list", "ManifestFile", "aws s3 cp s3://b/list s3/b/list"),
    ],
)
def test_what_to_copy(uri: str, data_type: str, command: str) -> None:
    """A key with an extension is an object, as is a manifest; all else is a prefix."""
    s3_input = {**INPUT, "S3Uri": uri, "S3DataType": data_type, "LocalPath": "/opt/ml/processing/input"}
    document = {**REQUEST, "ProcessingInputs": [{"InputName": "a", "S3Input": s3_input}] * 2}

    assert [command] == [copy.command("s3") for copy in draft.Draft(document).copies]


def test_a_folder_is_made_for_what_is_copied() -> None:
    """For an object the folder that it stands in."""
    assert ["b/data", "b/code"] == [Copy("s3://b/data/", False).folder, Copy("s3://b/code/x.py", True).folder]  # noqa: FBT003


# Pipelines


def step(name: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - members of a request
    """A Processing step: its arguments have no name of a job."""
    arguments = {member: value for member, value in REQUEST.items() if member != "ProcessingJobName"}
    return {"Name": name, "Type": "Processing", "Arguments": {**arguments, **changes}}


def arguments_of(document: dict[str, Any]) -> list[str]:
    """The arguments of a request."""
    return list(JobRequest(document).arguments or ())


def test_each_processing_step_becomes_a_job() -> None:
    """Also those within a condition; others are passed over."""
    definition = {
        "Steps": [
            step("Prepare data"),
            {"Name": "train", "Type": "Training", "Arguments": {}},
            {
                "Name": "good enough",
                "Type": "Condition",
                "Arguments": {"Conditions": [], "IfSteps": [step("evaluate")], "ElseSteps": [step("report")]},
            },
        ]
    }
    made = pipeline.of_definition(definition)

    assert ["Prepare-data", "evaluate", "report"] == [each.document["ProcessingJobName"] for each in made]
    assert [] == [fault for each in made for fault in rejected(each.document)]
    assert [()] * 3 == [each.notes for each in made]


def test_references_are_resolved_where_the_definition_has_the_value() -> None:
    """Defaults of parameters, joined strings, and outputs of other steps; all else is made up and named."""
    application = {
        "ImageUri": "example:1",
        "ContainerArguments": [
            {"Get": "Parameters.Rows"},
            {"Std:Join": {"On": "/", "Values": ["s3:/", {"Get": "Parameters.Bucket"}, "x"]}},
            {"Get": "Steps.prepare.ProcessingOutputConfig.Outputs['result'].S3Output.S3Uri"},
            {"Get": "Steps.train.ModelArtifacts.S3ModelArtifacts"},
            {"Get": "Execution.PipelineExecutionId"},
        ],
    }
    definition = {
        "Parameters": [
            {"Name": "Rows", "Type": "String", "DefaultValue": "7"},
            {"Name": "Bucket", "Type": "String", "DefaultValue": "b"},
            {"Name": "Open", "Type": "String"},
        ],
        "Steps": [step("prepare"), step("evaluate", AppSpecification=application)],
    }
    _, made = pipeline.of_definition(definition)

    result = REQUEST["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    assert ["7", "s3://b/x", result, "Steps-train-ModelArtifacts-S3ModelArtifacts", "execution"] == arguments_of(
        made.document
    )
    (note,) = made.notes
    assert note.endswith(": Steps.train.ModelArtifacts.S3ModelArtifacts, Execution.PipelineExecutionId")


def test_a_step_that_refers_to_itself_comes_to_an_end() -> None:
    """No execution could resolve it, so it is made up."""
    own = {"Get": "Steps.a.ProcessingOutputConfig.Outputs['o'].S3Output.S3Uri"}
    outputs = [{"OutputName": "o", "S3Output": {"S3Uri": own}}]
    (made,) = pipeline.of_definition({"Steps": [step("a", ProcessingOutputConfig={"Outputs": outputs})]})

    assert 1 == len(made.notes)


@given(anything)
def test_nothing_within_a_definition_raises(value: object) -> None:
    """Whoever reads the drafts validates them."""
    steps = [{"Type": "Processing", "Name": "a", "Arguments": value}, value]
    pipeline.of_definition({"Steps": steps, "Parameters": value})
    pipeline.of_definition({"Steps": value})
