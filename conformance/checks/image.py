"""What the image says of itself, judged without running it."""

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
    clause="Processing runs on the instance types of ClusterConfig.InstanceType, none of which has an Arm processor.",
    spec=API / "ProcessingClusterConfig",
    basis=MODELLED,
    remedy="Build for the platform of the instances: `docker build --platform linux/amd64`.",
    reproduce="docker image inspect --format '{{.Os}}/{{.Architecture}}' IMAGE",
)
def platform(image: Image) -> Iterator[str]:
    """Compare the image's own label; what its programs are really built for is another matter."""
    if image.platform != "linux/amd64":
        yield f"Expected the platform linux/amd64, and the image says {image.platform}."


@check(
    "image.has-command",
    MUST,
    "The image has an ENTRYPOINT or a CMD",
    job=None,
    clause="Where a request overrides neither entrypoint nor arguments, the image's ENTRYPOINT or CMD is run.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy='Give the image an exec-form ENTRYPOINT, such as `ENTRYPOINT ["python3", "/processing.py"]`.',
    reproduce="docker run --rm IMAGE",
)
def has_command(image: Image, requests: Sequence[JobRequest]) -> Iterator[str]:
    """An image that is only ever run with ContainerEntrypoint, as a ScriptProcessor does, needs none of its own.

    Nor does one whose requests name a program in ContainerArguments, which the engine starts where there is none.
    """
    if image.argv:
        return
    if requests and not commands(image, requests):
        raise DoesNotApply(NOT_USED if always_overridden(requests) else NAMED_BY_ARGUMENTS)
    yield "Expected an ENTRYPOINT or a CMD, and the image has neither, so that nothing can be run by default."


@check(
    "image.entrypoint-exec-form",
    MUST,
    "ENTRYPOINT is in exec form",
    job=None,
    sees={Sight.PROCESSES},
    clause="The image must use the exec form of ENTRYPOINT, so that the container's own program, and not a shell "
    "around it, gets the signals by which Processing stops a job.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy='Write ENTRYPOINT as a JSON array: `ENTRYPOINT ["python3", "/processing.py"]`, not '
    "`ENTRYPOINT python3 /processing.py`. A shell form also swallows ContainerArguments.",
    reproduce="docker image inspect --format '{{json .Config}}' IMAGE",
    shown_by=AS_REQUESTED,
)
def entrypoint_exec_form(image: Image, requests: Sequence[JobRequest], runs: Sequence[Outcome]) -> Iterator[str]:
    """A MUST only of what Docker makes of shell form; a shell that was written in exec form may yet be in the way."""
    words = image.entrypoint or image.cmd
    command = shell_command(words, image.shell)
    used = [run for run in runs if uses_command(image, run.request) and (image.entrypoint or not run.request.arguments)]
    found = "" if command is None else shell_in_the_way(image, command, used)
    # The contract speaks of ENTRYPOINT, and of one that is used.
    binding = image.entrypoint and is_shell_form(words, image.shell) and not always_overridden(requests)
    if found:
        yield found if binding else Advice(found)


@check(
    "image.entrypoint-exists",
    MUST,
    "The program that the image starts is in the image",
    job=None,
    clause="The first word of ENTRYPOINT, or of CMD where there is none, is found through PATH, WORKDIR and links.",
    spec=DOCKER / "entrypoint",
    basis=MEASURED,
    remedy="Install the program, or correct its path, or put its directory on PATH.",
    reproduce="docker run --rm IMAGE",
)
@of_used_commands
def entrypoint_exists(image: Image) -> Iterator[str]:
    """Without it the engine refuses to start the container, or the program exits 127."""
    word = _first_word(image)
    found = image.executable(word)
    if found.missing:
        yield f"Expected {word!r} to lead to a program in the image, and {found.problem}."


@check(
    "image.entrypoint-executable",
    MUST,
    "The program that the image starts may be executed",
    job=None,
    clause="The first word of ENTRYPOINT, or of CMD where there is none, is a regular file with an execute permission.",
    spec=DOCKER / "entrypoint",
    basis=MEASURED,
    remedy="`RUN chmod +x` the program, or `COPY --chmod=0755`, or name its interpreter in ENTRYPOINT.",
    reproduce="docker run --rm IMAGE",
)
@of_used_commands
def entrypoint_executable(image: Image) -> Iterator[str]:
    """Without it the engine refuses to start the container."""
    word = _first_word(image)
    found = image.executable(word)
    if found.file is None and not found.missing:
        yield f"Expected {word!r} to lead to a file that may be executed, and {found.problem}."


@check(
    "image.entrypoint-shebang",
    MUST,
    "A script that the image starts begins with the `#!` line of an interpreter that is there",
    job=None,
    clause="A script is executed by the interpreter that its first line names; without such a line the kernel takes "
    "it for no program.",
    spec=DOCKER / "entrypoint",
    basis=MEASURED,
    remedy="Begin the script with `#!/bin/sh` or whatever the image has, save it with Unix line endings, or name its "
    "interpreter in ENTRYPOINT.",
    explained_by=("image.platform",),
    reproduce="docker run --rm IMAGE",
)
@of_used_commands
def entrypoint_shebang(image: Image) -> Iterator[str]:
    """Judged on what the command's first word leads to, and on an interpreter that is a script itself."""
    fault = chain(image).fault
    if fault:
        yield f"Expected {_first_word(image)!r} to lead to a program that the kernel can execute, and {fault}."


@check(
    "image.entrypoint-machine",
    MUST,
    "The program that the image starts is built for the platform that the image says",
    job=None,
    clause="An ELF program runs on the machine that its header names, and on no other.",
    spec=DOCKER / "from",
    basis=MEASURED,
    remedy="Build or download the program for the image's platform: `GOARCH=amd64`, `--target x86_64-...`, or "
    "`docker build --platform linux/amd64` for the whole image.",
    explained_by=("image.platform",),
    reproduce="docker run --rm IMAGE",
)
@of_used_commands
def entrypoint_machine(image: Image) -> Iterator[str]:
    """By its header and not by running it, since an emulator on the engine's host would run it all the same."""
    accepted = MACHINES.get(image.architecture)
    for file in chain(image).programs:
        header = elf(file.head)
        if header is None or accepted is None or (header.machine, header.bits, header.little_endian) in accepted:
            continue
        built_for = MACHINE_NAMES.get(header.machine, f"machine {header.machine}")
        yield (
            f"Expected {_first_word(image)!r} to lead to a program for {image.platform}, and {file.path} is built "
            f"for {built_for} ({header.bits} bits)."
        )


@check(
    "image.entrypoint-loader",
    MUST,
    "The loader of the program that the image starts is in the image",
    job=None,
    clause="A program that is linked dynamically is started by the loader whose path it names.",
    spec=DOCKER / "entrypoint",
    basis=MEASURED,
    remedy="Link the program statically, or build it in an image of the same C library as the one that it runs in: "
    "Alpine has musl, Debian and most others have glibc, `scratch` has none.",
    explained_by=("image.platform", "image.entrypoint-machine"),
    reproduce="docker run --rm IMAGE",
)
@of_used_commands
def entrypoint_loader(image: Image) -> Iterator[str]:
    """Without it the engine says of the program itself that there is no such file."""
    unread = ""
    for file in chain(image).programs:
        header = elf(file.head)
        if header is None or header.loader == "":
            continue
        if header.loader is None:
            unread = file.path
            continue
        found = image.files.resolve(image.absolute(header.loader))
        if found.file is None or found.file.kind is not Kind.FILE:
            problem = found.problem or f"{header.loader} is a {found.file.kind if found.file else 'loop'}"
            yield f"Expected {file.path} to find its loader {header.loader}, and {problem}."
    if unread:
        raise DoesNotApply(
            f"{unread} names its loader beyond its first {HEAD_BYTES:,} bytes; launch.default-command tells whether it "
            "starts"
        )


@check(
    "image.user-resolvable",
    MUST,
    "USER names an account that the image has",
    job=None,
    clause="A user or group that is given by name is looked up in the image's /etc/passwd or /etc/group; a number "
    "needs no entry.",
    spec=DOCKER / "user",
    basis=MEASURED,
    remedy="Add the account (`RUN useradd --uid 1000 processing`), or give USER a number.",
    reproduce="docker run --rm IMAGE",
)
def user_resolvable(image: Image) -> Iterator[str]:
    """Without it the engine refuses to start the container."""
    elsewhere = unread_files(image)
    if elsewhere:
        raise DoesNotApply(f"{elsewhere[0]} leads elsewhere; launch.default-command tells whether the container starts")
    for name, path in unknown_names(image):
        yield f"Expected USER {image.user} to be known in the image, and {path} has no {name!r}."


@check(
    "image.script-argument-exists",
    SHOULD,
    "The script that the command hands to an interpreter is in the image",
    job=None,
    clause="ENTRYPOINT and CMD name files of the image, or files that the job delivers below /opt/ml/processing.",
    spec=DOCKER / "entrypoint",
    basis=OBSERVED,
    remedy="COPY the script to where the command looks for it; a relative path counts from WORKDIR.",
    explained_by=("image.platform",),
    reproduce="docker run --rm IMAGE",
)
@of_used_commands
def script_argument_exists(image: Image) -> Iterator[str]:
    """The interpreter starts, so the engine sees nothing wrong, and it fails at once."""
    asked = invocation(image.argv)
    if asked is None or not asked.script or is_below(image.absolute(asked.script), PROCESSING):
        return
    if not any(image.files.resolve(path).file for path in script_paths(image, asked)):
        yield (
            f"Expected {asked.script!r}, which the command hands to {asked.name}, to be in the image, and "
            f"{image.files.resolve(image.absolute(asked.script)).problem}."
        )


@check(
    "image.volume-under-opt-ml",
    SHOULD,
    "The image declares no VOLUME at or below /opt/ml",
    job=None,
    clause="/opt/ml and all below it are reserved: what a container writes to a VOLUME of its own below an output "
    "never reaches that output.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Remove the VOLUME instruction; Processing makes every directory below /opt/ml that a job needs.",
    reproduce="docker image inspect --format '{{json .Config.Volumes}}' IMAGE",
)
def volume_under_opt_ml(image: Image) -> Iterator[str]:
    """A MUST only where it really swallows an output, which the outputs of a run show."""
    for volume in image.volumes:
        if is_below(volume, RESERVED):
            yield f"Expected no VOLUME at or below {RESERVED}, and the image declares {volume}."


def _first_word(image: Image) -> str:
    if not image.argv:
        raise DoesNotApply("the image has no command; see image.has-command")
    return image.argv[0]
