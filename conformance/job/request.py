"""The job request: `CreateProcessingJob` as AWS spells it, as a value."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

RESERVED = "/opt/ml"
"""The directory that the contract reserves, with everything below it."""

PROCESSING = "/opt/ml/processing"
"""Every LocalPath must be below this directory."""

SHARDED = "ShardedByS3Key"
"""The S3DataDistributionType that gives each host a shard of the objects."""

MOST_HOSTS = 100
"""The maximum InstanceCount of the API model."""

DEFAULT_RUNTIME_SECONDS = 86_400
"""MaxRuntimeInSeconds if the request sets none: 24 hours."""


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

    @property
    def is_pipe(self) -> bool:
        """Whether it is streamed through named pipes while the job runs rather than copied as files."""
        return self.mode == "Pipe"

    @property
    def fifo_prefix(self) -> str:
        """The path of each of its FIFOs up to the number; see `Settings.fifo_name` for where that name comes from."""
        return f"{posixpath.normpath(self.local_path)}_"


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
        """`local_path`, normalized: without a trailing slash, for example."""
        return posixpath.normpath(self.local_path)


@dataclass(frozen=True)
class JobRequest:
    """A valid `CreateProcessingJob` request; `document` is the request itself, unchanged.

    `is_own` says that it is the suite's and not the user's, and `is_tried` that the image's own program tries that one,
    in whose place a stand-in is otherwise. `is_script` says that it runs a script of the suite's, and `is_brought` that
    the image brings it.
    """

    document: Mapping[str, Any]
    source: str = ""
    is_own: bool = False
    is_tried: bool = False
    is_script: bool = False
    is_brought: bool = False

    @property
    def has_file(self) -> bool:
        """Whether it is a file of the user's, and not of the suite or the image."""
        return not (self.is_own or self.is_script or self.is_brought)

    @property
    def name(self) -> str:
        """`ProcessingJobName`."""
        return str(self.document["ProcessingJobName"])

    @property
    def entrypoint(self) -> tuple[str, ...] | None:
        """`ContainerEntrypoint`, or None if the request does not override the image's."""
        return self._override("ContainerEntrypoint")

    @property
    def arguments(self) -> tuple[str, ...] | None:
        """`ContainerArguments`, or None if the request has none."""
        return self._override("ContainerArguments")

    @property
    def environment(self) -> Mapping[str, str]:
        """`Environment`."""
        return dict(self.document.get("Environment", {}))

    @property
    def inputs(self) -> tuple[ProcessingInput, ...]:
        """The inputs that the service downloads, with its defaults filled in; without `AppManaged` ones."""
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
        """The outputs that the service uploads; without `AppManaged` ones."""
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
    def app_managed(self) -> tuple[str, ...]:
        """The names of the `AppManaged` inputs and outputs, which the program downloads and uploads itself."""
        inputs = ((item, "InputName") for item in self.document.get("ProcessingInputs", ()))
        outputs = ((item, "OutputName") for item in self.document.get("ProcessingOutputConfig", {}).get("Outputs", ()))
        return tuple(item[name] for item, name in (*inputs, *outputs) if item.get("AppManaged"))

    @property
    def instance_count(self) -> int:
        """`InstanceCount`, 1 if there is none."""
        return int(self.document["ProcessingResources"]["ClusterConfig"].get("InstanceCount", 1))

    @property
    def instance_type(self) -> str:
        """`InstanceType`."""
        return str(self.document["ProcessingResources"]["ClusterConfig"].get("InstanceType", ""))

    @property
    def is_isolated(self) -> bool:
        """Whether it sets `EnableNetworkIsolation`."""
        return bool(self.document.get("NetworkConfig", {}).get("EnableNetworkIsolation", False))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names of the hosts, in order."""
        return tuple(f"algo-{number}" for number in range(1, self.instance_count + 1))

    @property
    def max_runtime_seconds(self) -> int:
        """`MaxRuntimeInSeconds`."""
        condition = self.document.get("StoppingCondition", {})
        return int(condition.get("MaxRuntimeInSeconds", DEFAULT_RUNTIME_SECONDS))

    def brings_program(self, item: ProcessingInput) -> bool:
        """Whether ContainerEntrypoint names a file of an input: a script, as ScriptProcessor uploads one."""
        place = posixpath.normpath(item.local_path) + "/"
        return any(place in word for word in self.entrypoint or ())

    def on_hosts(self, count: int) -> JobRequest:
        """The same request with this InstanceCount."""
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
        """The same request with these overrides and variables instead of its own; None omits one."""
        application: dict[str, Any] = {"ImageUri": self.document["AppSpecification"]["ImageUri"]}
        members = {"ContainerEntrypoint": entrypoint, "ContainerArguments": arguments}
        application |= {name: list(words) for name, words in members.items() if words is not None}
        changed = {"AppSpecification": application, "Environment": dict(environment or {})}
        return replace(self, document={**self.document, **changed})

    def _override(self, member: str) -> tuple[str, ...] | None:
        words = self.document["AppSpecification"].get(member)
        return None if words is None else tuple(words)
