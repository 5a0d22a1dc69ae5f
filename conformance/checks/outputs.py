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
    OnAws,
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
    """A link is never uploaded; if its target is uploaded anyway, no data is lost."""
    _needs_outputs(outcome)
    for host in outcome.hosts:
        for output in outcome.request.outputs:
            for file in outcome.written(host, output):
                if file.kind is not Kind.SYMLINK:
                    continue
                found = (
                    f"Expected files in output {output.name}, but {host.name} left the symbolic link {file.path} "
                    f"-> {file.target}, which is not uploaded"
                )
                target = "" if file.path == output.directory else uploaded_target(image, outcome, host, file)
                yield Advice(f"{found}; its target {target} is.") if target else f"{found}."


@check(
    "outputs.declared-outputs-written",
    SHOULD,
    "Every declared output gets at least one file",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.UPLOADS},
    on_aws=OnAws.COMPLETED,
    clause="When the container has exited, the files in an output's LocalPath are uploaded to its S3Uri.",
    spec=API / "ProcessingS3Output",
    basis=OBSERVED,
    remedy="Write to the LocalPath of every output that the request declares; processingjobconfig.json lists them.",
)
def declared_outputs_written(image: Image, outcome: Outcome) -> Iterator[str]:
    """Checked by what was uploaded, so a file in a VOLUME of the image does not count."""
    _needs_outputs(outcome)
    # A stopped job may exit with 0, but nothing is uploaded.
    if any(host.exit_code != 0 or host.end is not End.EXITED for host in outcome.hosts):
        raise NotJudged("the program failed", see="exit.zero-on-success")
    for output in outcome.request.outputs:
        if outcome.uploads_by_output[output.name]:
            continue
        left = [file for host in outcome.hosts for file in outcome.written(host, output)]
        if any(refused_write(image, outcome, host) for host in outcome.hosts):
            raise DoesNotApply("the program had no permission to write", see="outputs.writable-by-user")
        if any(file.kind is Kind.SYMLINK for file in left):
            raise NotJudged(f"output {output.name} contains symbolic links", see="outputs.no-symlinks")
        files = [file for file in left if file.kind is Kind.FILE]
        if any(kept_back(file.path, output.directory, image.volumes) for file in files):
            raise NotJudged(
                f"files of output {output.name} are in a VOLUME of the image", see="image.volume-under-opt-ml"
            )
        if any(not file.is_utf8 or key_bytes(file, output) > LONGEST_KEY_BYTES for file in files):
            raise NotJudged(f"output {output.name} contains files without a valid S3 key", see="outputs.names-fit-s3")
        seen = "nothing was uploaded" if outcome.on_aws else f"there is none{only_command(image, outcome)}"
        yield f"Expected at least one file below {output.local_path} for output {output.name}, but {seen}."


@check(
    "outputs.writable-by-user",
    SHOULD,
    "The container's user can write to the outputs",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.TRIALS},
    on_aws=OnAws.COMPLETED_ON_ONE_HOST,
    clause="Users report that the directories created by Processing belong to root and are not writable for anyone "
    "else.",
    spec=API / "ProcessingS3Output",
    basis=OBSERVED,
    remedy="Run the image as root (`USER root`), or start as root, make the directories writable, and then switch to "
    "another user.",
)
def writable_by_user(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by two runs: with directories that belong to root, and with directories writable for any user.

    A program may start as another user and still be able to write, or start as root and switch users. If no run
    succeeded at all, the log is the evidence.
    """
    if Lifted.OWNERS in outcome.conditions.lifted:
        who = f"USER {image.user}" if user_id(image) != 0 else "the user that the program switches to"
        yield (
            f"Expected {who} to be able to write below /opt/ml while it belongs to root, but "
            f"{failed_at_first(outcome)}; with directories writable for any user the job succeeded."
        )
        return
    _needs_outputs(outcome)
    for host in outcome.hosts:
        line = refused_write(image, outcome, host)
        if line:
            yield (
                f"Expected USER {image.user} to be able to write below /opt/ml/processing, but {host.name} did not "
                f"write all its outputs and logged {line[:LINE_CHARACTERS]!r}."
            )


@check(
    "outputs.regular-files-only",
    SHOULD,
    "Outputs contain only files and directories",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES},
    clause="The files in an output's LocalPath are uploaded to S3, which only has objects.",
    spec=BYOC / "byoc-input-and-output",
    basis=INFERRED,
    remedy="Create FIFOs, sockets and the like outside the outputs, for example below /tmp.",
)
def regular_files_only(image: Image, outcome: Outcome) -> Iterator[str]:
    """Symbolic links have their own check; sockets are never seen, since the engine omits them from archives."""
    _needs_outputs(outcome)
    for host in outcome.hosts:
        for output in outcome.request.outputs:
            for file in outcome.written(host, output):
                if file.kind not in {Kind.FILE, Kind.SYMLINK}:
                    yield f"Expected files in output {output.name}, but {host.name} left the {file.kind} {file.path}."


@check(
    "outputs.work-as-mount-points",
    SHOULD,
    "The job works when every input and output is a mount point",
    job=SEPARATE_MOUNTS,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.TIMES, Sight.TRIALS},
    clause="Processing creates the directory of every input and output. AWS does not document whether it is a mount "
    "point, which cannot be removed, renamed or used as the target of a rename.",
    spec=API / "ProcessingS3Output",
    basis=OBSERVED,
    remedy="Keep the directory of an output in place and only change its contents; move files between file systems "
    "with `shutil.move` or `mv`, which fall back to copying.",
)
def work_as_mount_points(image: Image, good: Outcome, separate: Outcome) -> Iterator[str]:
    """The same job on one volume and on many; if even one is too many, on none."""
    _needs_outputs(good)
    if Lifted.MOUNTS in good.conditions.lifted:
        yield (
            f"Expected the job to work when /opt/ml is a mount point, but {failed_at_first(good)}; in the container's "
            "own file system it succeeded."
        )
        return
    for output in good.request.outputs:
        # Files that are written but not uploaded are reported by other checks.
        if succeeded(good) and not any(good.written(host, output) for host in good.hosts):
            raise DoesNotApply(f"output {output.name} got no files anyway", see="outputs.declared-outputs-written")
    left = [file for host in good.hosts for output in good.request.outputs for file in good.written(host, output)]
    if any(file.kind is Kind.SYMLINK for file in left):
        raise NotJudged("an output is or contains a symbolic link", see="outputs.no-symlinks")
    for shortfall in shortfalls(good, separate):
        yield f"Expected the same result when every input and output is a mount point, but {shortfall}."


@check(
    "outputs.names-fit-s3",
    SHOULD,
    "Every output file has a valid S3 key",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES},
    clause="An output file becomes an object whose key is the prefix in S3Uri plus the file's path below LocalPath; a "
    "key is UTF-8 text of at most 1,024 bytes.",
    spec=S3 / "object-keys",
    basis=INFERRED,
    remedy="Use UTF-8 file names (`LANG=C.UTF-8`; `unzip -O` for foreign archives) and keep paths short: put "
    "parameters into a file, not into its name.",
)
def names_fit_s3(image: Image, outcome: Outcome) -> Iterator[str]:
    """A file without a valid key is not uploaded; what else Processing does then is not documented."""
    _needs_outputs(outcome)
    for host in outcome.hosts:
        for output in outcome.request.outputs:
            files = [file for file in outcome.written(host, output) if file.kind is Kind.FILE]
            odd = [file.path for file in files if not file.is_utf8]
            if odd:
                yield (
                    f"Expected UTF-8 file names in output {output.name}, but {host.name} wrote {_first(odd)}, which is "
                    "not UTF-8."
                )
            sizes = {file.path: key_bytes(file, output) for file in files if file.is_utf8}
            long = [path for path, size in sizes.items() if size > LONGEST_KEY_BYTES]
            if long:
                yield (
                    f"Expected keys of at most {LONGEST_KEY_BYTES:,} bytes for output {output.name}, but {host.name} "
                    f"wrote {_first(long)}, with keys of up to {max(sizes.values()):,} bytes."
                )


@check(
    "outputs.continuous",
    SHOULD,
    "Files appear in a continuous output only when complete",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.UPLOADS},
    clause="With S3UploadMode Continuous, output files are uploaded while the job runs, where others may read them.",
    spec=API / "ProcessingS3Output",
    basis=OBSERVED,
    remedy="Write each file to another directory on the same volume and rename it into the output when it is complete; "
    "do not modify it afterwards.",
)
def continuous(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by a file that was uploaded more than once with different content."""
    if not any(output.is_continuous for output in outcome.request.outputs):
        raise DoesNotApply("no output has S3UploadMode Continuous")
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
            more = f", and {len(changed) - 1} more changed as well" if len(changed) > 1 else ""
            yield (
                f"Expected {host.name} to write each file of a continuous output once, but {path} was uploaded "
                f"{len(sizes)} times with different content: {sizes[0]:,} bytes first, {sizes[-1]:,} bytes "
                f"last{more}."
            )


@check(
    "outputs.no-collision",
    SHOULD,
    "No object is written by two hosts or two outputs",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.UPLOADS},
    clause="All hosts upload an output to the same S3Uri, without the host's name, and two outputs may have the same "
    "S3Uri: of two files with the same path, one overwrites the other.",
    spec=API / "ProcessingS3Output",
    basis=INFERRED,
    remedy="Give each output its own S3Uri, and include the host's name from resourceconfig.json in file names, or let "
    "one host write them.",
)
def no_collision(image: Image, outcome: Outcome) -> Iterator[str]:
    """Identical contents lose nothing."""
    uris = [S3Uri.parse(output.s3_uri) for output in outcome.request.outputs]
    if len(outcome.hosts) == 1 and not any(meet(one, other) for one, other in combinations(uris, 2)):
        raise DoesNotApply("the request has one host, and each output has its own S3Uri")
    _needs_outputs(outcome)
    needs_success(outcome)
    for output, uploads in outcome.uploads_by_output.items():
        yield from lost(uploads, lambda upload: upload.host, f"each host to write its own files to output {output}")
    expected = "each output to have its own objects"
    yield from lost(outcome.uploads, lambda upload: f"output {upload.output}", expected)


def _first(paths: list[str]) -> str:
    """The first of several paths, shortened, and how many more there are."""
    shown = paths[0] if len(paths[0]) <= LINE_CHARACTERS else f"{paths[0][:LINE_CHARACTERS]}..."
    return f"{shown} and {len(paths) - 1} more" if len(paths) > 1 else shown


def _needs_outputs(outcome: Outcome) -> None:
    if not outcome.request.outputs:
        raise DoesNotApply("the request has no outputs")
    needs_start(outcome)
