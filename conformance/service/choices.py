"""What the local service does where AWS leaves it open and no setting changes it: each choice with its basis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.outcome.outcome import MESSAGE_LIMIT_BYTES


@dataclass(frozen=True)
class Choice:
    """What was chosen, its value, and why."""

    name: str
    value: Any
    basis: str

    def described(self) -> dict[str, Any]:
        """The choice as listed in reports."""
        return {"name": self.name, "value": self.value, "basis": self.basis}


FIXED = (
    Choice("hosts_network", "internal", "several hosts can reach each other and nothing else"),
    Choice("shards", "round-robin, in key order", "AWS does not document which object goes to which host"),
    Choice("fifo_name", "LocalPath_0, then _1", "inferred from training; AWS documents no FIFO names for Pipe inputs"),
    Choice("directory_mode", "0755", "observed: the platform's directories belong to root:root"),
    Choice("file_mode", "0644", "S3 keeps no permissions, so no input is executable"),
    Choice("file_time", "time of download", "AWS does not document whether a file keeps the time of its object"),
    Choice("message_order", "by host, no separator", "AWS documents neither order nor separator"),
    Choice(
        "message_cut",
        f"{MESSAGE_LIMIT_BYTES} bytes, on a character",
        "AWS says 1 KB, without saying bytes or characters",
    ),
    Choice("outputs_uploaded", "when every host exited with 0", "AWS does not document what happens otherwise"),
)
"""The choices that are built in; those that can be changed are fields of `Settings`."""
