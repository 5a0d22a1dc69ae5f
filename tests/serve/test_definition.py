"""A pipeline's definition as an execution takes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.serve.definition import Definition, Unresolved, looked_up
from conformance.serve.faults import Fault

OUTPUT = {"Get": "Steps.a.ProcessingOutputConfig.Outputs['x'].S3Output.S3Uri"}


def step(name: str, *after: str, of: str = "Processing", **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """A step that waits for others."""
    return {"Name": name, "Type": of, "Arguments": arguments, **({"DependsOn": list(after)} if after else {})}


def parsed(*steps: Any, parameters: Any = ()) -> Definition:  # noqa: ANN401 - any JSON
    """A definition of these steps."""
    return Definition.parse(json.dumps({"Version": "2020-12-01", "Steps": steps, "Parameters": parameters}))


def test_step_waits_for_what_it_names_and_for_what_it_reads() -> None:
    """Within a function too; what only looks like a reference is none."""
    joined = {"Std:Join": {"On": "/", "Values": [OUTPUT, "b"]}}
    definition = parsed(step("a"), step("b", "a"), step("c", x=OUTPUT), step("d", y=[joined]), step("e", z="Steps.a.b"))

    assert {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"a"}, "e": set()} == {
        each.name: set(each.after) for each in definition.steps
    }


def test_step_of_another_type_may_have_steps_within() -> None:
    """Nobody looks for those: it fails when it is its turn."""
    inner = [step("inner"), step("second", "inner")]
    branch = step("branch", "a", of="Condition", IfSteps=inner, Conditions=[{"Get": "Steps.inner.X"}])

    assert frozenset("a") == parsed(step("a"), branch).steps[1].after


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "expected JSON"),
        ("[]", "expected a JSON object with Steps"),
        ('{"Steps": {}}', "expected a JSON object with Steps"),
        ('{"Steps": [1]}', "expected each step to have a Name, a Type and Arguments"),
        ('{"Steps": [{"Name": "a", "Type": "Processing", "Arguments": []}]}', "expected each step to have a Name"),
        (
            '{"Steps": [{"Name": "a", "Type": "Processing", "DependsOn": "b"}]}',
            "expected DependsOn of step a to be a list",
        ),
        (json.dumps({"Steps": [step("a"), step("a")]}), "expected the name of each step to be unique"),
        (json.dumps({"Steps": [step("b", x=OUTPUT)]}), "step b waits for a, but no step has that name"),
        (json.dumps({"Steps": [step("a", "b"), step("b", "a")]}), "steps wait for each other: "),
        (json.dumps({"Steps": [step("a", x=OUTPUT)]}), "steps wait for each other: a, a"),
        ('{"Steps": ' + "[" * 100_000, "expected JSON"),
    ],
)
def test_what_cannot_be_executed_is_refused(text: str, expected: str) -> None:
    """With what was expected."""
    with pytest.raises(Fault) as refused:
        Definition.parse(text)

    assert refused.value.message.startswith(f"Unable to parse pipeline definition. {expected}")


PARAMETERS = [
    {"Name": "Text", "Type": "String", "DefaultValue": "t"},
    {"Name": "Count", "Type": "Integer", "DefaultValue": 1},
    {"Name": "Share", "Type": "Float", "DefaultValue": 0.5},
    {"Name": "Quick", "Type": "Boolean", "DefaultValue": False},
    {"Name": "Size", "Type": "String", "EnumValues": ["s", "m"]},
]


def test_parameters_have_the_types_of_the_definition() -> None:
    """Requests give all of them as strings."""
    definition = parsed(step("a"), parameters=PARAMETERS)

    assert {"Text": "t", "Count": 1, "Share": 0.5, "Quick": False, "Size": "m"} == definition.values({"Size": "m"})
    given = {"Text": "7", "Count": "7", "Share": "7", "Quick": "True", "Size": "s"}
    assert {"Text": "7", "Count": 7, "Share": 7.0, "Quick": True, "Size": "s"} == definition.values(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "expected values for Size, which have no default"),
        ({"Size": "s", "Other": "x"}, "the pipeline has no parameter Other"),
        ({"Size": "l"}, "expected parameter Size to be one of s, m, got 'l'"),
        ({"Size": "s", "Count": "1.5"}, "expected parameter Count to be of type Integer, got '1.5'"),
        ({"Size": "s", "Quick": "yes"}, "expected parameter Quick to be of type Boolean, got 'yes'"),
        ({"Size": "s", "Text": ""}, '[string "" is too short (length: 0, required minimum: 1)]'),
    ],
)
def test_parameters_that_cannot_be_are_refused(given: dict[str, str], expected: str) -> None:
    """And those that nobody has a value for."""
    with pytest.raises(Fault) as refused:
        parsed(step("a"), parameters=PARAMETERS).values(given)

    assert expected == refused.value.message.removeprefix("Invalid pipeline parameters: ")


JOB = {
    "ProcessingJobArn": "arn",
    "ProcessingOutputConfig": {"Outputs": [{"OutputName": "o.1", "S3Output": {"S3Uri": "s3://b/o"}}]},
    "ProcessingInputs": [{"InputName": "i", "S3Input": {"S3Uri": "s3://b/i"}}],
    "Environment": {"A.B": "c"},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("ProcessingJobArn", "arn"),
        ("ProcessingOutputConfig.Outputs['o.1'].S3Output.S3Uri", "s3://b/o"),
        ('ProcessingOutputConfig.Outputs["o.1"].S3Output.S3Uri', "s3://b/o"),
        ("ProcessingOutputConfig.Outputs[0].S3Output.S3Uri", "s3://b/o"),
        ("ProcessingInputs['i'].S3Input.S3Uri", "s3://b/i"),
        ("Environment['A.B']", "c"),
    ],
)
def test_property_of_a_step_is_found(path: str, expected: str) -> None:
    """As the SDK writes its path."""
    assert expected == looked_up(JOB, path)


@pytest.mark.parametrize(
    "path", ["ExitMessage", "ProcessingInputs['o']", "ProcessingInputs[1]", "ProcessingJobArn.x", "[", "['"]
)
def test_property_that_a_step_has_not_is_unresolved(path: str) -> None:
    """It is named by its path."""
    with pytest.raises(Unresolved, match="^" + path.replace("[", r"\[")):
        looked_up(JOB, path)
