"""Every kind of message through the whole product: its ExitMessage, the job's status, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran
from tests.support.jobs import request

pytestmark = pytest.mark.engine

CHECKS = ("message.utf8", "message.fits-1-kb", "message.plain-text")
WELL = ("conforms", "conforms", "conforms")
LONG = ("conforms", "advised", "conforms")
NOT_PLAIN = ("conforms", "conforms", "advised")
NO_FILE = ("advised", "conforms", "not judged")

WRITE = "open('/opt/ml/output/message', 'wb').write({})"
LINK = "import os; os.symlink('{}', '/opt/ml/output/message')"

MESSAGES: dict[str, tuple[str, str | None, tuple[str, str, str]]] = {
    "1024-bytes": (WRITE.format("b'x' * 1024"), "x" * 1024, WELL),
    "1025-bytes": (WRITE.format("b'x' * 1025"), "x" * 1024, LONG),
    "2-bytes-across-the-cut": (WRITE.format("('x' * 1023 + 'é').encode()"), "x" * 1023, LONG),
    "3-bytes-across-the-cut": (WRITE.format("('x' * 1022 + '京').encode()"), "x" * 1022, LONG),
    "4-bytes-across-the-cut": (WRITE.format("('x' * 1021 + '\U0001f4c8').encode()"), "x" * 1021, LONG),
    "4-bytes-before-the-cut": (WRITE.format("('x' * 1020 + '\U0001f4c8!').encode()"), "x" * 1020 + "\U0001f4c8", LONG),
    "empty": (WRITE.format("b''"), "", WELL),
    "white-space": (WRITE.format("b' \\t\\r\\n'"), " \t\r\n", WELL),
    "byte-order-mark": (WRITE.format("'\ufeffdone'.encode()"), "\ufeffdone", NOT_PLAIN),
    "nul": (WRITE.format("b'done\\0'"), "done\0", NOT_PLAIN),
    "sparse-file-of-1-gb": (
        "open('/opt/ml/output/message', 'wb').truncate(1 << 30)",
        "\0" * 1024,
        ("conforms", "advised", "advised"),
    ),
    "utf-16": (WRITE.format("'done'.encode('utf-16')"), None, ("violates", "conforms", "not judged")),
    "latin-1-beyond-the-cut": (
        WRITE.format("b'x' * 1024 + b'\\xe9'"),
        None,
        ("violates", "advised", "not judged"),
    ),
    "directory": ("import os; os.mkdir('/opt/ml/output/message')", None, NO_FILE),
    "link-to-a-file": (LINK.format("/opt/ml/config/resourceconfig.json"), None, NO_FILE),
    "dangling-link": (LINK.format("nowhere"), None, NO_FILE),
    "fifo": ("import os; os.mkfifo('/opt/ml/output/message')", None, NO_FILE),
    "socket": (
        "import socket; socket.socket(socket.AF_UNIX).bind('/opt/ml/output/message')",
        None,
        ("not judged", "not judged", "not judged"),
    ),
}
"""For each kind the program that leaves it, the ExitMessage, and the verdicts of the three checks."""


def test_what_becomes_of_every_kind_of_message(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Text is cut at 1 KB on a character, what is no UTF-8 fails the job, what is no file is no message.

    A socket is not in the engine's archive, so it looks as if there were none.
    """
    jobs = [
        request(
            tmp_path / f"{name}.json",
            ProcessingJobName=name,
            AppSpecification={"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", program]},
            ProcessingInputs=[],
        )
        for name, (program, _, _) in MESSAGES.items()
    ]

    ran = conformance(tag("reference"), *(f"--image-job={job}" for job in jobs), "-k", " or ".join(CHECKS))

    runs = {run["job"]: run for run in ran.report["runs"]}
    words = {(verdict["job"], verdict["check"]): verdict["verdict"] for verdict in ran.report["verdicts"]}
    expected = {
        name: (text, "Failed" if "violates" in told else "Completed", told)
        for name, (_, text, told) in MESSAGES.items()
    }
    assert expected == {
        name: (run["exit_message"], run["status"], tuple(words[name, check] for check in CHECKS))
        for name, run in runs.items()
    }
    assert {"ClientError"} == {
        run["failure_reason"].partition(":")[0] for run in runs.values() if run["failure_reason"]
    }
