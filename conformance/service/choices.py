"""What the local service does where AWS leaves it open, and what no setting changes: each choice with its basis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.outcome.outcome import MESSAGE_LIMIT_BYTES


@dataclass(frozen=True)
class Choice:
    """What was chosen, the value that it has, and why."""

    name: str
    value: Any
    basis: str

    def described(self) -> dict[str, Any]:
        """The choice as reports list it."""
        return {"name": self.name, "value": self.value, "basis": self.basis}


FIXED = (
    Choice("hosts_network", "internal", "of several hosts: they reach one another, and nothing else"),
    Choice("shards", "one by one, in the order of keys", "AWS does not say which object goes to which host"),
    Choice("fifo_name", "LocalPath_0, then _1", "inferred from training; AWS names no FIFO of a Pipe input"),
    Choice("directory_mode", "0755", "observed: directories of the platform belong to root:root"),
    Choice("file_mode", "0644", "S3 keeps no modes, so no input is executable"),
    Choice("file_time", "that of the delivery", "AWS does not say whether a file keeps the time of its object"),
    Choice("message_order", "by host, no separator", "AWS documents neither order nor separator"),
    Choice("message_cut", f"{MESSAGE_LIMIT_BYTES} bytes, on a character", "AWS says 1 KB, not bytes or characters"),
    Choice("outputs_uploaded", "when every host exited with 0", "AWS does not say what happens otherwise"),
)
"""The choices that are built into the code; those that can be set are fields of `Settings`."""
