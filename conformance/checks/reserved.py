"""/opt/ml is reserved: what an image ships there is missing when it runs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.files.tree import Kind, is_below
from conformance.image.image import Image
from conformance.job.request import PROCESSING, RESERVED, JobRequest
from conformance.job.variation import AS_REQUESTED, EMPTY_TMP, RESERVED_REPLACED
from conformance.outcome.outcome import MESSAGE_PATH, End, Outcome
from conformance.rule.command import NOT_USED, always_overridden, as_run, uses_command
from conformance.rule.contract import BYOC, ENCRYPTION
from conformance.rule.declaration import (
    DOCUMENTED,
    INFERRED,
    MEASURED,
    MUST,
    SHOULD,
    Advice,
    DoesNotApply,
    NotJudged,
    OnAws,
    check,
)
from conformance.rule.evidence import did_its_work, did_well, end_of, shortfalls, some_of, succeeded
from conformance.rule.rerun import TMP
from conformance.rule.sight import Sight

CLAUSE = "/opt/ml and its subdirectories are reserved by SageMaker: do not put data there that the container needs."

MOUNTED = (posixpath.dirname(RESERVED), RESERVED, PROCESSING)
"""The mount point of Processing's volume, and its parent directories."""

CONFIGURATION = frozenset({"/opt/ml/config/processingjobconfig.json", "/opt/ml/config/resourceconfig.json"})

HARMLESS = (f"{RESERVED}/output/metrics/cloudwatch",)
"""Also documented: monitoring containers write their metrics there (model-monitor-byoc-cloudwatch)."""

SCRATCH = frozenset(
    {"__pycache__", ".cache", ".ipynb_checkpoints", ".pytest_cache", "lost+found", ".tmp", "temp", "tmp"}
)
"""Directories of caches and temporary files, wherever they are: their loss does no harm."""

TRAINING = {
    "/opt/ml/model": "; only training jobs upload a model from there",
    "/opt/ml/output/failure": "; only training jobs report a failure from there",
}


@check(
    "reserved.nothing-required",
    MUST,
    "The command needs nothing that the image ships below /opt/ml",
    job=None,
    sees={Sight.ENDS, Sight.UPLOADS},
    on_aws=OnAws.YES,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Move the files out of /opt/ml, for example to /opt/program, and update ENTRYPOINT, WORKDIR and PATH.",
    reproduce="docker run --rm --mount type=tmpfs,destination=/opt/ml IMAGE",
    shown_by=AS_REQUESTED,
)
def nothing_required(image: Image, requests: Sequence[JobRequest], runs: Sequence[Outcome]) -> Iterator[str]:
    """Evidence is a reference by the command, WORKDIR or PATH to something there, unless a run works without it.

    /opt/ml is replaced in each run, so a run that did its work shows that nothing there was needed.
    """
    found = _required(image, requests, runs)
    for need in found:
        sentence = f"Expected the command to work without {RESERVED}, but {need.what} needs {need.path} of the image."
        yield Advice(sentence) if need.is_doubtful else sentence
    if not found and always_overridden(requests) and any(need.is_word for need in _references(image)):
        raise DoesNotApply(NOT_USED)


@check(
    "reserved.works-when-replaced",
    MUST,
    "The job works when /opt/ml is replaced",
    job=RESERVED_REPLACED,
    sees={Sight.ENDS, Sight.LOGS},
    on_aws=OnAws.COMPLETED,
    of_failure=True,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Move the files that the program reads out of /opt/ml, for example to /opt/program; create working "
    "directories at start-up, below /tmp.",
    explained_by=("reserved.nothing-required", "reserved.is-a-directory"),
)
def works_when_replaced(image: Image, own: Outcome, replaced: Outcome) -> Iterator[str]:
    """Shown by two runs: with the files that the image ships below /opt/ml, and without."""
    if succeeded(replaced):
        return
    if not succeeded(own):
        raise NotJudged("the job fails with and without the image's own /opt/ml", see="exit.zero-on-success")
    files = [file.path for file in image.files.below(RESERVED) if file.kind is not Kind.DIRECTORY]
    shipped = some_of(files or [file.path for file in image.files.below(RESERVED)])
    for host in replaced.hosts:
        # A host that waits for another shows nothing; the other one does.
        if not did_well(host) and host.end is not End.SUITE_LIMIT:
            sentence = (
                f"Expected the job to work without the files that the image ships below {RESERVED} ({shipped}), but "
                f"without them {host.name} {end_of(host)}; with them it exited with 0."
            )
            # AWS speaks of data, which an empty directory is not.
            yield sentence if files else Advice(sentence)


@check(
    "reserved.works-with-empty-tmp",
    SHOULD,
    "The job works with an empty /tmp",
    job=EMPTY_TMP,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.TIMES},
    clause="Processing mounts the job's volume at /opt/ml/processing and at /tmp, which then has no files of the "
    "image.",
    spec=ENCRYPTION / "encryption-at-rest-nbi",
    basis=DOCUMENTED,
    remedy="Move what the program needs out of /tmp, for example to /opt/program.",
)
def works_with_empty_tmp(image: Image, good: Outcome, empty: Outcome) -> Iterator[str]:
    """Shown by two runs: with the files that the image ships in /tmp, and without."""
    for shortfall in shortfalls(good, empty):
        yield f"Expected the job to work without the files that the image ships in {TMP}, but {shortfall}."


@check(
    "reserved.image-is-empty",
    SHOULD,
    "The image ships no files below /opt/ml",
    job=None,
    sees={Sight.ENDS, Sight.UPLOADS},
    on_aws=OnAws.YES,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Remove /opt/ml from the image; empty directories are harmless.",
    reproduce="docker run --rm --entrypoint find IMAGE /opt/ml -not -type d",
    shown_by=AS_REQUESTED,
)
def image_is_empty(image: Image, requests: Sequence[JobRequest], runs: Sequence[Outcome]) -> Iterator[str]:
    """What `reserved.nothing-required` or `reserved.is-a-directory` reports is not reported again."""
    paths = [need.path for need in _required(image, requests, runs)]
    required = {posixpath.dirname(path) if _is_file(image, path) else path for path in paths}
    others = [
        file.path
        for file in image.files.below(RESERVED)
        if file.kind is not Kind.DIRECTORY
        and file.path not in MOUNTED
        and not any(is_below(file.path, place) for place in required)
    ]
    if others:
        yield f"Expected no files below {RESERVED}, but the image ships {some_of(others)}."


@check(
    "reserved.is-a-directory",
    MUST,
    "The image's /opt/ml is a directory, so that a volume can be mounted",
    job=None,
    clause="Processing mounts its volume at /opt/ml/processing, and a volume can only be mounted at a directory.",
    spec=BYOC / "byoc-run-image",
    basis=MEASURED,
    remedy="Remove /opt/ml from the image. `COPY file /opt/ml` creates a file of that name if the directory does not "
    "exist; with a trailing slash it creates the directory.",
    reproduce="docker run --rm --mount type=volume,destination=/opt/ml IMAGE",
)
def is_a_directory(image: Image) -> Iterator[str]:
    """Docker follows a link and mounts the volume at its target, so a link is advice."""
    for path in MOUNTED:
        entry = image.files.get(path)
        found = image.files.resolve(path).file
        if found is not None and found.kind is not Kind.DIRECTORY:
            yield f"Expected {path} to be a directory or absent, but the image has a {found.kind} there."
            return
        if entry is not None and entry.kind is Kind.SYMLINK:
            yield Advice(f"Expected {path} to be a directory or absent, but it is a symbolic link to {entry.target}.")
            return


@check(
    "reserved.nothing-written-elsewhere",
    SHOULD,
    "Below /opt/ml, only outputs and the message are written",
    job=AS_REQUESTED,
    sees={Sight.FILES, Sight.UPLOADS},
    clause="Processing uploads the files below the LocalPath of each output, and reads /opt/ml/output/message; the "
    "rest of /opt/ml is lost with the container.",
    spec=BYOC / "byoc-input-and-output",
    basis=INFERRED,
    remedy="Write results to the LocalPath of an output, temporary files below /tmp, and a message to "
    "/opt/ml/output/message; /opt/ml/model and /opt/ml/output/failure are only used by training jobs.",
)
def nothing_written_elsewhere(image: Image, outcome: Outcome) -> Iterator[str]:
    """Files in an input's directory do not count, since it may be unpacked there; nor do caches."""
    request = outcome.request
    if any(not uploads for uploads in outcome.uploads_by_output.values()):
        raise DoesNotApply("an output got no files", see="outputs.declared-outputs-written")
    known = [MESSAGE_PATH, *CONFIGURATION, *HARMLESS]
    known += [item.local_path for item in request.inputs]
    known += [item.local_path for item in request.outputs]
    fifos = tuple(item.fifo_prefix for item in request.inputs if item.is_pipe)
    for host in outcome.hosts:
        for file in host.files.below(RESERVED):
            if file.kind is Kind.FIFO and file.path.startswith(fifos):
                continue
            if SCRATCH & set(posixpath.dirname(file.path).split("/")):
                continue
            if file.kind is not Kind.DIRECTORY and not any(is_below(file.path, place) for place in known):
                meant = next((words for place, words in TRAINING.items() if is_below(file.path, place)), "")
                yield f"Expected {host.name} to write to its outputs, but it wrote {file.path}, which is lost{meant}."


@dataclass(frozen=True, slots=True)
class _Need:
    """A reference to a path below /opt/ml: a word of the command, or a search path of programs and modules.

    It is doubtful if no run showed whether it is needed; another check reports why that run failed.
    """

    what: str
    path: str
    is_word: bool = False
    is_doubtful: bool = False


def _required(image: Image, requests: Sequence[JobRequest], runs: Sequence[Outcome]) -> list[_Need]:
    """What each request's command, WORKDIR and PATH need below /opt/ml, unless its run works without it."""
    ran = {run.request.name: run for run in runs}
    shown = {need.path for run in runs if did_its_work(run) for need in _references(image, run.request)}
    found: dict[str, _Need] = {}
    for request in requests or (None,):
        run = None if request is None else ran.get(request.name)
        for need in _references(image, request):
            fails = run is not None and not succeeded(run) and need.is_word
            if need.path in shown and not fails:
                continue
            if need.path not in found or found[need.path].is_doubtful:
                # Why a run failed that only searches there is found out by comparing it with another run.
                found[need.path] = replace(need, is_doubtful=run is not None and not fails)
    return list(found.values())


def _references(image: Image, request: JobRequest | None = None) -> Iterator[_Need]:
    """What the command, WORKDIR and PATH of a request need below /opt/ml and the image has there."""
    seen: set[str] = set()
    for need in _candidates(image, request):
        found = image.files.resolve(need.path)
        if found.file is None or found.file.path in seen or not is_below(found.file.path, RESERVED):
            continue
        holds_files = any(file.kind is not Kind.DIRECTORY for file in image.files.below(found.file.path))
        if found.file.kind is not Kind.DIRECTORY or holds_files:
            seen.add(found.file.path)
            yield replace(need, path=found.file.path)


def _candidates(image: Image, request: JobRequest | None) -> Iterator[_Need]:
    view = image if request is None else as_run(image, request)
    if request is None or uses_command(image, request):
        # Files named in ContainerArguments are the request's own; CMD is replaced by them.
        yield from _words(view if view.cmd == image.cmd else replace(view, cmd=()))
    yield _Need(f"WORKDIR {view.working_directory}", view.working_directory)
    for name in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH"):
        for place in view.environment.get(name, "").split(":"):
            if place.startswith("/"):
                yield _Need(f"{name}={place}", place)


def _words(image: Image) -> Iterator[_Need]:
    if image.argv:
        program = image.executable(image.argv[0])
        if program.file is not None:
            yield _Need(f"the command's program {image.argv[0]!r}", program.file.path, is_word=True)
    for word in image.path_words():
        path = word.partition("=")[2] if word.startswith("-") and "=" in word else word
        # A bare word is a file only with an extension or a slash: `train` is an argument, `train.py` a script.
        if ("/" in path or "." in path) and not _is_delivered(image, image.absolute(path)):
            yield _Need(f"the command's argument {word!r}", image.absolute(path), is_word=True)


def _is_delivered(image: Image, path: str) -> bool:
    """Whether a word names what the platform provides: an argument such as `--input /opt/ml/processing/input`."""
    entry = image.files.resolve(path).file
    return entry is not None and (
        (entry.kind is Kind.DIRECTORY and (entry.path == RESERVED or is_below(entry.path, PROCESSING)))
        or any(is_below(entry.path, place) for place in (f"{RESERVED}/config", f"{RESERVED}/output"))
    )


def _is_file(image: Image, path: str) -> bool:
    return (entry := image.files.get(path)) is not None and entry.kind is not Kind.DIRECTORY
