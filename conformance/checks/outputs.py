"""What the container leaves for the service to upload."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from conformance.checks.launch import needs_start
from conformance.files.tree import Kind, kept_back
from conformance.image.account import user_id
from conformance.image.image import Image
from conformance.job.conditions import Lifted
from conformance.job.objects import LONGEST_KEY_BYTES, S3Uri
from conformance.job.variation import AS_REQUESTED, SEPARATE_MOUNTS
from conformance.outcome.outcome import End, Outcome
from conformance.rule.collisions import lost, meet
from conformance.rule.command import only_command
from conformance.rule.contract import API, BYOC, S3
from conformance.rule.declaration import (
    DOCUMENTED,
    INFERRED,
    MUST,
    OBSERVED,
    SHOULD,
    Advice,
    DoesNotApply,
    NotJudged,
    check,
)
from conformance.rule.evidence import LINE_CHARACTERS, failed_at_first, needs_success, shortfalls, succeeded
from conformance.rule.objects import key_bytes, uploaded_target
from conformance.rule.refusal import refused_write
from conformance.rule.sight import Sight


@check(
    "outputs.no-symlinks",
    MUST,
    "No output contains a symbolic link",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES},
    clause="Symbolic links cannot be used to upload output data: Processing does not follow them.",
    spec=BYOC / "byoc-input-and-output",
    basis=DOCUMENTED,
    remedy="Copy the file into the output instead of linking to it: `cp -L` and `shutil.copytree` follow links.",
)
def no_symlinks(image: Image, outcome: Outcome) -> Iterator[str]:
    """Whatever the link leads to, it is not uploaded; where that is uploaded by itself, no data are lost."""
    _needs_outputs(outcome)
    for host in outcome.hosts:
        for output in outcome.request.outputs:
            for file in outcome.written(host, output):
                if file.kind is not Kind.SYMLINK:
                    continue
                found = (
                    f"Expected files in output {output.name}, and {host.name} left the symbolic link {file.path} "
                    f"-> {file.target}, which is not uploaded"
                )
                target = "" if file.path == output.directory else uploaded_target(image, outcome, host, file)
                yield Advice(f"{found}; {target}, to which it leads, is.") if target else f"{found}."


@check(
    "outputs.declared-outputs-written",
    SHOULD,
    "Every declared output gets at least one file",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.UPLOADS},
    clause="After the container has exited, what lies in an output's LocalPath is uploaded to its S3Uri.",
    spec=API / "ProcessingS3Output",
    basis=OBSERVED,
    remedy="Write to the LocalPath of every output that the request declares; processingjobconfig.json names them.",
)
def declared_outputs_written(image: Image, outcome: Outcome) -> Iterator[str]:
    """Judged by what was uploaded, so a file that a VOLUME of the image keeps back does not count."""
    _needs_outputs(outcome)
    # One that was stopped may well exit with 0, and nothing of it is uploaded.
    if any(host.exit_code != 0 or host.end is not End.EXITED for host in outcome.hosts):
        raise NotJudged("the program did not succeed", see="exit.zero-on-success")
    for output in outcome.request.outputs:
        if outcome.uploads_by_output[output.name]:
            continue
        left = [file for host in outcome.hosts for file in outcome.written(host, output)]
        if any(refused_write(image, outcome, host) for host in outcome.hosts):
            raise DoesNotApply("the program was not permitted to write", see="outputs.writable-by-user")
        if any(file.kind is Kind.SYMLINK for file in left):
            raise NotJudged(f"output {output.name} holds symbolic links", see="outputs.no-symlinks")
        files = [file for file in left if file.kind is Kind.FILE]
        if any(kept_back(file.path, output.directory, image.volumes) for file in files):
            raise NotJudged(f"a VOLUME keeps back files of output {output.name}", see="image.volume-under-opt-ml")
        if any(not file.is_utf8 or key_bytes(file, output) > LONGEST_KEY_BYTES for file in files):
            raise NotJudged(f"output {output.name} holds files that S3 has no key for", see="outputs.names-fit-s3")
        yield (
            f"Expected at least one file below {output.local_path} for output {output.name}, and there is "
            f"none{only_command(image, outcome)}."
        )


@check(
    "outputs.writable-by-user",
    SHOULD,
    "The user that the image runs as can write the outputs",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.TRIALS},
    clause="Users report that the directories which Processing makes belong to root, and that nobody else can write "
    "to them.",
    spec=API / "ProcessingS3Output",
    basis=OBSERVED,
    remedy="Run the image as root (`USER root`), or have a program of root's make the directories writable first and "
    "then become another user.",
)
def writable_by_user(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by two runs: with directories that belong to root, and with those that any user may write.

    A program may well begin as another user and still write, or as root and become another one. Where no run succeeded
    at all, its log tells.
    """
    if Lifted.OWNERS in outcome.conditions.lifted:
        who = f"USER {image.user}" if user_id(image) != 0 else "the user that the program becomes"
        yield (
            f"Expected {who} to be able to write below /opt/ml where it belongs to root, but "
            f"{failed_at_first(outcome)}; where any user may write there, the job succeeded."
        )
        return
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
    sees={Sight.ENDS, Sight.FILES},
    clause="What lies in an output's LocalPath is uploaded to S3, which has objects only.",
    spec=BYOC / "byoc-input-and-output",
    basis=INFERRED,
    remedy="Make FIFOs, sockets and the like outside of the outputs, for instance below /tmp.",
)
def regular_files_only(image: Image, outcome: Outcome) -> Iterator[str]:
    """Symbolic links have a check of their own; sockets are never seen, for the engine leaves them out of archives."""
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
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.TIMES, Sight.TRIALS},
    clause="Processing makes the directory of every input and output, and does not say whether it is a plain directory "
    "or a mount point, which cannot be removed, renamed or moved to.",
    spec=API / "ProcessingS3Output",
    basis=OBSERVED,
    remedy="Leave the directory of an output where it is and change what lies in it; move files between file systems "
    "with `shutil.move` or `mv`, which copy where a rename is refused.",
)
def work_as_mount_points(image: Image, good: Outcome, separate: Outcome) -> Iterator[str]:
    """The same job, on one volume and on many, or where even one is too many on none."""
    _needs_outputs(good)
    if Lifted.MOUNTS in good.conditions.lifted:
        yield (
            f"Expected the job to do its work where /opt/ml is a mount point, but {failed_at_first(good)}; in the "
            "container's own file system it succeeded."
        )
        return
    for output in good.request.outputs:
        # What is written and not uploaded is the matter of other checks.
        if succeeded(good) and not any(good.written(host, output) for host in good.hosts):
            raise DoesNotApply(f"output {output.name} got no file anyway", see="outputs.declared-outputs-written")
    left = [file for host in good.hosts for output in good.request.outputs for file in good.written(host, output)]
    if any(file.kind is Kind.SYMLINK for file in left):
        raise NotJudged("an output is a symbolic link or holds one", see="outputs.no-symlinks")
    for shortfall in shortfalls(good, separate):
        yield f"Expected the job to do the same where each input and output is a mount point, and {shortfall}."


@check(
    "outputs.names-fit-s3",
    SHOULD,
    "S3 has a key for every file of an output",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES},
    clause="A file of an output becomes an object whose key is the prefix of S3Uri and the file's path below "
    "LocalPath; a key is UTF-8 text of at most 1,024 bytes.",
    spec=S3 / "object-keys",
    basis=INFERRED,
    remedy="Name files in UTF-8 (`LANG=C.UTF-8`; `unzip -O` for archives from elsewhere), and keep their paths short: "
    "put parameters into a file and not into its name.",
)
def names_fit_s3(image: Image, outcome: Outcome) -> Iterator[str]:
    """What S3 has no key for is not uploaded, whatever else Processing makes of it, which AWS does not say."""
    _needs_outputs(outcome)
    for host in outcome.hosts:
        for output in outcome.request.outputs:
            files = [file for file in outcome.written(host, output) if file.kind is Kind.FILE]
            odd = [file.path for file in files if not file.is_utf8]
            if odd:
                yield (
                    f"Expected names in UTF-8 in output {output.name}, and {host.name} left {_first(odd)}, with bytes "
                    "that are no UTF-8."
                )
            sizes = {file.path: key_bytes(file, output) for file in files if file.is_utf8}
            long = [path for path, size in sizes.items() if size > LONGEST_KEY_BYTES]
            if long:
                yield (
                    f"Expected keys of at most {LONGEST_KEY_BYTES:,} bytes for output {output.name}, and {host.name} "
                    f"left {_first(long)}, with keys of up to {max(sizes.values()):,} bytes."
                )


@check(
    "outputs.continuous",
    SHOULD,
    "Files of a continuous output appear when they are complete",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.UPLOADS},
    clause="With S3UploadMode Continuous what is written to an output is uploaded while the job runs, whoever reads it "
    "there.",
    spec=API / "ProcessingS3Output",
    basis=OBSERVED,
    remedy="Write each file in another directory of the same volume, and rename it into the output when it is "
    "complete; do not rewrite what is there.",
)
def continuous(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by a file that was uploaded with one content, and had another later."""
    if not any(output.is_continuous for output in outcome.request.outputs):
        raise DoesNotApply("no output of the request is continuous")
    needs_start(outcome)
    for host in outcome.hosts:
        contents: dict[str, list[int]] = {}
        for sighting in host.sightings:
            contents.setdefault(sighting.path, []).append(sighting.size)
        final = {upload.path: upload for upload in outcome.uploads if upload.host == host.name}
        last = {sighting.path: sighting.digest for sighting in host.sightings}
        for path, sizes in contents.items():
            if path in final and final[path].digest != last[path]:
                sizes.append(final[path].size)
        changed = {path: sizes for path, sizes in contents.items() if len(sizes) > 1}
        if changed:
            path, sizes = next(iter(changed.items()))
            more = f", and {len(changed) - 1} more changed too" if len(changed) > 1 else ""
            yield (
                f"Expected {host.name} to write each file of a continuous output once, and {path} was uploaded "
                f"{len(sizes)} times with other content: with {sizes[0]:,} bytes at first and {sizes[-1]:,} at "
                f"last{more}."
            )


@check(
    "outputs.no-collision",
    SHOULD,
    "No two hosts and no two outputs write the same object",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.UPLOADS},
    clause="The outputs of all hosts go to one S3Uri, which has no part for the host, and two outputs may have one "
    "S3Uri: of two files with the same path one replaces the other.",
    spec=API / "ProcessingS3Output",
    basis=INFERRED,
    remedy="Give each output an S3Uri of its own, and put the host's name from resourceconfig.json into the names of "
    "files, or let one host write them.",
)
def no_collision(image: Image, outcome: Outcome) -> Iterator[str]:
    """Where their contents are the same nothing is lost."""
    uris = [S3Uri.parse(output.s3_uri) for output in outcome.request.outputs]
    if len(outcome.hosts) == 1 and not any(meet(one, other) for one, other in combinations(uris, 2)):
        raise DoesNotApply("the request asks for one host, and each output has an S3Uri of its own")
    _needs_outputs(outcome)
    needs_success(outcome)
    for output, uploads in outcome.uploads_by_output.items():
        yield from lost(uploads, lambda upload: upload.host, f"each host to write files of its own to output {output}")
    expected = "each output to have objects of its own"
    yield from lost(outcome.uploads, lambda upload: f"output {upload.output}", expected)


def _first(paths: list[str]) -> str:
    """The first of several paths, shortened, and how many more there are."""
    shown = paths[0] if len(paths[0]) <= LINE_CHARACTERS else f"{paths[0][:LINE_CHARACTERS]}..."
    return f"{shown} and {len(paths) - 1} more" if len(paths) > 1 else shown


def _needs_outputs(outcome: Outcome) -> None:
    if not outcome.request.outputs:
        raise DoesNotApply("the request declares no outputs")
    needs_start(outcome)
