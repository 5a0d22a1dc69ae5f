"""The request as it is sent, and the objects that it reads: everything of it lies below a folder of the suite's own.

No URI of the user's is read or written, except those that the program itself knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.errors import JobError
from conformance.job.manifest import ManifestError, listed
from conformance.job.objects import Objects, S3Uri, Stored, relative_path
from conformance.job.request import SHARDED, JobRequest, ProcessingInput
from conformance.job.variation import CORRUPT_CONTENT, Variation

TAG = "sagemaker-processing-conformance"
"""The key of the tag by which all jobs of a session are found; its value is the session's."""

LEFT_OUT = frozenset({"ExperimentConfig", "Tags"})
"""What is the user's own: records that other people look at."""

DEFAULT_COMMAND_LIMIT_SECONDS = 60
"""How long the default command may run there, where a container takes longer to show that it has started."""


@dataclass(frozen=True)
class Sent:
    """A `CreateProcessingJob` request, the objects that it needs by key, and the prefix of each output."""

    document: Mapping[str, Any]
    objects: Mapping[str, bytes | Stored] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def limit_seconds(self) -> int:
        """`MaxRuntimeInSeconds`."""
        return int(self.document["StoppingCondition"]["MaxRuntimeInSeconds"])


@dataclass(frozen=True)
class Account:
    """What the requests of a session have in common: the image's URI, and the role in place of their own, if any.

    `first` is the request whose role and instances a run gets that is not of the user's. `time_limit_seconds` bounds
    each job, if its own limit is longer; `run_id` is the value of the tag.
    """

    image_uri: str
    role: str
    first: JobRequest
    time_limit_seconds: int
    run_id: str


def limit_seconds(request: JobRequest, variation: Variation, time_limit_seconds: int) -> int:
    """The MaxRuntimeInSeconds that a job is sent with."""
    own = request.max_runtime_seconds
    if variation is Variation.DEFAULT_COMMAND:
        own = DEFAULT_COMMAND_LIMIT_SECONDS
    return min(own, time_limit_seconds)


def sent(
    name: str,
    request: JobRequest,
    variation: Variation,
    *,
    account: Account,
    objects: Objects | None,
    folder: S3Uri,
    programs: frozenset[str] = frozenset(),
) -> Sent:
    """What to send for a run, under this name and with its objects in this folder.

    `programs` are the inputs that bring the program: no variation changes what they hold.

    Raises:
        JobError: a manifest is invalid.
    """
    document = {key: value for key, value in request.document.items() if key not in LEFT_OUT}
    application = {**document["AppSpecification"], "ImageUri": account.image_uri}
    resources = document["ProcessingResources"]
    role = document["RoleArn"]
    if variation is Variation.DEFAULT_COMMAND:
        resources, role = account.first.on_hosts(1).document["ProcessingResources"], account.first.document["RoleArn"]
    document |= {
        "ProcessingJobName": name,
        "AppSpecification": application,
        "ProcessingResources": resources,
        "RoleArn": account.role or role,
        "StoppingCondition": {"MaxRuntimeInSeconds": limit_seconds(request, variation, account.time_limit_seconds)},
        "Tags": [{"Key": TAG, "Value": account.run_id}],
    }
    needed: dict[str, bytes | Stored] = {}
    given = {item.name: item for item in request.inputs}
    moved = []
    for index, member in enumerate(document.get("ProcessingInputs", ())):
        here = f"{folder.key}/input-{index}"
        uri = f"s3://{folder.bucket}/{here}/"
        if item := given.get(member["InputName"]):
            is_data = item.name not in programs
            found = _objects(item, objects, variation, is_data=is_data)
            if item.data_type == "ManifestFile":
                needed |= {f"{here}/objects/{below}": content for below, content in found}
                manifest = [{"prefix": f"{uri}objects/"}, *(below for below, _ in found)]
                needed[f"{here}/manifest"] = json.dumps(manifest, ensure_ascii=False).encode()
                uri += "manifest"
            else:
                needed |= {f"{here}/{below}": content for below, content in found}
                if not found:
                    # Whether AWS takes a prefix without any object is not documented; a folder's marker is one.
                    needed[f"{here}/"] = b""
        else:
            # What the program fetches by itself it finds at the URI that the request names.
            needed |= {f"{here}/{below}": content for below, content in _of_prefix(member, objects)}
        moved.append(_moved(member, "S3Input", uri))
    if moved:
        document["ProcessingInputs"] = moved
    outputs = document.get("ProcessingOutputConfig", {}).get("Outputs", ())
    places = {member["OutputName"]: f"{folder.key}/output-{index}" for index, member in enumerate(outputs)}
    if outputs:
        document["ProcessingOutputConfig"] = {
            **document["ProcessingOutputConfig"],
            "Outputs": [
                _moved(each, "S3Output", f"s3://{folder.bucket}/{places[each['OutputName']]}") for each in outputs
            ],
        }
    return Sent(document, needed, {output.name: f"{places[output.name]}/" for output in request.outputs})


def by_itself(request: JobRequest) -> tuple[str, ...]:
    """The S3 URIs that the program is told by arguments or variables, which are not moved."""
    told = [*(request.entrypoint or ()), *(request.arguments or ()), *request.environment.values()]
    return tuple(dict.fromkeys(word[word.index("s3://") :] for word in told if "s3://" in word))


def _moved(member: Mapping[str, Any], kind: str, uri: str) -> dict[str, Any]:
    return {**member, kind: {**member[kind], "S3Uri": uri}} if kind in member else dict(member)


def _objects(
    item: ProcessingInput, objects: Objects | None, variation: Variation, *, is_data: bool
) -> list[tuple[str, bytes | Stored]]:
    """The objects of one input, each with its path below LocalPath."""
    if objects is None or (variation is Variation.EMPTY_INPUTS and is_data):
        return []
    found: list[tuple[str, bytes | Stored]] = [*_found(item, objects)]
    if variation is Variation.FEW_OBJECTS and item.distribution == SHARDED:
        found = found[:1]
    if variation is Variation.CORRUPT_INPUTS and is_data:
        return [(below, CORRUPT_CONTENT) for below, _ in found]
    return found


def _found(item: ProcessingInput, objects: Objects) -> Iterator[tuple[str, Stored]]:
    uri = S3Uri.parse(item.s3_uri)
    if item.data_type == "ManifestFile":
        try:
            yield from ((below, content) for _, below, content in listed(uri, objects))
        except ManifestError as error:
            raise JobError(str(error)) from error
    else:
        yield from ((relative_path(uri.key, key), content) for key, content in objects.find(uri))


def _of_prefix(member: Mapping[str, Any], objects: Objects | None) -> Iterator[tuple[str, Stored]]:
    uri = member.get("S3Input", {}).get("S3Uri", "")
    if objects is not None and uri.startswith("s3://"):
        place = S3Uri.parse(uri)
        yield from ((relative_path(place.key, key), content) for key, content in objects.find(place))
