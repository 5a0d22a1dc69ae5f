"""What names the checks by which a report was made, so that two reports can be told to be by the same ones."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from conformance.rule.declaration import Registry


def described(checks: Registry) -> dict[str, Any]:
    """How many checks there are, and the SHA-256 of their declarations as JSON, in the order of the contract."""
    declared = [
        {
            "id": check.id,
            "level": check.level,
            "title": check.title,
            "clause": check.clause,
            "source": check.source.url,
            "basis": check.basis,
            "remedy": check.remedy,
            "runs": [str(run) for run in check.job.runs] if check.job else [],
        }
        for check in checks
    ]
    content = json.dumps(declared, ensure_ascii=True, separators=(",", ":"))
    return {"checks": len(checks), "sha256": hashlib.sha256(content.encode()).hexdigest()}
