"""Would the service accept a job request? The API model's constraints, and the rules that the model does not have.

Every error is reported, each with its JSON path, so a rule here reads only what has the right type; that the rest has
not is what the model says.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.errors import RequestError
from conformance.files.tree import is_below
from conformance.job.jsonfile import entries, part, read_document
from conformance.job.model import model_faults
from conformance.job.request import PROCESSING, JobRequest

Members = dict[str, Any]


def load(path: Path) -> JobRequest:
    """Read a request from a file; raises the same as `checked`."""
    return checked(read_document(path), str(path))


def checked(document: Members, source: str) -> JobRequest:
    """The request, if the service would accept it and it can be run here.

    Raises:
        RequestError: with every error that was found, each with its JSON path.
    """
    faults = tuple(rejected(document))
    unsupported = tuple(not_run_locally(document))
    if faults:
        raise RequestError(source, (*faults, *unsupported))
    if unsupported:
        raise RequestError(source, unsupported, hint="a limitation of this suite; the request itself is valid")
    return JobRequest(document, source=source)


def rejected(document: Members) -> Iterator[str]:
    """Yield everything for which the service would reject a request."""
    yield from model_faults(document)
    yield from service_faults(document)


def service_faults(document: Members) -> Iterator[str]:
    """Yield what the service rejects although the API model allows it (contract, sections 1 and 2)."""
    for member in ("ContainerEntrypoint", "ContainerArguments"):
        for index, word in entries(part(document, "AppSpecification").get(member), str):
            if not word:
                yield f"AppSpecification.{member}[{index}]: expected a non-empty string; the service rejects empty ones"
    cluster = part(document, "ProcessingResources", "ClusterConfig")
    if cluster:
        yield from _exactly_one("ProcessingResources.ClusterConfig", cluster, "InstanceType", "InstancePreferences")
    yield from _input_faults(_inputs(document))
    yield from _output_faults(_outputs(document))


def _input_faults(inputs: list[tuple[int, Members]]) -> Iterator[str]:
    for index, item in inputs:
        where = f"ProcessingInputs[{index}]"
        yield from _exactly_one(where, item, "S3Input", "DatasetDefinition")
        s3_input = part(item, "S3Input")
        if not s3_input:
            continue
        if not item.get("AppManaged"):
            yield from _local_path_faults(f"{where}.S3Input.LocalPath", s3_input)
        if s3_input.get("S3CompressionType") == "Gzip" and s3_input.get("S3InputMode") != "Pipe":
            yield f"{where}.S3Input.S3CompressionType: Gzip is allowed only with S3InputMode Pipe"
    yield from _repeated("ProcessingInputs", "InputName", [item.get("InputName") for _, item in inputs])
    paths = [part(item, "S3Input").get("LocalPath") for _, item in inputs]
    normal = [posixpath.normpath(path) for path in paths if isinstance(path, str) and path]
    yield from _repeated("ProcessingInputs", "S3Input.LocalPath", normal)


def _output_faults(outputs: list[tuple[int, Members]]) -> Iterator[str]:
    for index, item in outputs:
        where = f"ProcessingOutputConfig.Outputs[{index}]"
        yield from _exactly_one(where, item, "S3Output", "FeatureStoreOutput")
        s3_output = part(item, "S3Output")
        if s3_output and not item.get("AppManaged"):
            yield from _local_path_faults(f"{where}.S3Output.LocalPath", s3_output)
    names = [item.get("OutputName") for _, item in outputs]
    yield from _repeated("ProcessingOutputConfig.Outputs", "OutputName", names)


def _exactly_one(where: str, item: Members, *members: str) -> Iterator[str]:
    given = [member for member in members if member in item]
    if len(given) != 1:
        yield f"{where}: expected exactly one of {' and '.join(members)}, got {' and '.join(given) or 'neither'}"


def _local_path_faults(where: str, members: Members) -> Iterator[str]:
    path = members.get("LocalPath")
    if "LocalPath" not in members:
        yield f"{where}: required member is missing"
    elif not isinstance(path, str):
        return
    elif not path.startswith("/") or ".." in path.split("/") or not is_below(path, PROCESSING):
        yield f"{where}: expected an absolute path below {PROCESSING}/, got {path!r}"
    elif posixpath.normpath(path) == PROCESSING:
        yield f"{where}: expected a path below {PROCESSING}/, got the directory itself"


def _repeated(where: str, member: str, values: list[Any]) -> Iterator[str]:
    for value, count in Counter(value for value in values if isinstance(value, str)).items():
        if count > 1:
            yield f"{where}: expected each {member} to be unique, got {value!r} {count} times"


def not_run_locally(document: Members) -> Iterator[str]:
    """Yield what this version does not support of a valid request; it is rejected rather than ignored."""
    if "InstancePreferences" in part(document, "ProcessingResources", "ClusterConfig"):
        where = "ProcessingResources.ClusterConfig.InstancePreferences"
        yield f"{where}: not supported locally; use a single InstanceType"
    for index, item in _inputs(document):
        where = f"ProcessingInputs[{index}]"
        if "DatasetDefinition" in item:
            yield f"{where}.DatasetDefinition: inputs from Athena or Redshift are not supported locally"
        yield from _other_than_s3(f"{where}.S3Input", part(item, "S3Input"))
    for index, item in _outputs(document):
        where = f"ProcessingOutputConfig.Outputs[{index}]"
        if "FeatureStoreOutput" in item:
            yield f"{where}.FeatureStoreOutput: outputs to a feature store are not supported locally"
        yield from _other_than_s3(f"{where}.S3Output", part(item, "S3Output"))
    yield from _cut_short(_for_the_container(document))


def _cut_short(texts: Iterator[tuple[str, object]]) -> Iterator[str]:
    for where, text in texts:
        if isinstance(text, str) and "\0" in text:
            yield f"{where}: contains a NUL character, which cannot be passed to a program"


def _for_the_container(document: Members) -> Iterator[tuple[str, object]]:
    """What becomes arguments, variables and paths, each with its JSON path."""
    for member in ("ContainerEntrypoint", "ContainerArguments"):
        words = entries(part(document, "AppSpecification").get(member), str)
        yield from ((f"AppSpecification.{member}[{index}]", word) for index, word in words)
    yield from ((f"Environment[{name!r}]", value) for name, value in part(document, "Environment").items())
    for where, member, items in (
        ("ProcessingInputs", "S3Input", _inputs(document)),
        ("ProcessingOutputConfig.Outputs", "S3Output", _outputs(document)),
    ):
        for index, item in items:
            places = part(item, member)
            names = (name for name in ("S3Uri", "LocalPath") if name in places)
            yield from ((f"{where}[{index}].{member}.{name}", places[name]) for name in names)


def _other_than_s3(where: str, item: Members) -> Iterator[str]:
    uri = item.get("S3Uri", "s3:")
    if isinstance(uri, str) and not uri.startswith("s3:"):
        yield f"{where}.S3Uri: expected s3://bucket/prefix, got {uri!r}, which is not supported locally"


def _inputs(document: Members) -> list[tuple[int, Members]]:
    return entries(document.get("ProcessingInputs"), dict)


def _outputs(document: Members) -> list[tuple[int, Members]]:
    return entries(part(document, "ProcessingOutputConfig").get("Outputs"), dict)
