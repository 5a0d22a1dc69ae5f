"""The command that shows a reader on their own terminal what a verdict is about.

As in the run itself, nothing of the machine is mounted: a container gets a fresh volume, and copies of what it needs.
Whatever an image does to them, the user's files and the report stay as they were, and a remote engine does as well.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import posixpath
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from conformance.errors import JobError
from conformance.files import archive
from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN, Conditions, Lifted
from conformance.job.manifest import ManifestError, listed
from conformance.job.objects import ObjectTree, S3Uri, relative_path
from conformance.job.request import PROCESSING, RESERVED, JobRequest, ProcessingInput
from conformance.job.variation import CORRUPT_CONTENT, Variation
from conformance.outcome.gpu import NO_GPUS, Gpus, Means
from conformance.reports.quoting import join, quote
from conformance.rule import odd_words
from conformance.rule.declaration import Check

SHOWN_ODD = 3
"""How many of the run's 100 unusual arguments and variables a command line shows."""

SHOWN_CORRUPT = 1_000
"""How many corrupt objects of an input are kept at most."""

MANIFEST = "ManifestFile"
"""The S3DataType of an input whose S3Uri leads to a list of objects."""

LISTING = f"docker cp $id:{RESERVED} - | tar -tv"
"""Lists what the job left, which may be links, and so is not unpacked."""

REMOVAL = "docker rm --force --volumes $id"

GPU_WORDS = {
    Means.REQUEST: ("--gpus", "all"),
    Means.RUNTIME: ("--runtime", "nvidia", "--env", "NVIDIA_VISIBLE_DEVICES=all"),
    Means.CDI: ("--device", "nvidia.com/gpu=all"),
}
"""How a command line asks for the GPUs that a run had."""


@dataclass(frozen=True)
class Manner:
    """How a command line has to speak to the engine: what follows from which one it is.

    `copies_into_mounts` says that it heeds `volume-nocopy` only of a volume with a name (Podman). `platform` is what it
    is told to run, where it would run another by itself, and `runtime` that of `--image-runtime`.
    """

    copies_into_mounts: bool = False
    platform: str = ""
    runtime: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What follows `docker create` and `docker run`."""
        options = {"--platform": self.platform, "--runtime": self.runtime}
        return tuple(word for option, value in options.items() if value for word in (option, value))


PLAIN = Manner()


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
    conditions: Conditions = AS_CHOSEN,
    halted: bool = False,
    aws: bool = False,
    manner: Manner = PLAIN,
) -> str:
    """One line for a shell; `request` is the run's own, and `write_material` has put what it copies into the report.

    `network` is that of `--image-network`, `gpus` is what the run had of them, `memory_bytes` the limit that its
    memory had, 0 for none, and `conditions` are those of the run. `halted` says that it was halted to be stopped, and
    `aws` that it had an AWS, for which there are no commands. `manner` is how its engine is spoken to.
    """
    if check.job is None:
        return check.reproduce.replace("IMAGE", quote(image.reference))
    variation = check.job.runs[-1]
    if variation is Variation.DEFAULT_COMMAND or request is None:
        return join(["docker", "run", "--rm", *manner.words, "--network", "none", image.reference])
    is_more = (
        halted or aws or any(item.is_pipe or item.data_type == MANIFEST for item in request.inputs) or request.is_own
    )
    if request.instance_count > 1 or is_more or gpus.are_simulated or variation is Variation.LOOK_AT_GPUS:
        return _session(check, image, request, objects, network=network, gpus=gpus, aws=aws)
    outside = "none" if request.is_isolated else network or "none"
    words = ["docker", "create", *manner.words, "--network", outside, *GPU_WORDS.get(gpus.means, ())]
    words += ["--memory", str(memory_bytes)] if memory_bytes else []
    words += ["--shm-size", "1g"] if Lifted.SHARED_MEMORY in conditions.lifted else []
    words += ["--tmpfs", "/tmp:exec,mode=1777"] if variation is Variation.EMPTY_TMP else []  # noqa: S108 - a path of the container
    places = list(_volumes(request, variation, conditions))
    # What names a volume is for the shell to fill in, and so is not quoted.
    named = {
        place: f"conformance-$$-{at}"
        for at, place in enumerate(places)
        if manner.copies_into_mounts and ":" not in place
    }
    for place in places:
        if place not in named:
            words += ["--mount", _fields("type=volume", f"destination={place}", "volume-nocopy")]
    begun = " ".join([join(words), *(f"--volume {name}:{quote(f'{place}:nocopy')}" for place, name in named.items())])
    # They do not go with their container.
    freeing = [f"docker volume rm {' '.join(named.values())} > /dev/null"] if named else []
    words = []
    for name, value in _environment(request, variation).items():
        words += ["--env", f"{name}={value}"]
    if request.entrypoint is not None:
        words += ["--entrypoint", request.entrypoint[0]]
    words.append(image.reference)
    # Odd arguments, by which a program may fail, say nothing of what becomes of variables.
    odd = 0 if check.chapter == "environment" else SHOWN_ODD
    words += [*(request.entrypoint or ())[1:], *_arguments(request, variation, odd)]
    material = quote(str(_material(report, request, variation)))
    steps = [f"id=$({begun} {join(words)})", f"docker cp - $id:{RESERVED} < {material}"]
    steps += [
        f"docker cp --follow-link {quote(source)} $id:{quote(target)}"
        for source, target in _copies(request, variation, objects)
    ]
    if variation.stop_signal:
        steps += ["docker start $id", "sleep 2", f"docker kill --signal {variation.stop_signal} $id"]
        return "; ".join([" && ".join(steps), "docker wait $id", REMOVAL, *freeing])
    steps.append("docker start --attach $id")
    ending = ["code=$?", LISTING, f"{REMOVAL} > /dev/null", *freeing, "echo exit code $code"]
    return "; ".join([" && ".join(steps), *ending])


def _session(
    check: Check, image: Image, request: JobRequest, objects: ObjectTree | None, *, network: str, gpus: Gpus, aws: bool
) -> str:
    """The session that shows it again: a name server, an AWS, what feeds a FIFO or looks at a GPU is more than a line.

    So is a stand-in for the program, and a copy of each of the objects that a manifest lists.
    """
    if request.is_own:
        return join(["pytest", f"--image={image.reference}", *(["--image-aws"] if aws else []), "-k", check.id])
    words = ["pytest", f"--image={image.reference}"]
    if not request.is_brought:
        words += [request.source] if request.is_script else [f"--image-job={request.source}"]
    words += [] if objects is None or request.is_script else [f"--image-s3={objects.directory}"]
    words += [f"--image-network={network}"] if network else []
    words += ["--image-aws"] if aws else []
    words += ["--image-gpu=simulated"] if gpus.are_simulated else []
    # The file may ask for another number.
    return join([*words, f"--image-hosts={request.instance_count}", "-k", check.id])


def write_material(
    report: Path,
    request: JobRequest,
    documents: Mapping[Variation, Mapping[str, bytes]],
    objects: ObjectTree | None,
) -> None:
    """Keep what the command lines copy to /opt/ml: an archive for each variation with documents or inputs of its own.

    Objects of the user are not in it, however few they are: only a command line that is run copies them.
    """
    for variation, contents in documents.items():
        _write(_material(report, request, variation), request, contents.items())
    # Where objects cannot lie beside each other, no run takes them either.
    with contextlib.suppress(JobError):
        corrupt = [*documents[Variation.AS_REQUESTED].items(), *_corrupt(request, objects)]
        _write(_material(report, request, Variation.CORRUPT_INPUTS), request, corrupt)


def _write(path: Path, request: JobRequest, files: Iterable[tuple[str, bytes]]) -> None:
    """Write an archive of what is below /opt/ml; it takes the place of what was there, be that a link."""
    places = [item.local_path for item in request.inputs if not item.is_pipe]
    places += [output.local_path for output in request.outputs]
    entries = [*((place, None) for place in (PROCESSING, f"{RESERVED}/output", *places)), *files]
    content = b"".join(archive.write(RESERVED, entries))
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(beside).replace(path)
    except OSError:
        Path(beside).unlink()
        raise


def _corrupt(request: JobRequest, objects: ObjectTree | None) -> Iterator[tuple[str, bytes]]:
    for item in request.inputs:
        if not request.brings_program(item) and not item.is_pipe:
            for below in islice(_delivered(item, objects), SHOWN_CORRUPT):
                yield posixpath.normpath(f"{item.local_path}/{below}"), CORRUPT_CONTENT


def _delivered(item: ProcessingInput, objects: ObjectTree | None) -> Iterator[str]:
    """The path below LocalPath of each object of an input."""
    if objects is None:
        return
    uri = S3Uri.parse(item.s3_uri)
    if item.data_type == MANIFEST:
        # A job with an invalid manifest was not run, so that nothing of it is to be shown.
        with contextlib.suppress(ManifestError):
            yield from (below for _, below, _ in listed(uri, objects))
    else:
        yield from (relative_path(uri.key, key) for key, _ in objects.find(uri))


def _material(report: Path, request: JobRequest, variation: Variation) -> Path:
    own = variation if variation in {Variation.UNKNOWN_MEMBERS, Variation.CORRUPT_INPUTS} else Variation.AS_REQUESTED
    return report / "jobs" / request.name / f"{own.replace(' ', '-')}.tar"


def _volumes(request: JobRequest, variation: Variation, conditions: Conditions) -> Iterator[str]:
    """Where the run's container had a volume."""
    if Lifted.MOUNTS in conditions.lifted:
        return
    yield RESERVED
    if variation is Variation.SEPARATE_MOUNTS:
        paths = [item.local_path for item in request.inputs] + [output.local_path for output in request.outputs]
        yield from dict.fromkeys(posixpath.normpath(path) for path in paths)


def _copies(request: JobRequest, variation: Variation, objects: ObjectTree | None) -> Iterator[tuple[str, str]]:
    """What of the user's own objects is copied, and where to."""
    changed = {Variation.EMPTY_INPUTS, Variation.CORRUPT_INPUTS}
    for item in request.inputs:
        if objects is None or (variation in changed and not request.brings_program(item)):
            continue
        uri = S3Uri.parse(item.s3_uri)
        source = objects.directory / uri.bucket / uri.key
        if source.is_file():
            yield str(source), posixpath.join(item.local_path, source.name)
        else:
            # A prefix may end within a name.
            yield f"{source if source.is_dir() else source.parent}/.", item.local_path


def _fields(*fields: str) -> str:
    """What `docker create --mount` takes: fields as CSV has them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


def _environment(request: JobRequest, variation: Variation) -> Mapping[str, str]:
    if variation is not Variation.STAND_IN:
        return request.environment
    shown = odd_words.odd_environment(SHOWN_ODD)
    left_out = odd_words.odd_environment(odd_words.MOST_WORDS).keys() - shown.keys()
    return {name: value for name, value in request.environment.items() if name not in left_out}


def _arguments(request: JobRequest, variation: Variation, odd: int) -> tuple[str, ...]:
    words = request.arguments or ()
    if variation is not Variation.STAND_IN or not words:
        return words
    own = next((at for at, word in enumerate(words) if word == odd_words.ODD_WORDS[0]), len(words))
    return words[: own + odd]
