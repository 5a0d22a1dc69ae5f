"""`--image-init`: write a request and its folder of S3, and print the command that runs them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance import text
from conformance.errors import RequestError, UsageError
from conformance.job import draft, forms, pipeline
from conformance.job.draft import Draft
from conformance.job.jsonfile import json_type, part, read_json, request_in
from conformance.job.validation import rejected
from conformance.service import engine, inspection
from conformance.session.brought import LABEL

EXAMPLE = "name,value\na,1\nb,2\n"

SCRIPTS = {
    "python3": """import pathlib

lines = pathlib.Path("/opt/ml/processing/input/data/example.csv").read_text(encoding="utf-8").splitlines()
pathlib.Path("/opt/ml/processing/output/result/count.txt").write_text(f"{len(lines)}\\n", encoding="utf-8")
print("counted", len(lines), "lines")
""",
    "/bin/sh": """set -e
wc -l < /opt/ml/processing/input/data/example.csv > /opt/ml/processing/output/result/count.txt
echo counted lines
""",
}
"""What a job runs whose image brings no program, by its interpreter."""


def run(config: pytest.Config) -> str:
    """Write the files, and return what is to be printed.

    Raises:
        UsageError: a file exists, or there is nothing to start from; nothing has been written.
        RequestError: the file is not one that a request can be made of.
    """
    directory = Path(config.getoption("--image-init") or ".")
    source = config.getoption("--image-init-from")
    image = (config.getoption("--image") or [""])[-1].strip()
    if source is None and not image:
        raise UsageError("--image-init: expected an image or a file, got neither", hint="pass --image=URI")
    objects: dict[str, str] = {}
    if source is not None:
        drafts = _of_file(config.invocation_params.dir, source)
    else:
        drafts, objects = _of_image(image)
    for each in drafts:
        if faults := tuple(rejected(each.document)):
            raise RequestError(f"the request of {source or image} is invalid", faults, hint="; ".join(each.notes))
    return _write(config.invocation_params.dir, directory, drafts, image, objects)


def _of_image(reference: str) -> tuple[tuple[Draft, ...], dict[str, str]]:
    """The request, and what it finds in S3 if it is made up."""
    found = inspection.find(engine.connect(), reference)
    label = found.labels.get(LABEL, "")
    if label.lstrip().startswith("{"):
        brought = request_in(label.encode("utf-8", "surrogateescape"), f"label {LABEL} of {reference}")
        return (draft.of_request(brought),), {}
    made = draft.of_image(found.reference, found.entrypoint, found.cmd, found.user, found.ports)
    return (made,), _objects(made)


def _of_file(where: Path, name: str) -> tuple[Draft, ...]:
    if fault := forms.of_name(name):
        raise UsageError(f"--image-init-from: {fault}")
    content = read_json(where / name)
    if not isinstance(content, dict):
        raise UsageError(f"--image-init-from: expected a JSON object, got a JSON {json_type(content)}")
    return _drafts(_definition(content, name), name)


def _definition(content: dict[str, Any], name: str) -> dict[str, Any]:
    """The definition within an answer of DescribePipeline; anything else as it is."""
    definition = content.get("PipelineDefinition")
    if not isinstance(definition, str):
        return content
    try:
        return part({"definition": json.loads(definition)}, "definition")
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--image-init-from: {name}: PipelineDefinition is not JSON") from error


def _drafts(content: dict[str, Any], name: str) -> tuple[Draft, ...]:
    if {"ProcessingJobStatus", "AppSpecification"} <= content.keys():
        return (draft.of_description(content),)
    if content.get("Type") == "Processing" and "Arguments" in content:
        content = {"Steps": [content]}
    if "Steps" in content:
        found = pipeline.of_definition(content)
        if not found:
            raise UsageError(f"--image-init-from: expected a Processing step in {name}, but there is none")
        return found
    if "AppSpecification" in content:
        return (draft.of_request(content),)
    raise UsageError(
        f"--image-init-from: {name} is neither the answer of DescribeProcessingJob nor a SageMaker Pipelines definition"
    )


def _write(here: Path, directory: Path, drafts: Sequence[Draft], image: str, objects: dict[str, str]) -> str:
    names = ["job.json"] if len(drafts) == 1 else [f"{each.request.name}.json" for each in drafts]
    place = here / directory
    files = {
        **{name: json.dumps(each.document, indent=2) + "\n" for name, each in zip(names, drafts, strict=True)},
        **objects,
    }
    if any(each.copies for each in drafts) and not objects:
        files["s3.md"] = _what_to_copy(directory, drafts)
    for name in files:
        if (place / name).exists():
            raise UsageError(f"--image-init: expected a new file, but {directory / name} exists")
    try:
        for each in drafts:
            for copy in each.copies:
                (place / "s3" / copy.folder).mkdir(parents=True, exist_ok=True)
        (place / "s3").mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--image-init: {directory} cannot be written to: {error.strerror}") from error
    uri = image or str(drafts[0].document["AppSpecification"].get("ImageUri", "IMAGE"))
    options = [
        f"--image={uri}",
        *(f"--image-job={directory / name}" for name in names),
        f"--image-s3={directory / 's3'}",
    ]
    notes = dict.fromkeys(note for each in drafts for note in each.notes)
    lines = [*(f"wrote {directory / name}" for name in files), *notes]
    lines += [f"copy what the job reads: {directory / 's3.md'} has the commands"] if "s3.md" in files else []
    return text.lines("\n".join([*lines, f"run: pytest {shlex.join(options)}"]))


def _objects(made: Draft) -> dict[str, str]:
    """What a made-up job finds in S3."""
    data, *code = (item.s3_uri.removeprefix("s3://") for item in made.request.inputs)
    command = made.request.entrypoint or ()
    scripts = {f"s3/{place}/{command[1].rpartition('/')[2]}": SCRIPTS[command[0]] for place in code}
    return {f"s3/{data}/example.csv": EXAMPLE, **scripts}


def _what_to_copy(directory: Path, drafts: Sequence[Draft]) -> str:
    copies = dict.fromkeys(copy for each in drafts for copy in each.copies)
    lists = [item.s3_uri for each in drafts for item in each.request.inputs if item.data_type == "ManifestFile"]
    return "\n".join(
        [
            "# What the job reads from S3",
            "",
            "`s3/BUCKET/KEY` is the object `s3://BUCKET/KEY`. A small part of the data is enough, as long as the job",
            "succeeds with it:",
            "",
            *(f"    {copy.command(str(directory / 's3'))}" for copy in copies),
            "",
            *(f"{uri} is a manifest: copy the objects that it lists as well.\n" for uri in dict.fromkeys(lists)),
        ]
    )
