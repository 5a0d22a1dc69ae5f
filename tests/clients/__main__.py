"""Runs pytest where no client can reach anything but this machine: `python -m tests.clients FILE...`.

It is in a network namespace of its own, with nothing but the loopback interface, in which the only name server is one
of the tests'; see `conftest.py`. The engine is reached by its socket.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

WITHIN = 'ip link set lo up && mount --bind "$0" /etc/resolv.conf && rm "$0" && exec "$@"'


def main(arguments: list[str]) -> None:
    """Become pytest."""
    with tempfile.NamedTemporaryFile("w", prefix="resolv-", delete=False) as resolving:
        resolving.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    Path(resolving.name).chmod(0o644)
    user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    command = ["unshare", *user, "--net", "--mount", "sh", "-c", WITHIN, resolving.name]
    os.execvp(command[0], [*command, sys.executable, "-m", "pytest", *arguments])  # noqa: S606 - each word is a list's


if __name__ == "__main__":
    main(sys.argv[1:])
