"""The command that shows a reader on their own terminal what a verdict is about."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from conformance.image.image import Image
from conformance.job.manifest import ManifestError, listed
from conformance.job.objects import ObjectTree, S3Uri, relative_path
from conformance.job.request import RESERVED, JobRequest, ProcessingInput
from conformance.job.variation import CORRUPT_CONTENT, Variation
from conformance.outcome.gpu import NO_GPUS, Gpus, Means
from conformance.reports.quoting import join, quote
from conformance.rule import rerun
from conformance.rule.declaration import Check

SHOWN_ODD = 3
"""How many of the run's 100 unusual arguments and variables a command line shows."""

SHOWN_CORRUPT = 1_000
"""How many corrupt objects of an input are written down at most."""

MANIFEST = "ManifestFile"
"""The S3DataType of an input whose S3Uri leads to a list of objects."""

SHOWN_LISTED = 20
"""For so many objects of a manifest a command line has a mount each: they need not lie below one directory."""

PLAIN_NAME = re.compile(r"(?!(empty|message)$)\w[\w.-]{0,99}", re.ASCII)
"""A name that can be a folder's, and is no other folder's beside it."""


GPU_WORDS = {
    Means.REQUEST: ("--gpus", "all"),
    Means.RUNTIME: ("--runtime", "nvidia", "--env", "NVIDIA_VISIBLE_DEVICES=all"),
    Means.CDI: ("--device", "nvidia.com/gpu=all"),
}
"""How a command line asks for the GPUs that a run had."""


def command_line(
    check: Check,
    image: Image,
    request: JobRequest | None,
    objects: ObjectTree | None,
    report: Path,
    *,
    network: str = "",
    gpus: Gpus = NO_GPUS,
    memory_bytes: int = 0,
) -> str:
    """One line for a shell; `request` is the run's own, and `write_material` has put what it mounts into the report.

    `network` is that of `--image-network`, `gpus` is what the run had of them, and `memory_bytes` the limit that its
    memory had, 0 for none.
    """
    if check.job is None:
        return check.reproduce.replace("IMAGE", quote(image.reference))
    variation = check.job.runs[-1]
    if variation is Variation.DEFAULT_COMMAND or request is None:
        return join(["docker", "run", "--rm", "--network", "none", image.reference])
    piped = any(item.is_pipe for item in request.inputs)
    listing = any(len(_listed(item, objects)) > SHOWN_LISTED for item in request.inputs)
    if request.instance_count > 1 or piped or listing or gpus.are_simulated or variation is Variation.LOOK_AT_GPUS:
        return _session(check, image, request, objects, network=network, gpus=gpus)
    outside = "none" if request.is_isolated else network or "none"
    words = ["docker", "run", "--rm", "--network", outside, *GPU_WORDS.get(gpus.means, ())]
    words += ["--memory", str(memory_bytes)] if memory_bytes else []
    if variation.stop_signal:
        words.insert(2, "--detach")
    if Variation.OWN_RESERVED in check.job.runs:
        words += ["--mount", f"type=volume,destination={RESERVED},volume-nocopy"]
    for name, value in _environment(request, variation).items():
        words += ["--env", f"{name}={value}"]
    for source, target in _mounts(request, variation, objects, report):
        words += ["--volume", f"{source}:{target}"]
    if request.entrypoint is not None:
        words += ["--entrypoint", request.entrypoint[0]]
    words.append(image.reference)
    # Odd arguments, by which a program may fail, say nothing of what becomes of variables.
    odd = 0 if check.chapter == "environment" else SHOWN_ODD
    words += [*(request.entrypoint or ())[1:], *_arguments(request, variation, odd)]
    if variation.stop_signal:
        return f"id=$({join(words)}); sleep 2; docker kill --signal {variation.stop_signal} $id; docker wait $id"
    return f"{join(words)}; echo exit code $?"


def _session(
    check: Check, image: Image, request: JobRequest, objects: ObjectTree | None, *, network: str, gpus: Gpus
) -> str:
    """The session that shows it again: a name server, what feeds a FIFO or looks at a GPU is more than a line holds.

    So is a mount for each of the many objects that a manifest names.
    """
    words = ["pytest", f"--image={image.reference}", f"--image-job={request.source}"]
    words += [] if objects is None else [f"--image-s3={objects.directory}"]
    words += [f"--image-network={network}"] if network else []
    words += ["--image-gpu=simulated"] if gpus.are_simulated else []
    # The file may ask for another number.
    return join([*words, f"--image-hosts={request.instance_count}", "-k", check.id])


def write_material(
    report: Path,
    request: JobRequest,
    documents: Mapping[Variation, Mapping[str, bytes]],
    objects: ObjectTree | None,
) -> None:
    """Keep what the command lines mount: the documents of each variation, and inputs that are corrupt."""
    for variation, contents in documents.items():
        directory = _documents(report, request, variation)
        directory.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            (directory / Path(path).name).write_bytes(content)
    for number, item in enumerate(request.inputs):
        if request.brings_program(item):
            continue
        place = _job(report, request) / "corrupt" / _folder(item.name, number)
        for path in islice(_delivered(item, objects), SHOWN_CORRUPT):
            corrupt = place / path
            # Of objects that cannot lie beside each other, which no run takes either, the first ones stay.
            with contextlib.suppress(FileExistsError, IsADirectoryError, NotADirectoryError):
                corrupt.parent.mkdir(parents=True, exist_ok=True)
                corrupt.write_bytes(CORRUPT_CONTENT)


def _delivered(item: ProcessingInput, objects: ObjectTree | None) -> Iterator[str]:
    """The path below LocalPath of each object of an input."""
    if item.data_type == MANIFEST:
        yield from (path for path, _ in _listed(item, objects))
    elif objects is not None:
        uri = S3Uri.parse(item.s3_uri)
        yield from (relative_path(uri.key, key) for key, _ in objects.find(uri))


@functools.lru_cache(maxsize=100)  # for each verdict of a job it is asked again
def _listed(item: ProcessingInput, objects: ObjectTree | None) -> list[tuple[str, Path]]:
    """What the manifest of an input names, each with its path below LocalPath; nothing where that is no manifest."""
    if item.data_type != MANIFEST or objects is None:
        return []
    # A job with such a manifest was not run, so that nothing of it is to be shown.
    with contextlib.suppress(ManifestError):
        return [(path, file) for _, path, file in listed(S3Uri.parse(item.s3_uri), objects)]
    return []


def _job(report: Path, request: JobRequest) -> Path:
    return report / "jobs" / request.name


def _folder(name: str, number: int) -> str:
    """A folder for an input or output, whose name may be any text, `..` and a path included."""
    return name if PLAIN_NAME.fullmatch(name) else f"+{number}"


def _documents(report: Path, request: JobRequest, variation: Variation) -> Path:
    more = variation is Variation.UNKNOWN_MEMBERS
    return _job(report, request) / ("config-with-unknown-members" if more else "config")


def _environment(request: JobRequest, variation: Variation) -> Mapping[str, str]:
    if variation is not Variation.STAND_IN:
        return request.environment
    shown = rerun.odd_environment(SHOWN_ODD)
    left_out = rerun.odd_environment(rerun.MOST_WORDS).keys() - shown.keys()
    return {name: value for name, value in request.environment.items() if name not in left_out}


def _arguments(request: JobRequest, variation: Variation, odd: int) -> tuple[str, ...]:
    words = request.arguments or ()
    if variation is not Variation.STAND_IN or not words:
        return words
    own = next((at for at, word in enumerate(words) if word == rerun.ODD_WORDS[0]), len(words))
    return words[: own + odd]


def _mounts(
    request: JobRequest, variation: Variation, objects: ObjectTree | None, report: Path
) -> Iterator[tuple[str, str]]:
    job = _job(report, request)
    written = job / "reproduced"
    yield str(_documents(report, request, variation)), "/opt/ml/config"
    for number, item in enumerate(request.inputs):
        folder = _folder(item.name, number)
        is_data = not request.brings_program(item)
        if objects is None or (variation is Variation.EMPTY_INPUTS and is_data):
            yield str(written / "empty" / folder), item.local_path
            continue
        if variation is Variation.CORRUPT_INPUTS and is_data:
            yield str(job / "corrupt" / folder), item.local_path
            continue
        if item.data_type == MANIFEST:
            yield from ((str(file), f"{item.local_path}/{path}") for path, file in _listed(item, objects))
            continue
        uri = S3Uri.parse(item.s3_uri)
        source = objects.directory / uri.bucket / uri.key
        if source.is_dir():
            yield str(source), item.local_path
        elif source.is_file():
            yield str(source), f"{item.local_path}/{source.name}"
        else:
            yield str(source.parent), item.local_path
    for number, output in enumerate(request.outputs):
        yield str(written / _folder(output.name, number)), output.local_path
    yield str(written / "message"), "/opt/ml/output"
