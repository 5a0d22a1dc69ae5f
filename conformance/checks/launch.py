"""How the container is started."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.contract import BYOC
from conformance.declaration import DOCUMENTED, MUST, DoesNotApply, NotJudged, check
from conformance.image import Image
from conformance.job import DEFAULT_COMMAND
from conformance.outcome import Host, Outcome

EXEC_FAILED = re.compile(
    r"(standard_init_linux\.go:\d+: )?exec (user process caused:? |[^:]*/[^:]*: )"
    r".*(no such file or directory|exec format error|permission denied)\W*"
)
"""What the container's runtime writes when the program that it was to become cannot be executed."""

STARTS = (
    "image.has-command",
    "image.platform",
    "image.entrypoint-exists",
    "image.entrypoint-executable",
    "image.entrypoint-shebang",
    "image.entrypoint-machine",
    "image.entrypoint-loader",
    "image.user-resolvable",
    "reserved.is-a-directory",
)
"""The checks of the image alone that say why a container may not start."""


@check(
    "launch.default-command",
    MUST,
    "The container starts when nothing is overridden",
    job=DEFAULT_COMMAND,
    clause="Processing runs the image as `docker run` does, with the image's ENTRYPOINT and CMD where the request "
    "overrides neither.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Run the image by hand and read the engine's message: a missing `#!` line, interpreter, loader, user or "
    "working directory keeps it from starting.",
    explained_by=(*STARTS, "reserved.nothing-required"),
)
def default_command(image: Image, outcome: Outcome) -> Iterator[str]:
    """What the program does once it runs is not judged here."""
    if not image.argv:
        raise DoesNotApply("the image has no command; see image.has-command")
    for host in outcome.hosts:
        refusal = start_failure(host)
        if refusal:
            yield f"Expected {list(host.argv)} to start, and {refusal}."


def start_failure(host: Host) -> str:
    """Why the program did not come to run, or nothing where it did."""
    if not host.started:
        return f"the engine refused: {host.start_error}"
    # A program that never ran said nothing else.
    said = [line.strip() for line in (host.stdout.text + host.stderr.text).splitlines() if line.strip()]
    if host.exit_code and said and all(EXEC_FAILED.fullmatch(line) for line in said):
        return f"it could not be executed (exit code {host.exit_code}): {said[0]}"
    return ""


def needs_start(outcome: Outcome) -> None:
    """Leave it to another check where a container did not start: what it would have done cannot be told."""
    if not all(host.started for host in outcome.hosts):
        raise NotJudged("the container did not start", see="exit.zero-on-success")
