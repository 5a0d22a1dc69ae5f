"""The two JSON files that tell a container about its job.

Source: the developer guide, "How Amazon SageMaker Processing Configures Your Processing Container": members and their
order are those of its example. Optional members that the request leaves out are null there; `S3DownloadMode` is not in
the API model, but in the example and in the service's own error messages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from conformance.job.request import JobRequest
from conformance.job.variation import Variation

JOB_PATH = "/opt/ml/config/processingjobconfig.json"
RESOURCES_PATH = "/opt/ml/config/resourceconfig.json"

ETHERNET, LOOPBACK = "eth0", "lo"
"""The network interface of a container that is on a network, and the only one of a container that is on none."""


def of_host(
    host: str,
    hosts: tuple[str, ...],
    request: JobRequest,
    variation: Variation,
    *,
    region: str,
    more: bool = False,
    interface: str = LOOPBACK,
) -> dict[str, bytes]:
    """The two JSON files that a host finds below /opt/ml/config, by path.

    `more` asks for members that are not documented, as the variation may; `interface` is the network interface that
    the container really has.
    """
    more = more or variation is Variation.UNKNOWN_MEMBERS
    return {
        JOB_PATH: processing_job_config(request, region=region, more=more),
        RESOURCES_PATH: resource_config(host, hosts, request if more else None, interface=interface),
    }


def processing_job_config(request: JobRequest, *, region: str, more: bool = False) -> bytes:
    """The content of `processingjobconfig.json`: the job's own configuration, the same on every host.

    `more` adds members of the API model that the documented example does not have, some of them null.
    """
    document = request.document
    application = document["AppSpecification"]
    cluster = document["ProcessingResources"]["ClusterConfig"]
    config: dict[str, Any] = {
        "ProcessingJobArn": job_arn(request, region=region),
        "ProcessingJobName": request.name,
        "AppSpecification": {
            "ImageUri": application["ImageUri"],
            "ContainerEntrypoint": application.get("ContainerEntrypoint"),
            "ContainerArguments": application.get("ContainerArguments"),
        },
        "Environment": dict(request.environment),
        "ProcessingInputs": [_input(item) for item in document.get("ProcessingInputs", ())],
        "ProcessingOutputConfig": {
            "Outputs": [_output(item) for item in document.get("ProcessingOutputConfig", {}).get("Outputs", ())],
            "KmsKeyId": document.get("ProcessingOutputConfig", {}).get("KmsKeyId"),
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": request.instance_count,
                "InstanceType": cluster.get("InstanceType"),
                "VolumeSizeInGB": cluster["VolumeSizeInGB"],
                "VolumeKmsKeyId": cluster.get("VolumeKmsKeyId"),
            }
        },
        "RoleArn": document["RoleArn"],
        "StoppingCondition": {"MaxRuntimeInSeconds": request.max_runtime_seconds},
    }
    if more:
        config |= {name: document.get(name) for name in ("NetworkConfig", "ExperimentConfig", "Tags")}
        for item in config["ProcessingInputs"]:
            item |= {"AppManaged": item.get("AppManaged", False), "DatasetDefinition": None}
        for item in config["ProcessingOutputConfig"]["Outputs"]:
            item |= {"AppManaged": item.get("AppManaged", False), "FeatureStoreOutput": None}
    return _encoded(config)


def _input(item: Mapping[str, Any]) -> dict[str, Any]:
    s3_input = item["S3Input"]
    return {
        "InputName": item["InputName"],
        "S3Input": {
            "LocalPath": s3_input.get("LocalPath"),
            "S3Uri": s3_input["S3Uri"],
            "S3DataDistributionType": s3_input.get("S3DataDistributionType", "FullyReplicated"),
            "S3DataType": s3_input["S3DataType"],
            "S3InputMode": s3_input.get("S3InputMode", "File"),
            "S3CompressionType": s3_input.get("S3CompressionType", "None"),
            "S3DownloadMode": "StartOfJob",
        },
    } | _app_managed(item)


def _output(item: Mapping[str, Any]) -> dict[str, Any]:
    s3_output = item["S3Output"]
    return {
        "OutputName": item["OutputName"],
        "S3Output": {
            "LocalPath": s3_output.get("LocalPath"),
            "S3Uri": s3_output["S3Uri"],
            "S3UploadMode": s3_output["S3UploadMode"],
        },
    } | _app_managed(item)


def _app_managed(item: Mapping[str, Any]) -> dict[str, Any]:
    # The documented example, which has no such input, has no such member either.
    return {"AppManaged": True} if item.get("AppManaged") else {}


def resource_config(
    host: str, hosts: tuple[str, ...], more_of: JobRequest | None = None, *, interface: str = LOOPBACK
) -> bytes:
    """The content of `resourceconfig.json` on one host: its own name, and all names in lexicographic order.

    `more_of` adds the members that users find in training jobs, as the request of that job has them.
    """
    names = sorted(hosts)
    config: dict[str, Any] = {"current_host": host, "hosts": names}
    if more_of is not None:
        kind = more_of.document["ProcessingResources"]["ClusterConfig"].get("InstanceType")
        config |= {
            "current_instance_type": kind,
            "current_group_name": "homogeneousCluster",
            "instance_groups": [{"instance_group_name": "homogeneousCluster", "instance_type": kind, "hosts": names}],
            "network_interface_name": interface,
        }
    return _encoded(config)


def job_arn(request: JobRequest, *, region: str) -> str:
    """The job's ARN, in the account and partition of its role."""
    _, partition, _, _, account, _ = request.document["RoleArn"].split(":", 5)
    return f"arn:{partition}:sagemaker:{region}:{account}:processing-job/{request.name}"


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8")
