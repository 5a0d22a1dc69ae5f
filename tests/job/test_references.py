"""What a pipeline's definition leaves open, and what is put in its place."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.job.references import names, resolved

VALUES = {"Parameters.Count": 2, "Parameters.Quick": True, "Execution.PipelineName": "p", "Std:JsonGet": "from a file"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Get": "Parameters.Count"}, 2),
        ([{"Get": "Parameters.Quick"}, "x", 1.5, None], [True, "x", 1.5, None]),
        ({"a": {"b": {"Get": "Execution.PipelineName"}}}, {"a": {"b": "p"}}),
        ({"Get": "Parameters.Count", "Other": 1}, {"Get": "Parameters.Count", "Other": 1}),
        (
            {
                "Std:Join": {
                    "On": "/",
                    "Values": ["s3:/", {"Get": "Execution.PipelineName"}, {"Get": "Parameters.Quick"}],
                }
            },
            "s3://p/true",
        ),
        ({"Std:Join": {"On": "-", "Values": [{"Std:Join": {"On": "", "Values": ["a", "b"]}}, 1]}}, "ab-1"),
        ({"Std:JsonGet": {"Path": "x"}}, "from a file"),
        ({"Std:Join": {"On": "/", "Values": None}}, ""),
    ],
)
def test_references_become_their_values(value: Any, expected: Any) -> None:  # noqa: ANN401 - any JSON
    """Wherever they stand, with their types; what is joined is a string, and any other function a name of its own."""
    assert expected == resolved(value, VALUES.__getitem__)


def test_names_are_found_in_functions_too() -> None:
    """In the order in which they stand."""
    joined = {"Std:Join": {"On": "", "Values": [{"Get": "Steps.a.b"}, "c"]}}
    read = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.d.PropertyFiles.e"}, "Path": "f"}}

    assert ["Steps.a.b", "Steps.d.PropertyFiles.e"] == list(names([joined, {"x": read}, {"Get": "a", "b": 1}]))
