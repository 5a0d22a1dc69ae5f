"""Reports as a session writes them, of images and outcomes made by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.checks import load_checks
from conformance.image.image import Image
from conformance.job.gpu import Choice
from conformance.job.variation import Variation
from conformance.outcome.outcome import Outcome
from conformance.reports import redaction
from conformance.reports.document import Recorder
from conformance.reports.reproduce import command_line
from conformance.verdict.profiles import Scope
from conformance.verdict.verdict import Word
from tests.support.outcomes import host, image, judged, outcome
from tests.support.profiles import own

HERE = Path("conformance-report")

SERVICE = {
    "name": "local",
    "engine": "Docker Engine 28.5.2",
    "kernel": "6.1.0",
    "system": "Debian GNU/Linux 12",
    "architecture": "x86_64",
    "unbounded": [],
    "choices": [{"name": "grace_seconds", "value": 10, "basis": "the suite's own"}],
}

SESSION = {
    "session": {
        "began": "2026-11-28T10:00:00Z",
        "ended": "2026-11-28T10:01:00Z",
        "host": "builder",
        "versions": {"python": "3.11.2", "pytest": "9.0.3"},
        "options": {"image": "example:1"},
    },
    "requests": [{"name": "example", "file": "job.json", "sha256": "0" * 64}],
    "inputs": None,
}


def report(
    *runs: Outcome, of: Image | None = None, status: int = 0, warnings: Sequence[str] = (), strict: bool = False
) -> dict[str, Any]:
    """The report of a session in which every check of one host judged the first of these runs."""
    of = replace(of or image(), id=f"sha256:{'1' * 64}", digest=f"sha256:{'2' * 64}")
    runs = runs or (outcome(host(stdout="done\n")),)
    recorder, checks = Recorder(redaction.of_image(of)), load_checks()
    for check in checks:
        shown = () if check.job is None else runs
        several = check.job is not None and any(variation.of_several_hosts for variation in check.job.runs)
        if several or (check.job is not None and Variation.LOOK_AT_GPUS in check.job.runs):
            continue
        verdict = judged(check.id, of, *shown[:1])
        line = command_line(check, of, shown[0].request if shown else None, None, HERE)
        verdict = replace(verdict, reproduce=line if verdict.violations else "")
        recorder.take(recorder.record(verdict, shown, seconds=0.25, failed=verdict.word is Word.VIOLATES))
    found = recorder.report(
        checks,
        image=of,
        service=SERVICE,
        profile=own(Scope.PROCESSING),
        gpu=Choice.AUTO,
        strict=strict,
        expected=(),
        tests_failed=sum(record["failed"] for record in recorder.records.values()),
        pytest_status=status,
        circumstances=SESSION,
        warnings=warnings,
    )
    document: dict[str, Any] = json.loads(json.dumps(found.document))
    return document
