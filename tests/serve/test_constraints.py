"""What a request breaks, in AWS's words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from conformance.job.model import model_faults
from conformance.serve import constraints
from tests.support.legal_requests import legal_requests

CREATE = "CreateProcessingJob"
GOOD: dict[str, Any] = {
    "ProcessingJobName": "a",
    "AppSpecification": {"ImageUri": "x"},
    "RoleArn": "arn:aws:iam::123456789012:role/r",
    "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
}


@given(legal_requests)
def test_legal_request_breaks_nothing(document: dict[str, Any]) -> None:
    """As the suite's own reading of the model has it."""
    assert [] == list(model_faults(document))
    assert "" == constraints.wrong_type(CREATE, document)
    assert () == constraints.broken(CREATE, document)
    assert document == constraints.known(CREATE, document)


LONG_IMAGE = {"AppSpecification": {"ImageUri": "x" * 256}}
NO_URI = {"ProcessingInputs": [{"InputName": "a", "S3Input": {"S3Uri": "no", "S3DataType": "S3Prefix"}}]}


@pytest.mark.parametrize(
    ("change", "value", "place", "rule"),
    [
        (
            LONG_IMAGE,
            f"'{'x' * 256}'",
            "appSpecification.imageUri",
            "Member must have length less than or equal to 255",
        ),
        ({"RoleArn": None}, "null", "roleArn", "Member must not be null"),
        (NO_URI, "'no'", "processingInputs.1.member.s3Input.s3Uri", "Member must satisfy regular expression pattern: "),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 10**9}},
            "'1000000000'",
            "stoppingCondition.maxRuntimeInSeconds",
            "Member must have value less than or equal to ",
        ),
        (
            {"Environment": {"a b": "c"}},
            "'{a b=c}'",
            "environment",
            "Map keys must satisfy constraint: [Member must have length less than or equal to 256, Member must have ",
        ),
        (
            {"Environment": {"a": "c" * 257}},
            f"'{{a={'c' * 257}}}'",
            "environment",
            "Map value must satisfy constraint: [Member must have length less than or equal to 256, ",
        ),
    ],
)
def test_broken_constraint_is_told(change: dict[str, Any], value: str, place: str, rule: str) -> None:
    """One sentence for each."""
    (told,) = constraints.broken(CREATE, {**GOOD, **change})

    assert told.startswith(f"Value {value} at '{place}' failed to satisfy constraint: {rule}")


@pytest.mark.parametrize(
    "document",
    [[], "x", {**GOOD, "Tags": {}}, {**GOOD, "ProcessingJobName": 1}, {**GOOD, "ProcessingJobName": "\ud800"}],
    ids=repr,
)
def test_wrong_type_is_not_read(document: object) -> None:
    """Nothing else is looked at then."""
    assert constraints.wrong_type(CREATE, document)


def test_unknown_and_null_members_are_left_out() -> None:
    """At any depth, as AWS takes no notice of them."""
    document = {**GOOD, "Nothing": 1, "Environment": None, "AppSpecification": {"ImageUri": "x", "Other": 2}}

    assert GOOD == constraints.known(CREATE, document)
    assert () == constraints.broken(CREATE, document)
