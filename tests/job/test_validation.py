"""A request is rejected for what the service rejects and for what is not supported locally, and for nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import regex
from botocore.validate import ParamValidator
from hypothesis import given

from conformance.errors import RequestError
from conformance.job.jsonfile import read_document
from conformance.job.model import TYPES, input_shape, model_faults, python_pattern
from conformance.job.validation import load, not_run_locally, service_faults
from conformance.job.variation import default_command_request
from tests.support.legal_requests import legal_requests
from tests.support.outcomes import INPUT, OUTPUT, request

Document = dict[str, Any]


def faults(document: Document) -> list[str]:
    """Everything that is wrong with a request, as `load` finds it."""
    return [*model_faults(document), *service_faults(document)] or [*not_run_locally(document)]


@given(legal_requests)
def test_a_legal_request_has_no_faults(document: Document) -> None:
    """Neither by the model, nor by the service's own rules, nor for what is run locally."""
    assert [] == faults(document)


@given(legal_requests)
def test_a_legal_request_satisfies_botocore(document: Document) -> None:
    """AWS's own client takes it too."""
    report = ParamValidator().validate(document, input_shape())

    assert "" == report.generate_report()


def test_the_suites_own_request_is_legal() -> None:
    """It is put together in code and never passes through `load`."""
    assert [] == faults(dict(default_command_request("example:1").document))


def changed(change: Callable[[Document], object]) -> Document:
    """A legal request after one change."""
    document = deepcopy(dict(request().document))
    change(document)
    return document


def put(path: str, value: object) -> Callable[[Document], object]:
    """Set the member at a path; list entries go by number."""

    def change(document: Document) -> None:
        *above, last = path.split(".")
        place: Any = document
        for step in above:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        place[int(last) if isinstance(place, list) else last] = value

    return change


def drop(path: str) -> Callable[[Document], object]:
    """Remove the member at a path."""

    def change(document: Document) -> None:
        *above, last = path.split(".")
        place: Any = document
        for step in above:
            place = place[int(step)] if isinstance(place, list) else place[step]
        del place[last]

    return change


def an_input(name: str, path: str, **rest: str) -> Document:
    """One more input."""
    return {"InputName": name, "S3Input": {"S3Uri": "s3://b/k", "LocalPath": path, "S3DataType": "S3Prefix", **rest}}


S3_INPUT = "ProcessingInputs.0.S3Input"
S3_OUTPUT = "ProcessingOutputConfig.Outputs.0.S3Output"
AT_INPUT = "ProcessingInputs[0].S3Input"
AT_OUTPUT = "ProcessingOutputConfig.Outputs[0].S3Output"
CLUSTER = "ProcessingResources.ClusterConfig"
BELOW = "expected an absolute path below /opt/ml/processing/, got"

MUTATIONS: tuple[tuple[Callable[[Document], object], str], ...] = (
    # the model: lengths
    (put("ProcessingJobName", "a" * 64), "ProcessingJobName: expected at most 63 characters, got 64"),
    (
        put("ProcessingInputs", [an_input(f"i{n}", f"{INPUT}/{n}") for n in range(11)]),
        "ProcessingInputs: expected at most 10 entries, got 11",
    ),
    (
        put("AppSpecification.ContainerArguments", ["x"] * 101),
        "AppSpecification.ContainerArguments: expected at most 100 entries, got 101",
    ),
    (
        put("AppSpecification.ContainerArguments", ["x", "x" * 257]),
        "AppSpecification.ContainerArguments[1]: expected at most 256 characters, got 257",
    ),
    (
        put("AppSpecification.ContainerEntrypoint", []),
        "AppSpecification.ContainerEntrypoint: expected at least 1 entry, got 0",
    ),
    (put("Environment", {"A": "x" * 257}), "Environment['A']: expected at most 256 characters, got 257"),
    (put(f"{CLUSTER}.VolumeSizeInGB", 16385), f"{CLUSTER}.VolumeSizeInGB: expected at most 16384, got 16385"),
    (put(f"{CLUSTER}.InstanceCount", 0), f"{CLUSTER}.InstanceCount: expected at least 1, got 0"),
    (
        put("StoppingCondition.MaxRuntimeInSeconds", 777_601),
        "StoppingCondition.MaxRuntimeInSeconds: expected at most 777600, got 777601",
    ),
    # the model: patterns and enumerations
    (
        put("ProcessingJobName", "under_score"),
        "ProcessingJobName: expected a string matching [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}, got 'under_score'",
    ),
    (
        put("AppSpecification.ContainerArguments", ["a\nb"]),
        r"AppSpecification.ContainerArguments[0]: expected a string matching .*, got 'a\nb'",
    ),
    (
        put("Environment", {"A-B": "x"}),
        "Environment['A-B'] (key): expected a string matching [a-zA-Z_][a-zA-Z0-9_]*, got 'A-B'",
    ),
    (
        put("Tags", [{"Key": "straße", "Value": "京"}, {"Key": "a!", "Value": ""}]),
        r"Tags[1].Key: expected a string matching ([\p{L}\p{Z}\p{N}_.:/=+\-@]*), got 'a!'",
    ),
    (
        put(f"{S3_INPUT}.S3DataType", "Prefix"),
        f"{AT_INPUT}.S3DataType: expected one of ManifestFile, S3Prefix; got 'Prefix'; did you mean S3Prefix?",
    ),
    # the model: types and members
    (put("ProcessingJobName", 7), "ProcessingJobName: expected a string, got 7"),
    (put(f"{CLUSTER}.VolumeSizeInGB", value="30"), f"{CLUSTER}.VolumeSizeInGB: expected an integer, got '30'"),
    (put(f"{CLUSTER}.VolumeSizeInGB", value=True), f"{CLUSTER}.VolumeSizeInGB: expected an integer, got true"),
    (put(f"{CLUSTER}.VolumeSizeInGB", 30.0), f"{CLUSTER}.VolumeSizeInGB: expected an integer, got 30.0"),
    (put("ProcessingInputs.0.AppManaged", 1), "ProcessingInputs[0].AppManaged: expected a boolean, got 1"),
    (put("Environment", []), "Environment: expected a map, got a JSON array"),
    (put("ProcessingInputs", {}), "ProcessingInputs: expected a list, got a JSON object"),
    (
        put("AppSpecification.ContainerArguments", None),
        "AppSpecification.ContainerArguments: expected a list, got null",
    ),
    (drop("RoleArn"), "RoleArn: required member is missing"),
    (drop("ProcessingResources.ClusterConfig"), "ProcessingResources.ClusterConfig: required member is missing"),
    (
        put("AppSpecification.Entrypoint", ["x"]),
        "AppSpecification.Entrypoint: unknown member; did you mean ContainerEntrypoint?",
    ),
    (
        put("AppSpecification.Name", "x"),
        "AppSpecification.Name: unknown member; expected only ImageUri, ContainerEntrypoint, ContainerArguments",
    ),
    (
        put(f"{CLUSTER}.InstanceType", "m5.xlarge"),
        f"{CLUSTER}.InstanceType: unknown value 'm5.xlarge'; did you mean ml.m5.xlarge?",
    ),
    (put("Environment", {"A": "\ud800"}), "Environment['A']: expected Unicode text, got an unpaired surrogate"),
    # the service's own rules
    (
        put("AppSpecification.ContainerArguments", ["x", ""]),
        "AppSpecification.ContainerArguments[1]: expected a non-empty string; the service rejects empty ones",
    ),
    (
        put("AppSpecification.ContainerEntrypoint", [""]),
        "AppSpecification.ContainerEntrypoint[0]: expected a non-empty string; the service rejects empty ones",
    ),
    (put(f"{S3_INPUT}.LocalPath", "/data"), f"{AT_INPUT}.LocalPath: {BELOW} '/data'"),
    (put(f"{S3_INPUT}.LocalPath", "opt/ml/processing/x"), f"{AT_INPUT}.LocalPath: {BELOW} 'opt/ml/processing/x'"),
    (put(f"{S3_INPUT}.LocalPath", f"{INPUT}/../x"), f"{AT_INPUT}.LocalPath: {BELOW} '{INPUT}/../x'"),
    (put(f"{S3_OUTPUT}.LocalPath", "/opt/ml/processing-2"), f"{AT_OUTPUT}.LocalPath: {BELOW} '/opt/ml/processing-2'"),
    (
        put(f"{S3_OUTPUT}.LocalPath", "/opt/ml/processing/"),
        f"{AT_OUTPUT}.LocalPath: expected a path below /opt/ml/processing/, got the directory itself",
    ),
    (drop(f"{S3_INPUT}.LocalPath"), f"{AT_INPUT}.LocalPath: required member is missing"),
    (drop(f"{S3_OUTPUT}.LocalPath"), f"{AT_OUTPUT}.LocalPath: required member is missing"),
    (
        put("ProcessingInputs", [an_input("a", INPUT), an_input("b", f"{INPUT}/")]),
        f"ProcessingInputs: expected each S3Input.LocalPath to be unique, got '{INPUT}' 2 times",
    ),
    (
        put("ProcessingInputs", [an_input("a", f"{INPUT}/1"), an_input("a", f"{INPUT}/2")]),
        "ProcessingInputs: expected each InputName to be unique, got 'a' 2 times",
    ),
    (
        lambda document: document["ProcessingOutputConfig"]["Outputs"].append(
            {
                "OutputName": "result",
                "S3Output": {"S3Uri": "s3://b/k", "LocalPath": f"{OUTPUT}-2", "S3UploadMode": "EndOfJob"},
            }
        ),
        "ProcessingOutputConfig.Outputs: expected each OutputName to be unique, got 'result' 2 times",
    ),
    (
        put(f"{S3_INPUT}.S3CompressionType", "Gzip"),
        f"{AT_INPUT}.S3CompressionType: Gzip is allowed only with S3InputMode Pipe",
    ),
    (
        drop(S3_INPUT),
        "ProcessingInputs[0]: expected exactly one of S3Input and DatasetDefinition, got neither",
    ),
    (
        put("ProcessingInputs.0.DatasetDefinition", {}),
        "ProcessingInputs[0]: expected exactly one of S3Input and DatasetDefinition, got S3Input and DatasetDefinition",
    ),
    (
        put("ProcessingOutputConfig.Outputs.0.FeatureStoreOutput", {"FeatureGroupName": "g"}),
        (
            "ProcessingOutputConfig.Outputs[0]: expected exactly one of S3Output and FeatureStoreOutput, "
            "got S3Output and FeatureStoreOutput"
        ),
    ),
    (
        drop(f"{CLUSTER}.InstanceType"),
        f"{CLUSTER}: expected exactly one of InstanceType and InstancePreferences, got neither",
    ),
    # what is not run locally
    (
        put("ProcessingInputs", [{"InputName": "a", "DatasetDefinition": {"LocalPath": INPUT}}]),
        "ProcessingInputs[0].DatasetDefinition: inputs from Athena or Redshift are not supported locally",
    ),
    (
        put(
            "ProcessingOutputConfig.Outputs",
            [{"OutputName": "a", "FeatureStoreOutput": {"FeatureGroupName": "g"}}],
        ),
        "ProcessingOutputConfig.Outputs[0].FeatureStoreOutput: outputs to a feature store are not supported locally",
    ),
    (
        put(f"{S3_INPUT}.S3Uri", "https://bucket/key"),
        f"{AT_INPUT}.S3Uri: expected s3://bucket/prefix, got 'https://bucket/key', which is not supported locally",
    ),
    (
        put(f"{S3_OUTPUT}.S3Uri", "https://bucket/key"),
        f"{AT_OUTPUT}.S3Uri: expected s3://bucket/prefix, got 'https://bucket/key', which is not supported locally",
    ),
    *(
        (put(where, value), f"{told}: contains a NUL character, which cannot be passed to a program")
        for where, value, told in (
            ("AppSpecification.ContainerEntrypoint", ["a", "b\0"], "AppSpecification.ContainerEntrypoint[1]"),
            ("AppSpecification.ContainerArguments", ["\0"], "AppSpecification.ContainerArguments[0]"),
            ("Environment", {"A": "a\0b"}, "Environment['A']"),
            (f"{S3_INPUT}.S3Uri", "s3://bucket/\0", f"{AT_INPUT}.S3Uri"),
            (f"{S3_INPUT}.LocalPath", f"{INPUT}\0", f"{AT_INPUT}.LocalPath"),
            (f"{S3_OUTPUT}.S3Uri", "s3://bucket/\0", f"{AT_OUTPUT}.S3Uri"),
            (f"{S3_OUTPUT}.LocalPath", f"{OUTPUT}\0", f"{AT_OUTPUT}.LocalPath"),
        )
    ),
    (
        lambda document: (
            drop(f"{CLUSTER}.InstanceType")(document),
            put(f"{CLUSTER}.InstancePreferences", [{"InstanceType": "ml.m5.xlarge"}])(document),
        ),
        f"{CLUSTER}.InstancePreferences: not supported locally; use a single InstanceType",
    ),
)


@pytest.mark.parametrize(
    ("change", "expected"), MUTATIONS, ids=[expected.partition(":")[0] for _, expected in MUTATIONS]
)
def test_one_change_is_one_fault(change: Callable[[Document], object], expected: str) -> None:
    """Each with its JSON path, what was expected and what was seen."""
    assert [expected] == faults(changed(change))


def test_a_long_enumeration_is_cut() -> None:
    """207 instance types would fill the screen."""
    found = faults(changed(put(f"{CLUSTER}.InstanceType", "local")))

    assert 1 == len(found)
    assert regex.fullmatch(
        rf"{CLUSTER}\.InstanceType: expected one of (\S+, ){{8}}\.\.\. \(\d+ in all\); got 'local'", found[0]
    )


def test_every_fault_is_listed() -> None:
    """One run is enough to fix a request."""
    document = changed(put("ProcessingJobName", ""))
    document["AppSpecification"]["ContainerArguments"] = ["x" * 300]
    del document["RoleArn"]
    found = faults(document)

    assert ["AppSpecification.ContainerArguments[0]", "ProcessingJobName", "RoleArn"] == sorted(
        {fault.partition(":")[0] for fault in found}
    )


def test_the_models_types_are_known() -> None:
    """A type that botocore adds to the request is noticed here, and not by a traceback at a user's."""
    shapes = _shapes(input_shape())

    assert {shape.type_name for shape in shapes.values()} <= set(TYPES)


def test_the_models_patterns_can_be_read() -> None:
    """They are Java's: with classes that `re` lacks, and with code points as pairs of surrogates."""
    patterns = {shape.metadata["pattern"] for shape in _shapes(input_shape()).values() if "pattern" in shape.metadata}

    assert patterns
    assert all(regex.compile(python_pattern(pattern)) for pattern in patterns)


def test_a_pair_of_surrogates_means_a_code_point() -> None:
    """As in the name of a data catalog."""
    catalog = "ProcessingInputs.0.DatasetDefinition.AthenaDatasetDefinition"
    query = {
        "Catalog": "\U0001f4c8 a",
        "Database": "d",
        "QueryString": "q",
        "OutputS3Uri": "s3://b/k",
        "OutputFormat": "PARQUET",
    }

    assert [] == [*model_faults(changed(put(catalog, query)))]
    assert ["ProcessingInputs[0].DatasetDefinition.AthenaDatasetDefinition.Catalog"] == [
        fault.partition(":")[0] for fault in model_faults(changed(put(catalog, {**query, "Catalog": "\x01"})))
    ]


def _shapes(shape: Any, found: dict[str, Any] | None = None) -> dict[str, Any]:  # noqa: ANN401 - botocore's shapes
    found = {} if found is None else found
    if shape.name not in found:
        found[shape.name] = shape
        below = list(getattr(shape, "members", {}).values())
        below += [getattr(shape, name) for name in ("member", "key", "value") if hasattr(shape, name)]
        for inner in below:
            _shapes(inner, found)
    return found


def test_the_shape_is_that_of_the_operation() -> None:
    """The request is held against CreateProcessingJob, of the API version that botocore has."""
    model = botocore.session.get_session().get_service_model("sagemaker")

    assert model.operation_model("CreateProcessingJob").input_shape.name == input_shape().name  # type: ignore[union-attr]


def test_a_request_is_read_from_a_file(tmp_path: Path) -> None:
    """With where it came from."""
    path = tmp_path / "job.json"
    path.write_text(json.dumps(request().document))
    found = load(path)

    assert (dict(request().document), str(path)) == (found.document, found.source)


def refused(path: Path) -> RequestError:
    """How a file is refused."""
    with pytest.raises(RequestError) as caught:
        load(path)
    return caught.value


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"ProcessingJobName": "\xe9"}', "not UTF-8 text: invalid continuation byte at byte 23"),
        (b"{\n  x\n}", "not valid JSON: Expecting property name enclosed in double quotes at line 2, column 3"),
        (b"[" * 100_000, "not valid JSON: nested too deeply"),
        (b"9" * 10_000, "not valid JSON: a number has too many digits"),
    ],
    ids=["latin-1", "syntax", "nested", "digits"],
)
def test_what_is_no_request_is_told_in_one_line(tmp_path: Path, content: bytes, expected: str) -> None:
    """With the file's name before it."""
    path = tmp_path / "job.json"
    path.write_bytes(content)

    assert f"{path}: {expected}" == str(refused(path))


def test_a_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    """With the system's own reason."""
    assert f"{tmp_path}/none: cannot be read: No such file or directory" == str(refused(tmp_path / "none"))


def test_the_faults_of_a_file_are_listed(tmp_path: Path) -> None:
    """One stands behind the file's name, several below it, each on a line of its own."""
    path = tmp_path / "job.json"
    path.write_text(json.dumps(changed(put(f"{CLUSTER}.VolumeSizeInGB", 0))))
    one = str(refused(path))
    path.write_text("{}")
    several = refused(path)

    assert f"{path}: {CLUSTER}.VolumeSizeInGB: expected at least 1, got 0" == one
    assert str(several).splitlines() == [f"{path}:", *(f"  - {fault}" for fault in several.faults)]
    assert 4 == len(several.faults)


def test_what_is_not_run_locally_is_no_fault_of_the_request(tmp_path: Path) -> None:
    """The hint says so."""
    path = tmp_path / "job.json"
    path.write_text(json.dumps(changed(put(f"{S3_INPUT}.S3Uri", "https://b/k"))))

    assert "a limitation of this suite; the request itself is valid" == refused(path).hint


def test_reading_leaves_the_document_as_it_is(tmp_path: Path) -> None:
    """No default is filled in, and the order of members is kept."""
    path = tmp_path / "job.json"
    path.write_text('{"B": 1, "A": {"é": null}}', encoding="utf-8")

    assert '{"B": 1, "A": {"é": null}}' == json.dumps(read_document(path), ensure_ascii=False)
