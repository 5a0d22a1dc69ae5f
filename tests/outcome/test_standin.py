"""What a stand-in's record says."""

from typing import Any

import pytest

from conformance.outcome.standin import (
    Action,
    Caught,
    Descriptor,
    Lookup,
    Mount,
    NoWitnessError,
    Witness,
    every_witness,
)
from tests.support.recording import begin, record

MOUNTS = (
    "72 48 0:39 / / rw,relatime master:2 - overlay overlay rw,lowerdir=/a\n"
    "73 72 0:42 /sub\\040dir /opt/ml ro,nosuid shared:1 master:2 - ext4 /dev/x\\011y rw\n"
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
    witness = Witness.parse(record(("witness", FOUND)))

    assert ("/.conformance/probe", "", "ü\udcff") == witness.argv
    assert {"A": "1", "B": "", "C": "x=y"} == witness.environment
    assert ("", "/", "host") == (witness.executable, witness.cwd, witness.hostname)
    assert (1, 2, 3, 4, 0o22, (5, 6)) == (
        *(witness.uid, witness.euid, witness.gid, witness.egid),
        *(witness.umask, witness.groups),
    )
    assert (Descriptor(0, "/dev/null", terminal=False), Descriptor(1, "", terminal=True)) == witness.descriptors
    assert (frozenset({13}), frozenset()) == (witness.ignored, witness.blocked)
    assert {"core": (0, None)} == witness.limits
    assert (b"\xff\n", None) == (witness.files["/etc/hosts"], witness.files["/gone"])


def test_mounts_are_read() -> None:
    """Optional fields and escapes are the kernel's."""
    assert (
        Mount("/", "/", "overlay", "overlay", frozenset({"rw", "relatime"})),
        Mount("/opt/ml", "/sub dir", "ext4", "/dev/x\ty", frozenset({"ro", "nosuid"})),
    ) == Witness.parse(record(("witness", FOUND))).mounts


def test_actions_are_read() -> None:
    """What was done, how it went, and what had only begun when the record ended."""
    witness = Witness.parse(
        record(
            ("witness", FOUND),
            ("begin", {"line": 1, "verb": "resolve"}),
            ("resolve", {"name": "algo-2", "attempt": 1, "error": "Try again", "addresses": []}),
            ("resolve", {"name": "algo-2", "attempt": 2, "error": "", "addresses": ["10.0.0.2"]}),
            ("done", {"line": 1, "verb": "resolve", "errno": 0, "error": ""}),
            ("begin", {"line": 2, "verb": "waitsignal"}),
            ("caught", {"pid": 1, "number": 2, "sender": 0}),
        )
    )

    assert (Action(1, "resolve", 0, "", 0.003),) == witness.actions
    assert (Lookup("algo-2", 1, (), "Try again"), Lookup("algo-2", 2, ("10.0.0.2",), "")) == witness.lookups
    assert (Caught(1_700_000_000.006, 2, 0),) == witness.caught
    assert ("waitsignal", "") == (witness.unfinished, witness.fault)


def test_without_a_witness_there_is_none() -> None:
    """The probe did not run: the error says what the record looks like."""
    with pytest.raises(NoWitnessError, match="the record is empty or was removed"):
        Witness.parse(b"")
    with pytest.raises(NoWitnessError, match="the record holds no witness"):
        Witness.parse(record(begin()))


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


def test_the_one_witness_is_the_first_of_all() -> None:
    """Both readings agree."""
    content = record(("witness", FOUND), ("witness", FOUND | {"pid": 9}))

    assert Witness.parse(content) == every_witness(content)[0]
