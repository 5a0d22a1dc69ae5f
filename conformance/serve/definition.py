"""A pipeline's definition, as an execution needs it: its parameters with their values, and its steps in their order.

Source: the developer guide, "Amazon SageMaker Pipelines", and the definitions that the SageMaker Python SDK writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from conformance.job import references
from conformance.job.jsonfile import entries
from conformance.serve import faults

TYPES = {"String": str, "Integer": int, "Float": float, "Boolean": bool}
"""The types of parameters."""

PROCESSING = "Processing"
"""The type of the steps that are executed here."""

TRUTHS = {"true": True, "false": False}

Members = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One step; `after` are the names of those that it waits for."""

    name: str
    type: str
    arguments: Members
    after: frozenset[str]
    display_name: str
    description: str


@dataclass(frozen=True)
class Definition:
    """A definition that can be executed; `experiment` is its PipelineExperimentConfig."""

    text: str
    parameters: tuple[Members, ...]
    steps: tuple[Step, ...]
    experiment: Members

    @classmethod
    def parse(cls, text: str) -> Definition:
        """The definition of a text.

        Raises:
            Fault: it is none, or its steps wait for each other.
        """
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise faults.invalid_definition("expected JSON") from error
        if not isinstance(document, dict) or not isinstance(document.get("Steps"), list):
            raise faults.invalid_definition("expected a JSON object with Steps")
        steps = _in_order([_step(each) for each in document["Steps"]])
        parameters = tuple(each for _, each in entries(document.get("Parameters"), dict) if "Name" in each)
        experiment = document.get("PipelineExperimentConfig")
        return cls(text, parameters, steps, experiment if isinstance(experiment, dict) else {})

    def values(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The value of each parameter, of those that are given and the defaults.

        Raises:
            Fault: one has no value, or one that is not of its type; or one is given that the definition does not have.
        """
        known = {str(each["Name"]): each for each in self.parameters}
        if unknown := sorted(given.keys() - known.keys()):
            raise faults.invalid_parameters(f"the pipeline has no parameter {', '.join(unknown)}")
        missing = [name for name, each in known.items() if name not in given and each.get("DefaultValue") is None]
        if missing:
            raise faults.invalid_parameters(f"expected values for {', '.join(missing)}, which have no default")
        return {
            name: _value(name, given[name], each) if name in given else each["DefaultValue"]
            for name, each in known.items()
        }


def _step(document: object) -> Step:
    members = document if isinstance(document, dict) else {}
    name, arguments = members.get("Name"), members.get("Arguments", {})
    if not isinstance(name, str) or not isinstance(members.get("Type"), str) or not isinstance(arguments, dict):
        raise faults.invalid_definition("expected each step to have a Name, a Type and Arguments")
    named = (reference.split(".") for reference in references.names(arguments) if reference.startswith("Steps."))
    depends_on = members.get("DependsOn") or []
    if not isinstance(depends_on, list):
        raise faults.invalid_definition(f"expected DependsOn of step {name} to be a list")
    return Step(
        name,
        members["Type"],
        arguments,
        frozenset((*map(str, depends_on), *(words[1] for words in named))),
        str(members.get("DisplayName", "")),
        str(members.get("Description", "")),
    )


def _in_order(steps: list[Step]) -> tuple[Step, ...]:
    """The same steps; raises `Fault` where they cannot come one after the other."""
    names = frozenset(step.name for step in steps)
    if len(names) < len(steps):
        raise faults.invalid_definition("expected the name of each step to be unique")
    for step in steps:
        if step.type == PROCESSING and (unknown := sorted(step.after - names)):
            raise faults.invalid_definition(
                f"step {step.name} waits for {', '.join(unknown)}, but no step has that name"
            )
    # A step of another type, which fails when it is its turn, may have steps within it.
    steps = [replace(step, after=step.after & names) for step in steps]
    try:
        TopologicalSorter({step.name: step.after for step in steps}).prepare()
    except CycleError as error:
        raise faults.invalid_definition(f"steps wait for each other: {', '.join(error.args[1])}") from error
    return tuple(steps)


def _value(name: str, text: str, parameter: Members) -> Any:  # noqa: ANN401 - a string, number or boolean
    """A value as its type has it; one of several where they are listed."""
    if not text:
        raise faults.empty_parameter()
    kind = str(parameter.get("Type", "String"))
    try:
        value = TRUTHS[text.lower()] if kind == "Boolean" else TYPES.get(kind, str)(text)
    except (KeyError, ValueError) as error:
        raise faults.invalid_parameters(f"expected parameter {name} to be of type {kind}, got {text!r}") from error
    allowed = [each for _, each in entries(parameter.get("EnumValues"), object)]
    if allowed and value not in allowed:
        listed = ", ".join(map(str, allowed))
        raise faults.invalid_parameters(f"expected parameter {name} to be one of {listed}, got {text!r}")
    return value


class Unresolved(Exception):  # noqa: N818 - it is no error of this program
    """A reference has no value; the text is its name."""


def looked_up(document: object, path: str) -> Any:  # noqa: ANN401 - any JSON value
    """What stands at a path such as `Outputs['train'].S3Output.S3Uri` or `Outputs[0]`.

    An entry of a list in brackets with quotes is that whose name is so.

    Raises:
        Unresolved: nothing does.
    """
    found: Any = document
    for word in _words(path):
        if isinstance(found, list) and word.isdecimal() and int(word) < len(found):
            found = found[int(word)]
        elif isinstance(found, list):
            named = [
                each for _, each in entries(found, dict) if word in {each.get("OutputName"), each.get("InputName")}
            ]
            found = named[0] if named else None
        else:
            found = found.get(word) if isinstance(found, dict) else None
        if found is None:
            raise Unresolved(path)
    return found


def _words(path: str) -> Iterator[str]:
    """The names and numbers in a path; a name in quotes may have dots."""
    while path:
        if path.startswith("["):
            word, _, path = path[1:].partition("]")
            yield word.strip("'\"")
        else:
            path = path.removeprefix(".")
            end = min((place for place in map(path.find, ".[") if place >= 0), default=len(path))
            yield path[:end]
            path = path[end:]
