"""The job request: `CreateProcessingJob` as AWS spells it, and the jobs that checks ask for, as values."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

RESERVED = "/opt/ml"
"""The directory that the contract reserves, with all below it."""

PROCESSING = "/opt/ml/processing"
"""Every LocalPath must begin with this."""

SHARDED = "ShardedByS3Key"
"""The S3DataDistributionType that gives each host a share of the objects."""

DEFAULT_RUNTIME_SECONDS = 86_400
"""MaxRuntimeInSeconds where the request sets none: 24 hours."""


@dataclass(frozen=True)
class ProcessingInput:
    """One `ProcessingInput` with an `S3Input`."""

    name: str
    s3_uri: str
    local_path: str
    data_type: str = "S3Prefix"
    mode: str = "File"
    distribution: str = "FullyReplicated"
    compression: str = "None"


@dataclass(frozen=True)
class ProcessingOutput:
    """One `ProcessingOutput` with an `S3Output`."""

    name: str
    s3_uri: str
    local_path: str
    upload_mode: str = "EndOfJob"

    @property
    def is_continuous(self) -> bool:
        """Whether it is uploaded while the job runs."""
        return self.upload_mode == "Continuous"

    @property
    def directory(self) -> str:
        """`local_path` without what makes no difference, such as a slash at its end."""
        return posixpath.normpath(self.local_path)


@dataclass(frozen=True)
class JobRequest:
    """A `CreateProcessingJob` request that was found valid; `document` is the request itself, unchanged."""

    document: Mapping[str, Any]
    source: str = ""

    @property
    def name(self) -> str:
        """`ProcessingJobName`."""
        return str(self.document["ProcessingJobName"])

    @property
    def entrypoint(self) -> tuple[str, ...] | None:
        """`ContainerEntrypoint`, or None where the request does not override the image's."""
        return self._override("ContainerEntrypoint")

    @property
    def arguments(self) -> tuple[str, ...] | None:
        """`ContainerArguments`, or None where the request gives none."""
        return self._override("ContainerArguments")

    @property
    def environment(self) -> Mapping[str, str]:
        """`Environment`."""
        return dict(self.document.get("Environment", {}))

    @property
    def inputs(self) -> tuple[ProcessingInput, ...]:
        """The inputs that the service brings, with the defaults that it fills in; not those that are `AppManaged`."""
        return tuple(
            ProcessingInput(
                name=item["InputName"],
                s3_uri=item["S3Input"]["S3Uri"],
                local_path=item["S3Input"]["LocalPath"],
                data_type=item["S3Input"]["S3DataType"],
                mode=item["S3Input"].get("S3InputMode", "File"),
                distribution=item["S3Input"].get("S3DataDistributionType", "FullyReplicated"),
                compression=item["S3Input"].get("S3CompressionType", "None"),
            )
            for item in self.document.get("ProcessingInputs", ())
            if not item.get("AppManaged")
        )

    @property
    def outputs(self) -> tuple[ProcessingOutput, ...]:
        """The outputs that the service uploads; not those that are `AppManaged`."""
        return tuple(
            ProcessingOutput(
                name=item["OutputName"],
                s3_uri=item["S3Output"]["S3Uri"],
                local_path=item["S3Output"]["LocalPath"],
                upload_mode=item["S3Output"]["S3UploadMode"],
            )
            for item in self.document.get("ProcessingOutputConfig", {}).get("Outputs", ())
            if not item.get("AppManaged")
        )

    @property
    def instance_count(self) -> int:
        """`InstanceCount`, 1 where none is given."""
        return int(self.document["ProcessingResources"]["ClusterConfig"].get("InstanceCount", 1))

    @property
    def instance_type(self) -> str:
        """`InstanceType`."""
        return str(self.document["ProcessingResources"]["ClusterConfig"].get("InstanceType", ""))

    @property
    def is_isolated(self) -> bool:
        """Whether it asks for `EnableNetworkIsolation`."""
        return bool(self.document.get("NetworkConfig", {}).get("EnableNetworkIsolation", False))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names of the hosts, by their numbers."""
        return tuple(f"algo-{number}" for number in range(1, self.instance_count + 1))

    @property
    def max_runtime_seconds(self) -> int:
        """`MaxRuntimeInSeconds`."""
        condition = self.document.get("StoppingCondition", {})
        return int(condition.get("MaxRuntimeInSeconds", DEFAULT_RUNTIME_SECONDS))

    def brings_program(self, item: ProcessingInput) -> bool:
        """Whether ContainerEntrypoint names a file of an input: a script, as a ScriptProcessor brings one."""
        place = posixpath.normpath(item.local_path) + "/"
        return any(place in word for word in self.entrypoint or ())

    def on_hosts(self, count: int) -> JobRequest:
        """The same request for so many hosts."""
        resources = self.document["ProcessingResources"]
        cluster = {**resources["ClusterConfig"], "InstanceCount": count}
        return replace(self, document={**self.document, "ProcessingResources": {**resources, "ClusterConfig": cluster}})

    def overriding(
        self,
        *,
        entrypoint: tuple[str, ...] | None = None,
        arguments: tuple[str, ...] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> JobRequest:
        """The same request with these overrides and variables in the place of its own; None leaves one out."""
        application: dict[str, Any] = {"ImageUri": self.document["AppSpecification"]["ImageUri"]}
        members = {"ContainerEntrypoint": entrypoint, "ContainerArguments": arguments}
        application |= {name: list(words) for name, words in members.items() if words is not None}
        changed = {"AppSpecification": application, "Environment": dict(environment or {})}
        return replace(self, document={**self.document, **changed})

    def _override(self, member: str) -> tuple[str, ...] | None:
        words = self.document["AppSpecification"].get(member)
        return None if words is None else tuple(words)


class Variation(StrEnum):
    """How a run differs from the user's request."""

    AS_REQUESTED = "as requested"
    """The user's request, unchanged."""
    EMPTY_INPUTS = "empty inputs"
    """The same request, but each input is an empty directory, unless it brings the program itself."""
    DEFAULT_COMMAND = "default command"
    """A request of the suite's own that overrides nothing and has neither inputs nor outputs."""
    CORRUPT_INPUTS = "corrupt inputs"
    """The same request, but each object holds `CORRUPT_CONTENT`, unless its input brings the program itself."""
    UNKNOWN_MEMBERS = "unknown members"
    """The same request, but both documents have more members than the documented ones, some of them null."""
    SEPARATE_MOUNTS = "separate mounts"
    """The same request, but each input and output is a volume of its own."""
    OWN_RESERVED = "its own /opt/ml"
    """The same request, but what the image ships below /opt/ml is still there."""
    OVERRIDDEN = "without ENTRYPOINT"
    """The same request, but ContainerEntrypoint names the program that does the work."""
    ONE_HOST = "one host"
    """The same request on one host."""
    LATE_NAMES = "late names"
    """The same request, but no other host's name is known until it was asked for some times, and some seconds later."""
    LATE_START = "late start"
    """The same request, but the last host starts some seconds after the others."""
    RENAMED_HOSTS = "renamed hosts"
    """The same request, but the hosts have other names than `algo-1` and so on."""
    TRUE_HOSTNAMES = "true hostnames"
    """The same request, but each container's own hostname is the name of its host."""
    FEW_OBJECTS = "fewer objects than hosts"
    """The same request, but of each input that is sharded there is one object."""
    PEER_FAILS = "a peer fails"
    """The same request, but in the last host's place stands one that exits with 1."""
    STAND_IN = "stand-in"
    """More arguments and variables, and the probe in the place of the program that does the work."""
    LOOK_AT_GPUS = "a look at the GPU"
    """One container of the request's, in which the probe looks for a GPU in the place of the command."""
    STOPPED_BY_SIGINT = "stopped by SIGINT"
    """The user's request, sent SIGINT in the middle of its work, and SIGKILL after the grace."""
    STOPPED_EARLY = "stopped early by SIGINT"
    """The same as soon as it has started, which is told of and not judged."""
    STOPPED_BY_SIGTERM = "stopped by SIGTERM"
    """The same with SIGTERM."""

    @property
    def of_several_hosts(self) -> bool:
        """Whether a job of one host cannot show it."""
        return self in {
            self.LATE_NAMES,
            self.LATE_START,
            self.RENAMED_HOSTS,
            self.FEW_OBJECTS,
            self.PEER_FAILS,
        }

    @property
    def stop_signal(self) -> str:
        """The signal that stops this run in the middle of its work; empty where none does."""
        signals = {self.STOPPED_BY_SIGINT: "SIGINT", self.STOPPED_EARLY: "SIGINT", self.STOPPED_BY_SIGTERM: "SIGTERM"}
        return signals.get(self, "")


INPUT_MARKER = "confidential-c3f1a9d27e"
"""Stands in no object of the user's, so whoever repeats it repeats the content of an input."""

CORRUPT_CONTENT = b"\x80\x81\xfe\xff\0" + INPUT_MARKER.encode() + b"\0\xff\xfe\x81\x80"
"""What no reader of text, tables, archives or images takes for its own."""


@dataclass(frozen=True)
class Job:
    """What a check wants to see run: one or more runs, whose outcomes its judge gets in this order.

    The last one is that which shows a violation, so it is the one to reproduce.
    """

    name: str
    runs: tuple[Variation, ...]

    @property
    def needs_request(self) -> bool:
        """Whether it can only be run with a request from the user."""
        return any(run is not Variation.DEFAULT_COMMAND for run in self.runs)


AS_REQUESTED = Job("as-requested", (Variation.AS_REQUESTED,))
EMPTY_INPUTS = Job("empty-inputs", (Variation.AS_REQUESTED, Variation.EMPTY_INPUTS))
CORRUPT_INPUTS = Job("corrupt-inputs", (Variation.AS_REQUESTED, Variation.EMPTY_INPUTS, Variation.CORRUPT_INPUTS))
INPUT_REPEATED = Job("input-repeated", (Variation.AS_REQUESTED, Variation.CORRUPT_INPUTS))
UNKNOWN_MEMBERS = Job("unknown-members", (Variation.AS_REQUESTED, Variation.UNKNOWN_MEMBERS))
SEPARATE_MOUNTS = Job("separate-mounts", (Variation.AS_REQUESTED, Variation.SEPARATE_MOUNTS))
RESERVED_REPLACED = Job("reserved-replaced", (Variation.OWN_RESERVED, Variation.AS_REQUESTED))
HOSTNAMES = Job("hostnames", (Variation.OWN_RESERVED, Variation.TRUE_HOSTNAMES, Variation.AS_REQUESTED))
TRUE_HOSTNAMES = Job("true-hostnames", (Variation.TRUE_HOSTNAMES, Variation.AS_REQUESTED))
ONE_HOST = Job("one-host", (Variation.AS_REQUESTED, Variation.ONE_HOST))
LATE_NAMES = Job("late-names", (Variation.AS_REQUESTED, Variation.LATE_NAMES))
LATE_START = Job("late-start", (Variation.AS_REQUESTED, Variation.LATE_START))
RENAMED_HOSTS = Job("renamed-hosts", (Variation.AS_REQUESTED, Variation.RENAMED_HOSTS))
FEW_OBJECTS = Job("few-objects", (Variation.AS_REQUESTED, Variation.FEW_OBJECTS))
PEER_FAILS = Job("peer-fails", (Variation.AS_REQUESTED, Variation.PEER_FAILS))
OVERRIDDEN = Job("overridden", (Variation.AS_REQUESTED, Variation.OVERRIDDEN))
STAND_IN = Job("stand-in", (Variation.AS_REQUESTED, Variation.STAND_IN))
LOOK_AT_GPUS = Job("look-at-gpus", (Variation.LOOK_AT_GPUS,))
DEFAULT_COMMAND = Job("default-command", (Variation.DEFAULT_COMMAND,))
STOPPED_BY_SIGINT = Job("stopped-by-sigint", (Variation.AS_REQUESTED, Variation.STOPPED_BY_SIGINT))
STOPS_BY_SIGINT = Job("stops-by-sigint", (Variation.AS_REQUESTED, Variation.STOPPED_EARLY, Variation.STOPPED_BY_SIGINT))
STOPPED_BY_SIGTERM = Job("stopped-by-sigterm", (Variation.AS_REQUESTED, Variation.STOPPED_BY_SIGTERM))

DEFAULT_COMMAND_SECONDS = 2
"""How long the default command is watched: whether it starts is seen at once, and no more is asked of it."""


def default_command_request(image_uri: str) -> JobRequest:
    """The suite's own request: the image's ENTRYPOINT and CMD, no inputs, no outputs, one host."""
    return JobRequest(
        {
            "ProcessingJobName": "default-command",
            "AppSpecification": {"ImageUri": image_uri},
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
            },
            "RoleArn": "arn:aws:iam::123456789012:role/processing",
            "StoppingCondition": {"MaxRuntimeInSeconds": DEFAULT_COMMAND_SECONDS},
        },
        source="the suite's own request",
    )
