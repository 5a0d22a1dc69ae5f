"""What a stand-in's record says."""

from typing import Any

import pytest

from conformance.outcome.standin import Witness, every_witness
from tests.support.recording import record

MOUNTS = (
    "72 48 0:39 / / rw,relatime master:2 - overlay overlay rw,lowerdir=/a\n"
    "73 72 0:42 /sub /opt/ml ro,nosuid shared:1 master:2 - ext4 /dev/x rw\n"
    "74 72 0:43 / /sub\\040dir\\134/x\\011y\u00e2\u0080\u00a8 rw - tmpfs tmpfs rw\n"
)

FOUND: dict[str, Any] = {
    "pid": 1,
    "argv": ["/.conformance/probe", "", "\u00c3\u00bc\u00ff"],
    "environment": ["A=1", "B", "A=2", "C=x=y"],
    "executable": None,
    "cwd": "/",
    "hostname": "host",
    "uid": 1,
    "euid": 2,
    "gid": 3,
    "egid": 4,
    "umask": 0o22,
    "groups": [5, 6],
    "shared_memory_bytes": 64 << 20,
    "descriptors": [{"number": 0, "target": "/dev/null", "terminal": 0}, {"number": 1, "target": None, "terminal": 1}],
    "ignored": [13],
    "blocked": [],
    "limits": {"core": [0, -1]},
    "files": {"/etc/hosts": "\u00ff\n", "/gone": None, "/proc/self/mountinfo": MOUNTS},
}


def test_a_witness_is_read_byte_for_byte() -> None:
    """What is not UTF-8 and what could not be read come through as such."""
    (witness,) = every_witness(record(("witness", FOUND)))

    assert (
        Witness(
            pid=1,
            argv=("/.conformance/probe", "", "ü\udcff"),
            variables=("A=1", "B", "A=2", "C=x=y"),
            uid=1,
            cwd="/",
            mounts=("/", "/opt/ml", "/sub dir\\/x\ty\u2028"),
        )
        == witness
    )
    assert {"A": "1", "B": "", "C": "x=y"} == witness.environment


def test_what_could_not_be_read_is_empty() -> None:
    """A directory that is gone, and mounts that the process may not see."""
    (witness,) = every_witness(record(("witness", FOUND | {"cwd": None, "files": {"/proc/self/mountinfo": None}})))

    assert ("", ()) == (witness.cwd, witness.mounts)


def test_every_time_that_it_was_started_is_a_witness() -> None:
    """A wrapper may start an interpreter several times: in the order of the starts, each with what it found itself."""
    found = every_witness(
        record(
            ("witness", FOUND | {"pid": 7, "argv": ["python3", "-V"]}),
            ("unknown", {}),
            ("witness", FOUND | {"pid": 9, "argv": ["python3", "/x.py"], "environment": ["A=2"]}),
        )
    )

    assert [(7, "-V", "1"), (9, "/x.py", "2")] == [(each.pid, each.argv[1], each.environment["A"]) for each in found]


@pytest.mark.parametrize("content", [b"", record(("trace", {}))], ids=["empty", "of a tracer"])
def test_a_stand_in_that_was_never_started_left_no_witness(content: bytes) -> None:
    """Which is no error: what was to start it did not."""
    assert () == every_witness(content)
