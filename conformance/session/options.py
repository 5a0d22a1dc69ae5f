"""The command line: what it takes, and every usage error."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import UsageError

if TYPE_CHECKING:
    import pytest

    from conformance.job.gpu import Choice
    from conformance.job.objects import ObjectTree
    from conformance.job.request import JobRequest

DEFAULT_REPORT = "conformance-report"
DEFAULT_TIMEOUT_SECONDS = 300.0
DEFAULT_GRACE_SECONDS = 10.0

MOST_HOSTS = 100
"""The largest InstanceCount of the API model."""

LONGEST_SECONDS = 86_400.0
"""What a run leaves on the engine is taken for forgotten after a day."""


def add_options(parser: pytest.Parser) -> None:
    """Declare the options, all of which begin with `--image`."""
    group = parser.getgroup("conformance", "conformance of SageMaker Processing containers")
    group.addoption(
        "--image",
        metavar="URI",
        help="judge this image: a reference, or the id of an image on the engine; pulled if it is not there",
    )
    group.addoption(
        "--image-job",
        action="append",
        default=[],
        metavar="FILE",
        help="a CreateProcessingJob request in JSON, as `aws sagemaker create-processing-job --cli-input-json` takes "
        "it, of a job that succeeds; may be repeated",
    )
    group.addoption(
        "--image-s3",
        metavar="DIR",
        help="what the job finds in S3: DIR/bucket/key",
    )
    group.addoption(
        "--image-hosts",
        type=int,
        metavar="COUNT",
        help="run the job on so many hosts in the place of its InstanceCount",
    )
    group.addoption(
        "--image-network",
        metavar="NAME",
        help="join the job's containers to this network of the engine, unless EnableNetworkIsolation forbids it; "
        "without it they have no way out",
    )
    group.addoption(
        "--image-gpu",
        default="auto",
        metavar="auto|require|simulated",
        help="GPUs for a job whose instance type has them, where the engine has any (auto, the default); an error "
        "where it has none (require); or something that looks like one and shows nothing of CUDA (simulated)",
    )
    group.addoption(
        "--image-report",
        default=DEFAULT_REPORT,
        metavar="DIR",
        help="where report.json and junit.xml are written (default: %(default)s)",
    )
    group.addoption(
        "--image-timeout",
        type=float,
        default=DEFAULT_TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="how long a run may take where MaxRuntimeInSeconds is longer (default: %(default)g)",
    )
    group.addoption(
        "--image-grace",
        type=float,
        default=DEFAULT_GRACE_SECONDS,
        metavar="SECONDS",
        help="how long a stopped program has before SIGKILL; AWS names no time (default: %(default)g)",
    )
    group.addoption(
        "--image-strict",
        action="store_true",
        help="let advice fail the run as well",
    )
    group.addoption(
        "--image-keep",
        action="store_true",
        help="leave containers and volumes on the engine, and print their names",
    )


@dataclass(frozen=True)
class Options:
    """The command line, found valid; a session without `--image` has none."""

    image: str
    requests: tuple[JobRequest, ...]
    objects: ObjectTree | None
    report: Path
    timeout_seconds: float
    grace_seconds: float
    strict: bool
    keep: bool
    gpu: Choice
    network: str = ""


def read(config: pytest.Config) -> Options:
    """Read and validate the options.

    Raises:
        UsageError: an option cannot be used; nothing has been started or written.
        RequestError: a job request would be refused by the service.
    """
    from conformance.job.objects import ObjectTree  # noqa: PLC0415 - not needed without --image

    reference = str(config.getoption("--image")).strip()
    if not reference or reference.startswith("-"):
        raise UsageError(f"--image: expected an image reference or id, got {reference!r}")
    timeout, grace = _seconds(config, "--image-timeout"), _seconds(config, "--image-grace")
    where = config.invocation_params.dir
    directory = config.getoption("--image-s3")
    objects = None
    if directory is not None:
        root = where / directory
        if not root.is_dir():
            raise UsageError(f"--image-s3: expected a directory that holds bucket/key, and {directory} is none")
        objects = ObjectTree(root)
    requests = _requests([where / name for name in config.getoption("--image-job")], objects)
    hosts = config.getoption("--image-hosts")
    if hosts is not None:
        requests = _on_hosts(requests, hosts)
    gpu = _gpu(str(config.getoption("--image-gpu")), requests)
    report = where / str(config.getoption("--image-report"))
    _make_writable(report)
    return Options(
        image=reference,
        requests=requests,
        objects=objects,
        report=report,
        timeout_seconds=timeout,
        grace_seconds=grace,
        strict=bool(config.getoption("--image-strict")),
        keep=bool(config.getoption("--image-keep")),
        network=_network(config),
        gpu=gpu,
    )


def _network(config: pytest.Config) -> str:
    network = config.getoption("--image-network")
    # Whether there is such a network, only the engine can say.
    if network is not None and not str(network).strip():
        raise UsageError("--image-network: expected the name of a network of the engine, got an empty word")
    return str(network or "").strip()


def _seconds(config: pytest.Config, option: str) -> float:
    seconds = float(config.getoption(option))
    if not 0 < seconds < LONGEST_SECONDS:
        raise UsageError(f"{option}: expected a number of seconds above 0, got {seconds:g}")
    return seconds


def _requests(paths: Sequence[Path], objects: ObjectTree | None) -> tuple[JobRequest, ...]:
    if not paths:
        return ()
    from conformance.job.validation import load  # noqa: PLC0415 - brings botocore's model of the API

    requests = tuple(load(path) for path in paths)
    for name, count in Counter(request.name for request in requests).items():
        if count > 1:
            raise UsageError(f"--image-job: expected each ProcessingJobName once, got {name!r} {count} times")
    for request in requests:
        _find_inputs(request, objects)
    return requests


def _find_inputs(request: JobRequest, objects: ObjectTree | None) -> None:
    from conformance.job.manifest import ManifestError, listed  # noqa: PLC0415 - as above
    from conformance.job.objects import S3Uri  # noqa: PLC0415 - as above

    for index, item in enumerate(request.inputs):
        where = f"{request.source}: ProcessingInputs[{index}].S3Input.S3Uri"
        if objects is None:
            raise UsageError(f"{where}: {item.s3_uri} is nowhere to be found", hint="--image-s3=DIR holds bucket/key")
        uri = S3Uri.parse(item.s3_uri)
        if item.data_type == "ManifestFile":
            try:
                listed(uri, objects)
            except ManifestError as error:
                raise UsageError(f"{where}: {error}") from error
        elif next(objects.find(uri), None) is None:
            expected = objects.directory / uri.bucket / uri.key
            raise UsageError(f"{where}: no object begins with {item.s3_uri}; expected a file at {expected}*")


def _on_hosts(requests: tuple[JobRequest, ...], hosts: int) -> tuple[JobRequest, ...]:
    if not 1 <= hosts <= MOST_HOSTS:
        raise UsageError(f"--image-hosts: expected a number from 1 to {MOST_HOSTS}, got {hosts}")
    if not requests:
        raise UsageError("--image-hosts: expected a job as well", hint="--image-job=FILE names it")
    return tuple(request.on_hosts(hosts) for request in requests)


def _gpu(said: str, requests: tuple[JobRequest, ...]) -> Choice:
    from conformance.job.gpu import Choice  # noqa: PLC0415 - not needed without --image

    if said not in list(Choice):
        raise UsageError(f"--image-gpu: expected one of {', '.join(Choice)}, got {said!r}")
    if said != Choice.AUTO and not requests:
        raise UsageError(f"--image-gpu={said}: expected a job as well", hint="--image-job=FILE names it")
    return Choice(said)


def _make_writable(report: Path) -> None:
    trial = report / f".{os.getpid()}.json"
    try:
        report.mkdir(parents=True, exist_ok=True)
        trial.write_text(json.dumps({}), encoding="utf-8")
        trial.unlink()
    except OSError as error:
        raise UsageError(
            f"--image-report: expected a directory that can be written to, and {report} is none: {error.strerror}"
        ) from error
