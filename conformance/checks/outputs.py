"""What the container leaves for the service to upload."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.account import user_id
from conformance.checks.launch import needs_start
from conformance.contract import API, BYOC
from conformance.declaration import DOCUMENTED, INFERRED, MUST, OBSERVED, SHOULD, DoesNotApply, NotJudged, check
from conformance.evidence import LINE_CHARACTERS, lines, shortfalls
from conformance.filetree import Kind
from conformance.image import Image
from conformance.job import AS_REQUESTED, SEPARATE_MOUNTS
from conformance.outcome import Host, Outcome

REFUSED = re.compile(r"permission denied|EACCES|operation not permitted|PermissionError|AccessDenied", re.IGNORECASE)
"""How programs say that they may not write: the C library, Node.js, Python, Java."""


@check(
    "outputs.no-symlinks",
    MUST,
    "No output contains a symbolic link",
    job=AS_REQUESTED,
    clause="Symbolic links cannot be used to upload output data: Processing does not follow them.",
    spec=BYOC / "byoc-input-and-output",
    basis=DOCUMENTED,
    remedy="Copy the file into the output instead of linking to it: `cp -L` and `shutil.copytree` follow links.",
)
def no_symlinks(image: Image, outcome: Outcome) -> Iterator[str]:
    """Whatever the link leads to, it is not uploaded."""
    _needs_outputs(outcome)
    for host in outcome.hosts:
        for output in outcome.request.outputs:
            for file in outcome.written(host, output):
                if file.kind is Kind.SYMLINK:
                    yield (
                        f"Expected files in output {output.name}, and {host.name} left the symbolic link {file.path} "
                        f"-> {file.target}, which is not uploaded."
                    )


@check(
    "outputs.declared-outputs-written",
    SHOULD,
    "Every declared output gets at least one file",
    job=AS_REQUESTED,
    clause="After the container has exited, what lies in an output's LocalPath is uploaded to its S3Uri.",
    spec=API / "ProcessingS3Output",
    basis=OBSERVED,
    remedy="Write to the LocalPath of every output that the request declares; processingjobconfig.json names them.",
)
def declared_outputs_written(image: Image, outcome: Outcome) -> Iterator[str]:
    """Judged by what was uploaded, so a file that a VOLUME of the image keeps back does not count."""
    _needs_outputs(outcome)
    if any(host.exit_code != 0 for host in outcome.hosts):
        raise NotJudged("the program did not succeed", see="exit.zero-on-success")
    for output in outcome.request.outputs:
        if outcome.uploads_by_output[output.name]:
            continue
        left = [file for host in outcome.hosts for file in outcome.written(host, output)]
        if any(refused_write(image, outcome, host) for host in outcome.hosts):
            raise DoesNotApply("the program was not permitted to write", see="outputs.writable-by-user")
        if any(file.kind is Kind.SYMLINK for file in left):
            raise NotJudged(f"output {output.name} holds symbolic links", see="outputs.no-symlinks")
        yield f"Expected at least one file below {output.local_path} for output {output.name}, and there is none."


@check(
    "outputs.writable-by-user",
    SHOULD,
    "The user that the image runs as can write the outputs",
    job=AS_REQUESTED,
    clause="Users report that the directories which Processing makes belong to root, and that nobody else can write "
    "to them.",
    spec=API / "ProcessingS3Output",
    basis=OBSERVED,
    remedy="Run the image as root (`USER root`), or have a program of root's make the directories writable first and "
    "then become another user.",
)
def writable_by_user(image: Image, outcome: Outcome) -> Iterator[str]:
    """Judged by the run, since a program may well begin as another user and still write: by its log, if it did not."""
    _needs_outputs(outcome)
    for host in outcome.hosts:
        line = refused_write(image, outcome, host)
        if line:
            yield (
                f"Expected USER {image.user} to be able to write below /opt/ml/processing, and {host.name} did not "
                f"write all its outputs and says: {line[:LINE_CHARACTERS]!r}."
            )


@check(
    "outputs.regular-files-only",
    SHOULD,
    "Outputs contain files and directories and nothing else",
    job=AS_REQUESTED,
    clause="What lies in an output's LocalPath is uploaded to S3, which has objects only.",
    spec=BYOC / "byoc-input-and-output",
    basis=INFERRED,
    remedy="Make FIFOs, sockets and the like outside of the outputs, for instance below /tmp.",
)
def regular_files_only(image: Image, outcome: Outcome) -> Iterator[str]:
    """Symbolic links have a check of their own."""
    _needs_outputs(outcome)
    for host in outcome.hosts:
        for output in outcome.request.outputs:
            for file in outcome.written(host, output):
                if file.kind not in {Kind.FILE, Kind.SYMLINK}:
                    yield f"Expected files in output {output.name}, and {host.name} left the {file.kind} {file.path}."


@check(
    "outputs.work-as-mount-points",
    SHOULD,
    "The job works where each input and each output is a mount point",
    job=SEPARATE_MOUNTS,
    clause="Processing makes the directory of every input and output, and does not say whether it is a plain directory "
    "or a mount point, which cannot be removed, renamed or moved to.",
    spec=API / "ProcessingS3Output",
    basis=OBSERVED,
    remedy="Leave the directory of an output where it is and change what lies in it; move files between file systems "
    "with `shutil.move` or `mv`, which copy where a rename is refused.",
)
def work_as_mount_points(image: Image, good: Outcome, separate: Outcome) -> Iterator[str]:
    """The same job, on one volume and on many."""
    _needs_outputs(good)
    for shortfall in shortfalls(good, separate):
        yield f"Expected the job to do the same where each input and output is a mount point, and {shortfall}."


def refused_write(image: Image, outcome: Outcome, host: Host) -> str:
    """The line of its log by which another user than root was kept from an output; nothing where all were written."""
    if user_id(image) == 0 or all(outcome.written(host, output) for output in outcome.request.outputs):
        return ""
    return next((line for line in lines(host) if REFUSED.search(line) and "/opt/ml/" in line), "")


def _needs_outputs(outcome: Outcome) -> None:
    if not outcome.request.outputs:
        raise DoesNotApply("the request declares no outputs")
    needs_start(outcome)
