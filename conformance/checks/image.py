"""The image itself, checked without running it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.files.tree import Kind, is_below
from conformance.image.account import unknown_names, unread_files
from conformance.image.executable import HEAD_BYTES, MACHINE_NAMES, MACHINES, chain, elf, script_paths
from conformance.image.image import Image
from conformance.image.interpreter import invocation
from conformance.image.shell import is_shell_form, shell_command
from conformance.job.request import PROCESSING, RESERVED, JobRequest
from conformance.job.variation import AS_REQUESTED
from conformance.outcome.outcome import Outcome
from conformance.rule.command import (
    NAMED_BY_ARGUMENTS,
    NOT_USED,
    always_overridden,
    commands,
    of_used_commands,
    shell_in_the_way,
    uses_command,
)
from conformance.rule.contract import API, BYOC, DOCKER
from conformance.rule.declaration import (
    DOCUMENTED,
    MEASURED,
    MODELLED,
    MUST,
    OBSERVED,
    SHOULD,
    Advice,
    DoesNotApply,
    check,
)
from conformance.rule.sight import Sight


@check(
    "image.platform",
    MUST,
    "The image is built for linux/amd64",
    job=None,
    clause="The instance types in ClusterConfig.InstanceType have no Arm processors.",
    spec=API / "ProcessingClusterConfig",
    basis=MODELLED,
    remedy="Build for the platform of the instances: `docker build --platform linux/amd64`.",
    reproduce="docker image inspect --format '{{.Os}}/{{.Architecture}}' IMAGE",
)
def platform(image: Image) -> Iterator[str]:
    """Compare the image's own metadata; `image.entrypoint-machine` checks what the program is built for."""
    if image.platform != "linux/amd64":
        yield f"Expected platform linux/amd64, but the image is for {image.platform}."


@check(
    "image.has-command",
    MUST,
    "The image has an ENTRYPOINT or CMD",
    job=None,
    clause="If a request overrides neither entrypoint nor arguments, the image's ENTRYPOINT and CMD are run.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy='Give the image an exec-form ENTRYPOINT, such as `ENTRYPOINT ["python3", "/processing.py"]`.',
    reproduce="docker run --rm IMAGE",
)
def has_command(image: Image, requests: Sequence[JobRequest]) -> Iterator[str]:
    """An image that is only run with ContainerEntrypoint, as by ScriptProcessor, needs none.

    Nor does one whose requests name a program in ContainerArguments, which the engine starts without an ENTRYPOINT.
    """
    if image.argv:
        return
    if requests and not commands(image, requests):
        raise DoesNotApply(NOT_USED if always_overridden(requests) else NAMED_BY_ARGUMENTS)
    yield "Expected an ENTRYPOINT or CMD, but the image has neither, so there is nothing to run by default."


@check(
    "image.entrypoint-exec-form",
    MUST,
    "ENTRYPOINT uses the exec form",
    job=None,
    sees={Sight.PROCESSES},
    clause="The image must use the exec form of ENTRYPOINT, so that the program itself, and not a shell around it, "
    "gets the signals with which Processing stops a job.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy='Write ENTRYPOINT as a JSON array: `ENTRYPOINT ["python3", "/processing.py"]`, not '
    "`ENTRYPOINT python3 /processing.py`. A shell form also swallows ContainerArguments.",
    reproduce="docker image inspect --format '{{json .Config}}' IMAGE",
    shown_by=AS_REQUESTED,
)
def entrypoint_exec_form(image: Image, requests: Sequence[JobRequest], runs: Sequence[Outcome]) -> Iterator[str]:
    """A MUST only for shell form; a shell in exec form is advice, since it may still be in the way."""
    words = image.entrypoint or image.cmd
    command = shell_command(words, image.shell)
    used = [run for run in runs if uses_command(image, run.request) and (image.entrypoint or not run.request.arguments)]
    found = "" if command is None else shell_in_the_way(image, command, used)
    # The contract applies to an ENTRYPOINT that is used.
    binding = image.entrypoint and is_shell_form(words, image.shell) and not always_overridden(requests)
    if found:
        yield found if binding else Advice(found)


@check(
    "image.entrypoint-exists",
    MUST,
    "The command's program is in the image",
    job=None,
    clause="The first word of ENTRYPOINT, or of CMD without one, is looked up in PATH or relative to WORKDIR.",
    spec=DOCKER / "entrypoint",
    basis=MEASURED,
    remedy="Install the program, correct its path, or add its directory to PATH.",
    reproduce="docker run --rm IMAGE",
)
@of_used_commands
def entrypoint_exists(image: Image) -> Iterator[str]:
    """Without it the engine cannot start the container, or a shell exits with 127."""
    word = _first_word(image)
    found = image.executable(word)
    if found.missing:
        yield f"Expected {word!r} to be a program in the image, but {found.problem}."


@check(
    "image.entrypoint-executable",
    MUST,
    "The command's program is executable",
    job=None,
    clause="The first word of ENTRYPOINT, or of CMD without one, is a regular file with execute permission.",
    spec=DOCKER / "entrypoint",
    basis=MEASURED,
    remedy="`RUN chmod +x` the program, or `COPY --chmod=0755`, or name its interpreter in ENTRYPOINT.",
    reproduce="docker run --rm IMAGE",
)
@of_used_commands
def entrypoint_executable(image: Image) -> Iterator[str]:
    """Without it the engine cannot start the container."""
    word = _first_word(image)
    found = image.executable(word)
    if found.file is None and not found.missing:
        yield f"Expected {word!r} to be an executable file, but {found.problem}."


@check(
    "image.entrypoint-shebang",
    MUST,
    "A script as the command's program starts with a `#!` line whose interpreter exists",
    job=None,
    clause="A script is executed by the interpreter named in its first line; without that line the kernel cannot "
    "execute it.",
    spec=DOCKER / "entrypoint",
    basis=MEASURED,
    remedy="Start the script with `#!/bin/sh` or another interpreter of the image, save it with Unix line endings, or "
    "name the interpreter in ENTRYPOINT.",
    explained_by=("image.platform",),
    reproduce="docker run --rm IMAGE",
)
@of_used_commands
def entrypoint_shebang(image: Image) -> Iterator[str]:
    """Checks the command's program, and its interpreter if that is a script itself."""
    fault = chain(image).fault
    if fault:
        yield f"Expected {_first_word(image)!r} to be a program that the kernel can execute, but {fault}."


@check(
    "image.entrypoint-machine",
    MUST,
    "The command's program is built for the image's platform",
    job=None,
    clause="An ELF program only runs on the architecture in its header.",
    spec=DOCKER / "from",
    basis=MEASURED,
    remedy="Build or download the program for the image's platform: `GOARCH=amd64`, `--target x86_64-...`, or "
    "`docker build --platform linux/amd64` for the whole image.",
    explained_by=("image.platform",),
    reproduce="docker run --rm IMAGE",
)
@of_used_commands
def entrypoint_machine(image: Image) -> Iterator[str]:
    """By its header and not by running it, since an emulator on the engine's host might run it anyway."""
    accepted = MACHINES.get(image.architecture)
    for file in chain(image).programs:
        header = elf(file.head)
        if header is None or accepted is None or (header.machine, header.bits, header.little_endian) in accepted:
            continue
        built_for = MACHINE_NAMES.get(header.machine, f"machine {header.machine}")
        yield (
            f"Expected {_first_word(image)!r} to be a program for {image.platform}, but {file.path} is built "
            f"for {built_for} ({header.bits} bits)."
        )


@check(
    "image.entrypoint-loader",
    MUST,
    "The dynamic loader of the command's program is in the image",
    job=None,
    clause="A dynamically linked program is started by the loader whose path it contains.",
    spec=DOCKER / "entrypoint",
    basis=MEASURED,
    remedy="Link the program statically, or build it in an image with the same C library: Alpine has musl, Debian and "
    "most others have glibc, `scratch` has none.",
    explained_by=("image.platform", "image.entrypoint-machine"),
    reproduce="docker run --rm IMAGE",
)
@of_used_commands
def entrypoint_loader(image: Image) -> Iterator[str]:
    """Without it the engine reports `no such file or directory` for the program itself."""
    faults: list[str] = []
    unread: list[str] = []
    for file in chain(image).programs:
        header = elf(file.head)
        if header is not None and header.loader is None:
            unread.append(file.path)
        if header is None or not header.loader:
            continue
        found = image.files.resolve(image.absolute(header.loader))
        if found.file is None or found.file.kind is not Kind.FILE:
            problem = f"{header.loader} is a {found.file.kind}" if found.file else found.problem
            faults.append(f"Expected {file.path} to find its loader {header.loader}, but {problem}.")
    if unread and not faults:
        raise DoesNotApply(
            f"{unread[-1]} names its loader beyond its first {HEAD_BYTES:,} bytes; launch.default-command shows "
            "whether it starts"
        )
    yield from faults


@check(
    "image.user-resolvable",
    MUST,
    "USER exists in the image",
    job=None,
    clause="A user or group name is looked up in the image's /etc/passwd or /etc/group; a number needs no entry.",
    spec=DOCKER / "user",
    basis=MEASURED,
    remedy="Add the account (`RUN useradd --uid 1000 processing`), or use a numeric USER.",
    reproduce="docker run --rm IMAGE",
)
def user_resolvable(image: Image) -> Iterator[str]:
    """Without it the engine cannot start the container."""
    elsewhere = unread_files(image)
    if elsewhere:
        raise DoesNotApply(f"{elsewhere[0]} is a link; launch.default-command shows whether the container starts")
    for name, path in unknown_names(image):
        yield f"Expected USER {image.user} to exist in the image, but {path} has no {name!r}."


@check(
    "image.script-argument-exists",
    SHOULD,
    "The script that the command passes to an interpreter is in the image",
    job=None,
    clause="ENTRYPOINT and CMD name files in the image, or inputs of the job below /opt/ml/processing.",
    spec=DOCKER / "entrypoint",
    basis=OBSERVED,
    remedy="COPY the script to the path in the command; a relative path is relative to WORKDIR.",
    explained_by=("image.platform",),
    reproduce="docker run --rm IMAGE",
)
@of_used_commands
def script_argument_exists(image: Image) -> Iterator[str]:
    """The interpreter starts, so the engine reports no error, and then fails at once."""
    asked = invocation(image.argv)
    if asked is None or not asked.script or is_below(image.absolute(asked.script), PROCESSING):
        return
    if not any(image.files.resolve(path).file for path in script_paths(image, asked)):
        yield (
            f"Expected {asked.script!r}, which the command passes to {asked.name}, to be in the image, but "
            f"{image.files.resolve(image.absolute(asked.script)).problem}."
        )


@check(
    "image.volume-under-opt-ml",
    SHOULD,
    "The image declares no VOLUME at or below /opt/ml",
    job=None,
    clause="/opt/ml and everything below it is reserved: what a container writes to its own VOLUME below an output is "
    "never uploaded.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Remove the VOLUME instruction; Processing creates every directory below /opt/ml that a job needs.",
    reproduce="docker image inspect --format '{{json .Config.Volumes}}' IMAGE",
)
def volume_under_opt_ml(image: Image) -> Iterator[str]:
    """Advice only: whether it really swallows an output is shown by the outputs of a run."""
    for volume in image.volumes:
        if is_below(volume, RESERVED):
            yield f"Expected no VOLUME at or below {RESERVED}, but the image declares {volume}."


def _first_word(image: Image) -> str:
    if not image.argv:
        raise DoesNotApply("the image has no command; see image.has-command")
    return image.argv[0]
