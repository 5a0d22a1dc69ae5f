"""The sources of the rules: the pages that a check may cite, with their anchors.

`BYOC / "byoc-run-image"` is a `Source`; an unknown anchor is rejected when the check is declared, so that no report has
a dead link.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One place in a public document."""

    title: str
    url: str


@dataclass(frozen=True)
class Document:
    """A public document and the places in it that rules are taken from; `url` has a `{}` for the place."""

    title: str
    url: str
    anchors: frozenset[str]

    def __truediv__(self, anchor: str) -> Source:
        """A place in the document; raises `ValueError` if it does not exist."""
        if anchor not in self.anchors:
            known = ", ".join(sorted(self.anchors))
            raise ValueError(f"{self.title} has no anchor {anchor!r}; it has {known}")
        return Source(f"{self.title}: {anchor}", self.url.format(anchor))


BYOC = Document(
    "SageMaker developer guide, Build Your Own Processing Container",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/{}.html",
    frozenset(
        {
            "build-your-own-processing-container",
            "byoc-run-image",
            "byoc-input-and-output",
            "byoc-logs-and-metrics",
            "byoc-config",
            "byoc-metadata",
            "byoc-run",
        }
    ),
)
"""The formal specification of the container contract."""

API = Document(
    "SageMaker API reference",
    "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_{}.html",
    frozenset(
        {
            "CreateProcessingJob",
            "DescribeProcessingJob",
            "StopProcessingJob",
            "AppSpecification",
            "NetworkConfig",
            "ProcessingClusterConfig",
            "ProcessingS3Input",
            "ProcessingS3Output",
        }
    ),
)
"""The API's own pages; limits and enumerations are in botocore's model of it."""

SDK = Document(
    "AWS SDKs and Tools reference guide",
    "https://docs.aws.amazon.com/sdkref/latest/guide/{}.html",
    frozenset({"standardized-credentials", "feature-container-credentials", "feature-region"}),
)
"""How a program that calls AWS finds its credentials and its region."""

ENCRYPTION = Document(
    "SageMaker developer guide, Protecting Data at Rest",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/{}.html",
    frozenset({"encryption-at-rest-nbi"}),
)
"""Which paths of a container lie on the job's volume, and so hold nothing of the image."""

S3 = Document(
    "Amazon S3 user guide",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/{}.html",
    frozenset({"object-keys", "optimizing-performance"}),
)
"""What the outputs of a job are uploaded to, and how its clients are to behave."""

DOCKER = Document(
    "Docker, Dockerfile reference",
    "https://docs.docker.com/reference/dockerfile/#{}",
    frozenset({"from", "entrypoint", "cmd", "shell", "volume", "workdir", "user", "env"}),
)
"""How an image's ENTRYPOINT, CMD and the rest are understood by the engine."""

TOOLKIT = Document(
    "NVIDIA Container Toolkit documentation, Specialized Configurations with Docker",
    "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html#{}",
    frozenset({"environment-variables-oci-spec", "gpu-enumeration", "driver-capabilities", "constraints"}),
)
"""How an image tells NVIDIA's toolkit what it needs of the host; it has taken the place of nvidia-docker."""

NVIDIA_ISSUES = Document(
    "NVIDIA on GitHub",
    "https://github.com/NVIDIA/{}",
    frozenset({"libnvidia-container/issues/117", "libnvidia-container/issues/140", "nvidia-docker/issues/76"}),
)
"""Threads in which the authors of the toolkit say how it behaves."""
