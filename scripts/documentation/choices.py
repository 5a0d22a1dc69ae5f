"""The page of what AWS leaves open: each choice of the suite's with its value and its basis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.calibration import comparison
from conformance.calibration.seen import Seen, Stopped
from conformance.rule.choices import CHOICES
from conformance.service.settings import Settings

OPTIONS = {
    "time_limit_seconds": "--image-timeout",
    "stop_grace_seconds": "--image-grace",
    "outside_network": "--image-network",
}
"""The option that changes a choice, where there is one."""

NOTHING: dict[str, Any] = {
    "host": "algo-1",
    "hostname": "",
    "names": [],
    "shm_bytes": 0,
    "entries": [],
    "mounts": [],
    "resourceconfig": {},
    "environment": {},
    "terminal": False,
}
"""A look that saw nothing: what is asked here is only what a calibration compares."""

BEFORE = """\
# What AWS leaves open

AWS documents much of what a processing container meets, and not all. Where it says nothing, the suite had to choose.
None of these choices is ever the reason for a violation: where a job fails with the symptom of one, it is lifted and
the job is run again, or the check is not judged and names it
([how a finding is confirmed](README.md#how-a-finding-is-confirmed)).
Every `report.json` lists them with the values that counted.

## The choices

Names that end in `_seconds` are in seconds, in `_bytes` in bytes, and modes are octal. *compared* says which choices
`processing-conformance calibrate` holds against [what a platform really does](README.md#on-aws-itself).
"""

SYMPTOMS = """\
## What is lifted or named

Where a job fails with the symptom of one of these, nothing of it is a violation. The reason of what was not judged
names the choice and how to change it:
"""

AFTER = """\
## Also compared by a calibration

These follow from how AWS's documents describe a container, and a calibration looks at them as well:
"""


def page() -> str:
    """The page, with all choices in the order in which reports list them."""
    compared = {row.name: row.chosen for row in comparison.rows(Seen((NOTHING,), None, Stopped()), Settings())}
    own = [choice["name"] for choice in Settings().described()]
    others = "\n".join(f"| `{name}` | {_code(value)} |" for name, value in compared.items() if name not in own)
    table = "\n".join(_rows(set(compared)))
    symptoms = "\n".join(f"| {choice.name} | {choice.advice} |" for choice in CHOICES)
    named = f"{SYMPTOMS}\n| choice | what to do |\n|---|---|\n{symptoms}"
    return f"{BEFORE}\n{table}\n\n{named}\n\n{AFTER}\n| name | expected |\n|---|---|\n{others}\n"


def _rows(compared: set[str]) -> Iterator[str]:
    yield "| choice | default | basis | changed by | compared |"
    yield "|---|---|---|---|---|"
    for choice in Settings().described():
        name = choice["name"]
        how = f"`{OPTIONS[name]}`" if name in OPTIONS else ""
        seen = "yes" if name in compared else ""
        yield f"| `{name}` | {_code(choice['value'])} | {choice['basis']} | {how} | {seen} |"


def _code(value: object) -> str:
    return f"`{value}`" if str(value) else "none"
