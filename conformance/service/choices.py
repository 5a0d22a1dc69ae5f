"""What the local service does where AWS leaves it open and no setting changes it: each choice with its basis."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.outcome.outcome import MESSAGE_LIMIT_BYTES

CALIBRATION = Path(__file__).with_name("seen_on_aws.json")
"""What `processing-conformance calibrate --service=aws` has written on AWS; not there until somebody has run it."""


@functools.cache
def seen_on_aws(calibration: Path = CALIBRATION) -> Mapping[str, str]:
    """What was seen on AWS of each choice, and when, by its name; empty where no calibration of AWS is there."""
    if not calibration.is_file():
        return {}
    document = json.loads(calibration.read_text(encoding="utf-8"))
    if document["service"] != "aws" or "amazonaws.com" not in document["where"]:
        return {}
    return {
        row["name"]: f"seen on AWS {document['date']}: {'the same' if row['agrees'] else row['seen']}"
        for row in document["comparison"]
        if row["agrees"] is not None
    }


@dataclass(frozen=True)
class Choice:
    """What was chosen, its value, and why."""

    name: str
    value: Any
    basis: str

    def described(self) -> dict[str, Any]:
        """The choice as listed in reports."""
        seen = seen_on_aws().get(self.name)
        return {"name": self.name, "value": self.value, "basis": f"{self.basis}; {seen}" if seen else self.basis}


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
