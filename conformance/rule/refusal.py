"""Evidence from the log that a program had no permission to write."""

from __future__ import annotations

import re

from conformance.image.account import user_id
from conformance.image.image import Image
from conformance.outcome.outcome import Host, Outcome
from conformance.rule.evidence import lines

REFUSED = re.compile(
    r"permission denied|\bEACCES\b|operation not permitted|PermissionError|AccessDenied", re.IGNORECASE
)
"""How programs report that they may not write: the C library, Node.js, Python, Java."""


def refused_write(image: Image, outcome: Outcome, host: Host) -> str:
    """The log line showing that a user other than root could not write an output; empty if all were written."""
    if user_id(image) == 0 or all(outcome.written(host, output) for output in outcome.request.outputs):
        return ""
    return next((line for line in lines(host) if REFUSED.search(line) and "/opt/ml/" in line), "")
