"""Would the service accept a job request? The API model's constraints, and the rules that the model does not have.

botocore's own client checks only types, required members and minima; the maxima, patterns and enumerations of its
model are checked here too. Every error is reported, each with its JSON path.
"""

from __future__ import annotations

import functools
import json
import posixpath
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regex

from conformance.errors import RequestError
from conformance.files.tree import is_below
from conformance.job.jsonfile import json_type, read_document
from conformance.job.request import PROCESSING, JobRequest

if TYPE_CHECKING:
    from botocore.model import Shape

TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
}
"""The JSON type of each type of the API model."""

SURROGATE = regex.compile(r"[\uD800-\uDFFF]")
"""JSON can escape half of a surrogate pair, which cannot be encoded as UTF-8."""


def load(path: Path) -> JobRequest:
    """Read a request from a file and make sure that the service would accept it and that it can be run here.

    Raises:
        RequestError: with every error that was found, each with its JSON path.
    """
    document = read_document(path)
    faults = tuple(model_faults(document))
    # The service's own rules read members by name, so they are asked only of a request of the right shape.
    faults = faults or tuple(service_faults(document))
    if faults:
        raise RequestError(str(path), faults)
    unsupported = tuple(not_run_locally(document))
    if unsupported:
        raise RequestError(str(path), unsupported, hint="a limitation of this suite; the request itself is valid")
    return JobRequest(document, source=str(path))


@functools.cache
def _input_shape() -> Shape:
    from botocore.loaders import Loader  # noqa: PLC0415 - 0.15 s that a run without a request need not pay
    from botocore.model import ServiceModel  # noqa: PLC0415 - the same

    model = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    shape = model.operation_model("CreateProcessingJob").input_shape
    if shape is None:  # pragma: no cover - the operation has had an input since it exists
        raise RequestError("botocore", ("its model of CreateProcessingJob has no input",))
    return shape


def model_faults(document: dict[str, Any]) -> Iterator[str]:
    """Yield every violation of botocore's model of the `CreateProcessingJob` request."""
    yield from _faults("", document, _input_shape())


def _faults(path: str, value: object, shape: Any) -> Iterator[str]:  # noqa: ANN401 - botocore's shapes share no typed base
    where = path or "the request"
    expected = TYPES[shape.type_name]
    # JSON's true is an int to Python, and never a number to AWS.
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        article = "an" if shape.type_name == "integer" else "a"
        yield f"{where}: expected {article} {shape.type_name}, got {_brief(value)}"
        return
    if isinstance(value, str) and SURROGATE.search(value):
        yield f"{where}: expected Unicode text, got an unpaired surrogate"
        return
    yield from _limits(where, value, shape.metadata)
    if isinstance(value, dict) and shape.type_name == "structure":
        yield from _member_faults(path, value, shape)
    elif isinstance(value, dict):
        for key, content in value.items():
            yield from _faults(f"{path}[{key!r}] (key)", key, shape.key)
            yield from _faults(f"{path}[{key!r}]", content, shape.value)
    elif isinstance(value, list):
        for index, content in enumerate(value):
            yield from _faults(f"{path}[{index}]", content, shape.member)


def _member_faults(path: str, value: dict[str, object], shape: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    for member in shape.required_members:
        if member not in value:
            yield f"{_join(path, member)}: required member is missing"
    for member, content in value.items():
        if member in shape.members:
            yield from _faults(_join(path, member), content, shape.members[member])
        else:
            yield f"{_join(path, member)}: unknown member; expected one of {', '.join(shape.members)}"


def _limits(where: str, value: Any, limits: dict[str, Any]) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    measure, unit = (len(value), _unit(value)) if isinstance(value, str | list | dict) else (value, "")
    # One fault is enough: a name that is too long rarely matches the pattern, which counts too.
    if "min" in limits and measure < limits["min"]:
        yield f"{where}: expected at least {_counted(limits['min'], unit)}, got {measure}"
        return
    if "max" in limits and measure > limits["max"]:
        yield f"{where}: expected at most {_counted(limits['max'], unit)}, got {measure}"
        return
    if "enum" in limits and value not in limits["enum"]:
        choices = limits["enum"]
        shown = ", ".join(choices[:8]) + (f", ... ({len(choices)} in all)" if len(choices) > 8 else "")  # noqa: PLR2004 - as many as fit on a line
        yield f"{where}: expected one of {shown}; got {_brief(value)}"
    if (
        "pattern" in limits
        and isinstance(value, str)
        and not regex.fullmatch(_python_pattern(limits["pattern"]), value)
    ):
        yield f"{where}: expected a string matching {limits['pattern']}, got {_brief(value)}"


def _python_pattern(pattern: str) -> str:
    """The model's patterns are Java's, where a surrogate pair is one code point."""
    return pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")


def service_faults(document: dict[str, Any]) -> Iterator[str]:
    """Yield what the service rejects although the API model allows it (contract, sections 1 and 2)."""
    application = document["AppSpecification"]
    for member in ("ContainerEntrypoint", "ContainerArguments"):
        for index, word in enumerate(application.get(member, ())):
            if not word:
                yield f"AppSpecification.{member}[{index}]: expected a non-empty string; the service rejects empty ones"
    cluster = document["ProcessingResources"]["ClusterConfig"]
    yield from _exactly_one("ProcessingResources.ClusterConfig", cluster, "InstanceType", "InstancePreferences")
    yield from _input_faults(document.get("ProcessingInputs", ()))
    yield from _output_faults(document.get("ProcessingOutputConfig", {}).get("Outputs", ()))


def _input_faults(inputs: list[dict[str, Any]]) -> Iterator[str]:
    for index, item in enumerate(inputs):
        where = f"ProcessingInputs[{index}]"
        yield from _exactly_one(where, item, "S3Input", "DatasetDefinition")
        s3_input = item.get("S3Input")
        if s3_input is None:
            continue
        if not item.get("AppManaged"):
            yield from _local_path_faults(f"{where}.S3Input.LocalPath", s3_input.get("LocalPath"))
        if s3_input.get("S3CompressionType") == "Gzip" and s3_input.get("S3InputMode") != "Pipe":
            yield f"{where}.S3Input.S3CompressionType: Gzip is allowed only with S3InputMode Pipe"
    yield from _repeated("ProcessingInputs", "InputName", [item["InputName"] for item in inputs])
    paths = [item["S3Input"].get("LocalPath") for item in inputs if "S3Input" in item]
    yield from _repeated("ProcessingInputs", "S3Input.LocalPath", [posixpath.normpath(path) for path in paths if path])


def _output_faults(outputs: list[dict[str, Any]]) -> Iterator[str]:
    for index, item in enumerate(outputs):
        where = f"ProcessingOutputConfig.Outputs[{index}]"
        yield from _exactly_one(where, item, "S3Output", "FeatureStoreOutput")
        if "S3Output" in item and not item.get("AppManaged"):
            yield from _local_path_faults(f"{where}.S3Output.LocalPath", item["S3Output"].get("LocalPath"))
    yield from _repeated("ProcessingOutputConfig.Outputs", "OutputName", [item["OutputName"] for item in outputs])


def _exactly_one(where: str, item: dict[str, Any], *members: str) -> Iterator[str]:
    given = [member for member in members if member in item]
    if len(given) != 1:
        yield f"{where}: expected exactly one of {' and '.join(members)}, got {' and '.join(given) or 'neither'}"


def _local_path_faults(where: str, path: str | None) -> Iterator[str]:
    if path is None:
        yield f"{where}: required member is missing"
    elif not path.startswith("/") or ".." in path.split("/") or not is_below(path, PROCESSING):
        yield f"{where}: expected an absolute path below {PROCESSING}/, got {path!r}"
    elif posixpath.normpath(path) == PROCESSING:
        yield f"{where}: expected a path below {PROCESSING}/, got the directory itself"


def _repeated(where: str, member: str, values: list[str]) -> Iterator[str]:
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{where}: expected each {member} to be unique, got {value!r} {count} times"


def not_run_locally(document: dict[str, Any]) -> Iterator[str]:
    """Yield what this version does not support of a valid request; it is rejected rather than ignored."""
    cluster = document["ProcessingResources"]["ClusterConfig"]
    if "InstancePreferences" in cluster:
        where = "ProcessingResources.ClusterConfig.InstancePreferences"
        yield f"{where}: not supported locally; use a single InstanceType"
    for index, item in enumerate(document.get("ProcessingInputs", ())):
        where = f"ProcessingInputs[{index}]"
        if "DatasetDefinition" in item:
            yield f"{where}.DatasetDefinition: inputs from Athena or Redshift are not supported locally"
        yield from _other_than_s3(f"{where}.S3Input", item.get("S3Input", {}))
    for index, item in enumerate(document.get("ProcessingOutputConfig", {}).get("Outputs", ())):
        where = f"ProcessingOutputConfig.Outputs[{index}]"
        if "FeatureStoreOutput" in item:
            yield f"{where}.FeatureStoreOutput: outputs to a feature store are not supported locally"
        yield from _other_than_s3(f"{where}.S3Output", item.get("S3Output", {}))
    yield from _cut_short(_for_the_container(document))


def _cut_short(texts: Iterator[tuple[str, str]]) -> Iterator[str]:
    for where, text in texts:
        if "\0" in text:
            yield f"{where}: contains a NUL character, which cannot be passed to a program"


def _for_the_container(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The strings that become arguments, variables and paths, each with its JSON path."""
    for member in ("ContainerEntrypoint", "ContainerArguments"):
        words = document["AppSpecification"].get(member, ())
        yield from ((f"AppSpecification.{member}[{index}]", word) for index, word in enumerate(words))
    yield from ((f"Environment[{name!r}]", value) for name, value in document.get("Environment", {}).items())
    outputs = document.get("ProcessingOutputConfig", {}).get("Outputs", ())
    for where, member, items in (
        ("ProcessingInputs", "S3Input", document.get("ProcessingInputs", ())),
        ("ProcessingOutputConfig.Outputs", "S3Output", outputs),
    ):
        for index, item in enumerate(items):
            places = item.get(member, {})
            names = (name for name in ("S3Uri", "LocalPath") if name in places)
            yield from ((f"{where}[{index}].{member}.{name}", places[name]) for name in names)


def _other_than_s3(where: str, item: dict[str, Any]) -> Iterator[str]:
    if not item.get("S3Uri", "s3:").startswith("s3:"):
        yield f"{where}.S3Uri: expected s3://bucket/prefix, got {item['S3Uri']!r}, which is not supported locally"


def _join(path: str, member: str) -> str:
    return f"{path}.{member}" if path else member


def _brief(value: object) -> str:
    if isinstance(value, dict | list):
        return f"a JSON {json_type(value)}"
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - fits on a line of a terminal


def _unit(value: str | list[Any] | dict[str, Any]) -> str:
    return "character" if isinstance(value, str) else "entry"


def _counted(limit: int, unit: str) -> str:
    """A limit with its unit, which a number by itself does not have."""
    plural = "entries" if unit == "entry" else f"{unit}s"
    return f"{limit} {unit if limit == 1 else plural}" if unit else str(limit)
