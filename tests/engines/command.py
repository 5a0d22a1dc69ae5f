"""Run a command against another engine: `python -m tests.engines.command docker-28 pytest -m engine tests/service`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import docker

from tests.engines.comparison import take_over
from tests.engines.debian import UnavailableError
from tests.engines.kinds import KINDS
from tests.engines.running import NotUpError, leave_on_signals, running


def main(words: Sequence[str]) -> int:
    """Bring the engine up with the bases that the project's images are built on, and return the command's status."""
    name, *command = words
    leave_on_signals()
    own = docker.from_env()
    try:
        with running(KINDS[name]) as engine:
            for image in own.images.list("conformance/base-*"):
                for tag in image.tags:
                    take_over(own.api, engine, tag)
            return subprocess.run(command, env=os.environ | {"DOCKER_HOST": engine.address}, check=False).returncode
    except (NotUpError, UnavailableError) as error:
        print(error, file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
