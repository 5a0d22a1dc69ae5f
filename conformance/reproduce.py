"""The command that shows a reader on their own terminal what a verdict is about."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from conformance.declaration import Check
from conformance.image import Image
from conformance.job import JobRequest, Variation
from conformance.objects import ObjectTree, S3Uri


def command_line(
    check: Check, image: Image, request: JobRequest | None, objects: ObjectTree | None, report: Path
) -> str:
    """One line for a shell; a job's documents are those that `write_documents` has put into the report's directory."""
    if check.job is None:
        return check.reproduce.replace("IMAGE", shlex.quote(image.reference))
    variation = check.job.runs[-1]
    if variation is Variation.DEFAULT_COMMAND or request is None:
        return shlex.join(["docker", "run", "--rm", "--network", "none", image.reference])
    words = ["docker", "run", "--rm", "--network", "none"]
    if variation.stop_signal:
        words.insert(2, "--detach")
    for name, value in request.environment.items():
        words += ["--env", f"{name}={value}"]
    for source, target in _mounts(request, variation, objects, report):
        words += ["--volume", f"{source}:{target}"]
    if request.entrypoint is not None:
        words += ["--entrypoint", request.entrypoint[0]]
    words.append(image.reference)
    words += [*(request.entrypoint or ())[1:], *(request.arguments or ())]
    if variation.stop_signal:
        return f"id=$({shlex.join(words)}); sleep 2; docker kill --signal {variation.stop_signal} $id; docker wait $id"
    return f"{shlex.join(words)}; echo exit code $?"


def documents_directory(report: Path, request: JobRequest) -> Path:
    """Where in the report's directory the documents of a job are kept for reproducing."""
    return report / "jobs" / request.name / "config"


def write_documents(report: Path, request: JobRequest, documents: Mapping[str, bytes]) -> None:
    """Keep the documents that the container gets, each by its path there."""
    directory = documents_directory(report, request)
    directory.mkdir(parents=True, exist_ok=True)
    for path, content in documents.items():
        (directory / Path(path).name).write_bytes(content)


def _mounts(
    request: JobRequest, variation: Variation, objects: ObjectTree | None, report: Path
) -> Iterator[tuple[str, str]]:
    config = documents_directory(report, request)
    written = config.parent / "reproduced"
    yield str(config), "/opt/ml/config"
    for item in request.inputs:
        if variation is Variation.EMPTY_INPUTS or objects is None:
            yield str(written / "empty" / item.name), item.local_path
            continue
        uri = S3Uri.parse(item.s3_uri)
        source = objects.directory / uri.bucket / uri.key
        if source.is_dir():
            yield str(source), item.local_path
        elif source.is_file():
            yield str(source), f"{item.local_path}/{source.name}"
        else:
            yield str(source.parent), item.local_path
    for output in request.outputs:
        yield str(written / output.name), output.local_path
    yield str(written / "message"), "/opt/ml/output"
