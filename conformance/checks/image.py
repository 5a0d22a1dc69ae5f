"""What the image says of itself, judged without running it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from conformance.contract import API, BYOC, DOCKER
from conformance.declaration import DOCUMENTED, MEASURED, MODELLED, MUST, SHOULD, Advice, DoesNotApply, check
from conformance.filetree import is_below
from conformance.image import Image
from conformance.job import RESERVED, JobRequest
from conformance.shell import shell_command

INSPECT = "docker image inspect --format '{{json .Config}}' IMAGE"


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
    """An image that is only ever run with ContainerEntrypoint, as a ScriptProcessor does, needs none of its own."""
    if image.argv:
        return
    if requests and all(request.entrypoint for request in requests):
        raise DoesNotApply("every request that was given brings a ContainerEntrypoint of its own")
    yield "Expected an ENTRYPOINT or a CMD, and the image has neither, so that nothing can be run by default."


@check(
    "image.entrypoint-exec-form",
    MUST,
    "ENTRYPOINT is in exec form",
    job=None,
    clause="The image must use the exec form of ENTRYPOINT, so that the container's own program, and not a shell "
    "around it, gets the signals by which Processing stops a job.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy='Write ENTRYPOINT as a JSON array: `ENTRYPOINT ["python3", "/processing.py"]`, not '
    "`ENTRYPOINT python3 /processing.py`. A shell form also swallows ContainerArguments.",
    reproduce=INSPECT,
)
def entrypoint_exec_form(image: Image) -> Iterator[str]:
    """The same words written by hand in exec form leave the same image, and have the same effect."""
    command = shell_command(image.entrypoint, image.shell)
    if command is not None:
        found = (
            f"Expected an ENTRYPOINT that names the program itself, and it is the shell form {list(image.entrypoint)}"
        )
        # A hand-written `sh -c 'prog "$@"' --` does hand them on.
        takes_arguments = re.search(r"\$\{?[@*1-9]", command) is not None
        if command.lstrip().startswith("exec "):
            loss = "." if takes_arguments else ", but ContainerArguments are still swallowed."
            yield Advice(f"{found}; its `exec` hands signals on{loss}")
        else:
            loss = "." if takes_arguments else ", and ContainerArguments are swallowed."
            yield f"{found}: the shell is process 1 and gets the signals{loss}"
    elif not image.entrypoint and shell_command(image.cmd, image.shell) is not None:
        yield Advice(
            f"Expected an exec-form CMD where there is no ENTRYPOINT, and it is the shell form {list(image.cmd)}."
        )


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
def entrypoint_executable(image: Image) -> Iterator[str]:
    """Without it the engine refuses to start the container."""
    word = _first_word(image)
    found = image.executable(word)
    if found.file is None and not found.missing:
        yield f"Expected {word!r} to lead to a file that may be executed, and {found.problem}."


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
