"""What shows that a program was not permitted to write, by its own words."""

from __future__ import annotations

import re

from conformance.image.account import user_id
from conformance.image.image import Image
from conformance.outcome.outcome import Host, Outcome
from conformance.rule.evidence import lines

REFUSED = re.compile(r"permission denied|EACCES|operation not permitted|PermissionError|AccessDenied", re.IGNORECASE)
"""How programs say that they may not write: the C library, Node.js, Python, Java."""


def refused_write(image: Image, outcome: Outcome, host: Host) -> str:
    """The line of its log by which another user than root was kept from an output; nothing where all were written."""
    if user_id(image) == 0 or all(outcome.written(host, output) for output in outcome.request.outputs):
        return ""
    return next((line for line in lines(host) if REFUSED.search(line) and "/opt/ml/" in line), "")
