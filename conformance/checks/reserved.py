"""/opt/ml is reserved: what an image ships there is not there when it runs."""

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
    check,
)
from conformance.rule.evidence import did_well, end_of, shortfalls, some_of, succeeded
from conformance.rule.rerun import TMP
from conformance.rule.sight import Sight

CLAUSE = "/opt/ml and all its subdirectories are reserved by SageMaker: do not put data there that the container needs."

MOUNTED = (posixpath.dirname(RESERVED), RESERVED, PROCESSING)
"""Where Processing mounts its volume, and the directories above."""

CONFIGURATION = frozenset({"/opt/ml/config/processingjobconfig.json", "/opt/ml/config/resourceconfig.json"})

HARMLESS = (f"{RESERVED}/output/metrics/cloudwatch",)
"""What AWS documents besides: a monitoring container writes its metrics there (model-monitor-byoc-cloudwatch)."""

SCRATCH = frozenset(
    {"__pycache__", ".cache", ".ipynb_checkpoints", ".pytest_cache", "lost+found", ".tmp", "temp", "tmp"}
)
"""Directories of caches and temporary files, wherever they lie: nobody misses what was in them."""

TRAINING = {
    "/opt/ml/model": "; only a training job's model is read from there",
    "/opt/ml/output/failure": "; only a training job's failure is read from there",
}


@check(
    "reserved.nothing-required",
    MUST,
    "Nothing that the command needs is shipped below /opt/ml",
    job=None,
    sees={Sight.ENDS, Sight.UPLOADS},
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Move the files out of /opt/ml, for instance to /opt/program, and correct ENTRYPOINT, WORKDIR and PATH.",
    reproduce="docker run --rm --mount type=tmpfs,destination=/opt/ml IMAGE",
    shown_by=AS_REQUESTED,
)
def nothing_required(image: Image, requests: Sequence[JobRequest], runs: Sequence[Outcome]) -> Iterator[str]:
    """Evidence is a reference by the command, WORKDIR or PATH to something that is there, and no run that does without.

    In each run /opt/ml is replaced, so that one which did its work shows that nothing in the image's was needed.
    """
    found = _required(image, requests, runs)
    for need in found:
        sentence = f"Expected the command to do without {RESERVED}, but {need.what} needs {need.path}, which the image"
        sentence += " ships there."
        yield Advice(sentence) if need.is_doubtful else sentence
    if not found and always_overridden(requests) and any(need.is_word for need in _references(image)):
        raise DoesNotApply(NOT_USED)


@check(
    "reserved.works-when-replaced",
    MUST,
    "The job works when all of /opt/ml is replaced",
    job=RESERVED_REPLACED,
    sees={Sight.ENDS, Sight.LOGS},
    of_failure=True,
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Move what the program reads below /opt/ml to another place, for instance /opt/program; make directories "
    "that it works in when it starts, below /tmp.",
    explained_by=("reserved.nothing-required", "reserved.is-a-directory"),
)
def works_when_replaced(image: Image, own: Outcome, replaced: Outcome) -> Iterator[str]:
    """Shown by two runs: with what the image ships below /opt/ml, and without."""
    if succeeded(replaced):
        return
    if not succeeded(own):
        raise NotJudged("the job did not succeed, whatever is below /opt/ml", see="exit.zero-on-success")
    files = [file.path for file in image.files.below(RESERVED) if file.kind is not Kind.DIRECTORY]
    shipped = some_of(files or [file.path for file in image.files.below(RESERVED)])
    for host in replaced.hosts:
        # One that waits for another says nothing: that other one does.
        if not did_well(host) and host.end is not End.SUITE_LIMIT:
            sentence = (
                f"Expected the job to do without what the image ships below {RESERVED} ({shipped}), but without it "
                f"{host.name} {end_of(host)}; with it {host.name} exited with 0."
            )
            # An empty directory is no data, of which AWS speaks.
            yield sentence if files else Advice(sentence)


@check(
    "reserved.works-with-empty-tmp",
    SHOULD,
    "The job works when what the image ships in /tmp is not there",
    job=EMPTY_TMP,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.TIMES},
    clause="Processing mounts the volume of a job at /opt/ml/processing and at /tmp, which then holds nothing of the "
    "image.",
    spec=ENCRYPTION / "encryption-at-rest-nbi",
    basis=DOCUMENTED,
    remedy="Move what the program needs out of /tmp, for instance to /opt/program.",
)
def works_with_empty_tmp(image: Image, good: Outcome, empty: Outcome) -> Iterator[str]:
    """Shown by two runs: with what the image ships in /tmp, and without."""
    for shortfall in shortfalls(good, empty):
        yield f"Expected the job to do without what the image ships in {TMP}, but {shortfall}."


@check(
    "reserved.image-is-empty",
    SHOULD,
    "The image ships no files below /opt/ml",
    job=None,
    sees={Sight.ENDS, Sight.UPLOADS},
    clause=CLAUSE,
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Leave /opt/ml out of the image; empty directories do no harm.",
    reproduce="docker run --rm --entrypoint find IMAGE /opt/ml -not -type d",
    shown_by=AS_REQUESTED,
)
def image_is_empty(image: Image, requests: Sequence[JobRequest], runs: Sequence[Outcome]) -> Iterator[str]:
    """What `reserved.nothing-required` or `reserved.is-a-directory` names is not named again."""
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
        shown = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")  # noqa: PLR2004 - what a line holds
        yield f"Expected no files below {RESERVED}, and the image ships {shown}."


@check(
    "reserved.is-a-directory",
    MUST,
    "What the image has at /opt/ml is a directory, so that a volume can be mounted",
    job=None,
    clause="Processing mounts its volume at /opt/ml/processing, and a volume can be mounted at a directory only.",
    spec=BYOC / "byoc-run-image",
    basis=MEASURED,
    remedy="Leave /opt/ml out of the image. `COPY file /opt/ml` makes a file of that name where there is no such "
    "directory; a slash at the end would make the directory.",
    reproduce="docker run --rm --mount type=volume,destination=/opt/ml IMAGE",
)
def is_a_directory(image: Image) -> Iterator[str]:
    """A link is followed by a Docker Engine, so it is advice: what is mounted lands at its other end."""
    for path in MOUNTED:
        entry = image.files.get(path)
        found = image.files.resolve(path).file
        if found is not None and found.kind is not Kind.DIRECTORY:
            yield f"Expected {path} to be a directory or absent, and the image has a {found.kind} there."
            return
        if entry is not None and entry.kind is Kind.SYMLINK:
            yield Advice(f"Expected {path} to be a directory or absent, and it is a symbolic link to {entry.target}.")
            return


@check(
    "reserved.nothing-written-elsewhere",
    SHOULD,
    "Nothing is written below /opt/ml outside of the outputs and the message",
    job=AS_REQUESTED,
    sees={Sight.FILES, Sight.UPLOADS},
    clause="Processing uploads what lies below the LocalPath of an output, and reads /opt/ml/output/message; the rest "
    "of /opt/ml goes with the container.",
    spec=BYOC / "byoc-input-and-output",
    basis=INFERRED,
    remedy="Write results to the LocalPath of an output, temporary files below /tmp, and a message to "
    "/opt/ml/output/message: /opt/ml/model and /opt/ml/output/failure mean something to training jobs alone.",
)
def nothing_written_elsewhere(image: Image, outcome: Outcome) -> Iterator[str]:
    """What is written into an input's directory is not counted, for it may be unpacked there; nor are caches."""
    request = outcome.request
    if any(not uploads for uploads in outcome.uploads_by_output.values()):
        raise DoesNotApply("an output got no file", see="outputs.declared-outputs-written")
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
                yield f"Expected {host.name} to write to its outputs, and it left {file.path}, which is lost{meant}."


@dataclass(frozen=True, slots=True)
class _Need:
    """What refers to a place below /opt/ml: a word of the command, or where programs and modules are looked for.

    It is doubtful where a run did not show whether it is needed: another check tells why that run failed.
    """

    what: str
    path: str
    is_word: bool
    is_doubtful: bool = False


def _required(image: Image, requests: Sequence[JobRequest], runs: Sequence[Outcome]) -> list[_Need]:
    """What each request's command, WORKDIR and PATH need below /opt/ml, unless its run shows that it does without."""
    ran = {run.request.name: run for run in runs}
    shown = {need.path for run in runs if _did_its_work(run) for need in _references(image, run.request)}
    found: dict[str, _Need] = {}
    for request in requests or (None,):
        run = None if request is None else ran.get(request.name)
        for need in _references(image, request):
            fails = run is not None and not succeeded(run) and need.is_word
            if need.path in shown and not fails:
                continue
            if need.path not in found or found[need.path].is_doubtful:
                # Why a run failed that only looks there for programs and modules is told by comparing it with another.
                found[need.path] = replace(need, is_doubtful=run is not None and not fails)
    return list(found.values())


def _did_its_work(run: Outcome) -> bool:
    return succeeded(run) and all(run.uploads_by_output.values())


def _references(image: Image, request: JobRequest | None = None) -> Iterator[_Need]:
    """What the command, WORKDIR and PATH need below /opt/ml, and the image has there, as a request has them."""
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
        # What ContainerArguments name is the request's own; they leave nothing of CMD.
        yield from _words(view if view.cmd == image.cmd else replace(view, cmd=()))
    yield _Need(f"WORKDIR {view.working_directory}", view.working_directory or "/", is_word=False)
    for name in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH"):
        for place in view.environment.get(name, "").split(":"):
            if place.startswith("/"):
                yield _Need(f"{name}={place}", place, is_word=False)


def _words(image: Image) -> Iterator[_Need]:
    if image.argv:
        program = image.executable(image.argv[0])
        if program.file is not None:
            yield _Need(f"the command's first word {image.argv[0]!r}", program.file.path, is_word=True)
    for word in image.path_words():
        path = word.partition("=")[2] if word.startswith("-") and "=" in word else word
        # A bare word is a file only by its extension or its slash: `train` is an argument, `train.py` a script.
        is_path = path.startswith("/") or (path and not path.startswith("-") and ("/" in path or "." in path))
        if is_path and not _is_delivered(image, image.absolute(path)):
            yield _Need(f"the command's word {word!r}", image.absolute(path), is_word=True)


def _is_delivered(image: Image, path: str) -> bool:
    """Whether a word names what the platform brings: an argument such as `--input /opt/ml/processing/input`."""
    entry = image.files.resolve(path).file
    if entry is None:
        return False
    if entry.kind is Kind.DIRECTORY and (entry.path == RESERVED or is_below(entry.path, PROCESSING)):
        return True
    return any(is_below(entry.path, place) for place in (f"{RESERVED}/config", f"{RESERVED}/output"))


def _is_file(image: Image, path: str) -> bool:
    return (entry := image.files.get(path)) is not None and entry.kind is not Kind.DIRECTORY
