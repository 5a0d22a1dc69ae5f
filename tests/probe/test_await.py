"""A program that begins only when something answers at a port of its loopback, in a real container."""

import pytest

from conformance.probe.bundle import trace, words
from tests.support import probing

pytestmark = pytest.mark.engine

UNANSWERED = words("await", 28_170, "/", 1)

ANSWER = """
import socket, threading
server = socket.create_server(("127.0.0.1", 28170))
server.accept()
"""


def test_nothing_of_the_image_runs_where_nobody_answers() -> None:
    """Neither traced nor untraced, and the status is one that no program has."""
    for plan in (UNANSWERED, f"{UNANSWERED}\n{trace()}"):
        ran = probing.run("sh", "-c", "echo begun", plan=plan)

        assert 125 == ran.status
        assert "probe: port 28170 is not answered: Connection refused" == ran.output.strip()
        assert b"" == ran.record
