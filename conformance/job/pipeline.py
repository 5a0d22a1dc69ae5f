"""The Processing steps of a SageMaker Pipelines definition as requests.

A definition leaves values open until it is executed: parameters, which have defaults, results of other steps, and
strings that are joined from these. What has no value here is made up and named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.job import references
from conformance.job.draft import Draft, job_name, of_request
from conformance.job.jsonfile import entries, part

EXECUTION = {
    "Execution.PipelineExecutionId": "execution",
    "Execution.PipelineName": "pipeline",
    "Execution.CurrentDateTime": "2026-01-01T00:00:00Z",
    "Execution.StartDateTime": "2026-01-01T00:00:00Z",
}
"""What an execution would know, made up."""

OUTPUT_OF_STEP = re.compile(r"Steps\.([^.]+)\.ProcessingOutputConfig\.Outputs\['([^']+)'\]\.S3Output\.S3Uri")


@dataclass
class _Values:
    """The values that a definition gives, and the names of those that were made up."""

    parameters: dict[str, Any]
    arguments: dict[str, dict[str, Any]]
    made_up: list[str] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)

    def resolved(self, value: object) -> Any:  # noqa: ANN401 - any JSON value
        """A value without references."""
        return references.resolved(value, self._of)

    def _of(self, name: str) -> Any:  # noqa: ANN401 - any JSON value
        parameter = name.removeprefix("Parameters.")
        if parameter in self.parameters:
            return self.parameters[parameter]
        output = OUTPUT_OF_STEP.fullmatch(name)
        # A definition that refers to itself in a circle cannot be executed, but it can be written down.
        if output is not None and name not in self.followed:
            self.followed.append(name)
            found = self._output(*output.groups())
            self.followed.pop()
            if found is not None:
                return found
        self.made_up.append(name)
        return EXECUTION.get(name, job_name(name))

    def _output(self, step: str, output: str) -> Any:  # noqa: ANN401 - any JSON value
        outputs = entries(part(self.arguments.get(step), "ProcessingOutputConfig").get("Outputs"), dict)
        uris = [part(each, "S3Output").get("S3Uri") for _, each in outputs if each.get("OutputName") == output]
        return self.resolved(uris[0]) if uris else None


def of_definition(definition: dict[str, Any]) -> tuple[Draft, ...]:
    """The request of each Processing step, in the order of the definition, named after its step."""
    steps = list(_steps(definition.get("Steps")))
    parameters = (each for _, each in entries(definition.get("Parameters"), dict))
    defaults = {str(each.get("Name")): each["DefaultValue"] for each in parameters if "DefaultValue" in each}
    arguments = {str(step.get("Name", "step")): part(step, "Arguments") for step in steps}
    return tuple(_draft(name, arguments, defaults) for name in arguments)


def _draft(name: str, arguments: dict[str, dict[str, Any]], defaults: dict[str, Any]) -> Draft:
    values = _Values(defaults, arguments)
    resolved = part({"arguments": values.resolved(arguments[name])}, "arguments")
    draft = of_request({"ProcessingJobName": job_name(name), **resolved})
    made_up = f"made up, since only an execution of the pipeline knows: {', '.join(dict.fromkeys(values.made_up))}"
    return replace(draft, notes=(*draft.notes, made_up)) if values.made_up else draft


def _steps(steps: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """Every Processing step, also those of a condition."""
    for _, step in entries(steps, dict):
        if step.get("Type") == "Processing":
            yield step
        elif step.get("Type") == "Condition":
            for branch in ("IfSteps", "ElseSteps"):
                yield from _steps(part(step, "Arguments").get(branch))
