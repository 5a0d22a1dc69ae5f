"""The report as a JSON document: every verdict with its evidence, as `report.schema.json` beside this file says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import conformance
from conformance import text
from conformance.image.image import Image
from conformance.job.gpu import Choice
from conformance.outcome.gpu import Means
from conformance.outcome.outcome import Outcome
from conformance.reports import facts, logs
from conformance.reports.runs import run_record
from conformance.rule.declaration import Registry
from conformance.verdict.profiles import ExitStatus, Profile, exit_status, missing
from conformance.verdict.verdict import Verdict, Word

SCHEMA_VERSION = 2
FILE_NAME = "report.json"


@dataclass(frozen=True)
class Report:
    """The finished document, and what the other reports need of it beyond; `logs` are files by their names."""

    document: dict[str, Any]
    verdicts: tuple[Verdict, ...]
    missing: tuple[str, ...]
    profile: Profile
    exit_status: int
    logs: Mapping[str, str]

    def write(self, directory: Path) -> None:
        """Write `report.json` into a directory, and the logs beside it."""
        logs.write(directory, self.logs)
        content = json.dumps(self.document, indent=2, ensure_ascii=True)
        (directory / FILE_NAME).write_text(content + "\n", encoding="utf-8")


class Recorder:
    """Collects verdicts as plain data, in a worker to be sent and in the controller to be reported."""

    def __init__(self) -> None:
        """Begin with none."""
        self.records: list[dict[str, Any]] = []
        self.runs: dict[tuple[str, str], dict[str, Any]] = {}
        self.logs: dict[str, str] = {}
        self.failures = 0
        self._sent: set[tuple[str, str]] = set()

    def record(self, verdict: Verdict, outcomes: Sequence[Outcome], *, seconds: float, failed: bool) -> dict[str, Any]:
        """A verdict with the runs that it rests on; `failed` says whether pytest counts it as a failure or an error.

        A run and its logs go along with the first verdict on it only: they are long, and made once.
        """
        new = {_key(outcome): outcome for outcome in outcomes if _key(outcome) not in self._sent}
        self._sent |= new.keys()
        return {
            **verdict_record(verdict),
            "seconds": round(seconds, 3),
            # Where a run would only have ended as another one did, that one stands for both.
            "runs": list(dict.fromkeys(str(outcome.variation) for outcome in outcomes)),
            "failed": failed,
            "evidence": [run_record(outcome) for outcome in new.values()],
            "logs_of_runs": [logs.of_run(outcome) for outcome in new.values()],
        }

    def take(self, record: dict[str, Any]) -> None:
        """Take in what an item found."""
        self.failures += record["failed"]
        for run, files in zip(record["evidence"], record["logs_of_runs"], strict=True):
            # Two workers may have run the same: what is told of it comes of one of them.
            if (run["job"], run["variation"]) not in self.runs:
                self.runs[run["job"], run["variation"]] = run
                self.logs |= files
        of_pytest = {"failed", "evidence", "logs_of_runs"}
        self.records.append({key: value for key, value in record.items() if key not in of_pytest})

    def report(
        self,
        checks: Registry,
        *,
        image: Image,
        service: dict[str, Any],
        profile: Profile,
        gpu: Choice,
        strict: bool,
        expected: Sequence[tuple[str, str]],
        tests_failed: int,
        pytest_status: int,
    ) -> Report:
        """Make the report; `expected` are all checks, each with the request that it is to judge.

        pytest's own status stays where the session was interrupted, and where tests other than the checks failed.
        """
        order = {check.id: index for index, check in enumerate(checks)}
        records = sorted(self.records, key=lambda record: (order[record["check"]], record["job"]))
        verdicts = tuple(verdict_of(record, checks) for record in records)
        judged = {(record["check"], record["job"]) for record in records}
        left_out = tuple(check for check, request in expected if (check, request) not in judged)
        status = pytest_status
        if pytest_status in {ExitStatus.CONFORMS, ExitStatus.VIOLATES} and tests_failed == self.failures:
            status = int(exit_status(profile, verdicts, strict=strict, selected_all=not left_out))
        counts = Counter(verdict.word for verdict in verdicts)
        document = {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "sagemaker-processing-conformance", "version": conformance.__version__},
            "contract": conformance.CONTRACT_VERSION,
            "profile": str(profile),
            "strict": strict,
            "gpu": {
                "asked": str(gpu),
                "given": sorted({run["gpu"]["given"] for run in self.runs.values()} - {Means.NONE}),
            },
            "exit_status": status,
            "image": _image_record(image),
            "service": service,
            "counts": {str(word): counts[word] for word in Word},
            "not_selected": sorted(set(left_out)),
            "verdicts": records,
            "runs": [self.runs[key] for key in sorted(self.runs)],
        }
        lacking = tuple(verdict.check.id for verdict in missing(profile, verdicts))
        return Report(document, verdicts, lacking + left_out, profile, status, self.logs)


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data."""
    check = verdict.check
    return {
        "check": check.id,
        "level": str(check.level),
        "title": check.title,
        "verdict": str(verdict.word),
        "violations": list(verdict.violations),
        "reason": verdict.reason,
        "applies": verdict.applies,
        "see": verdict.see,
        "job": verdict.request,
        "basis": str(check.basis),
        "clause": check.clause,
        "source": {"title": check.source.title, "url": check.source.url},
        "remedy": check.remedy,
        "reproduce": verdict.reproduce,
        "logs": list(verdict.logs),
    }


def verdict_of(record: dict[str, Any], checks: Registry) -> Verdict:
    """The verdict that a record was made of."""
    return Verdict(
        check=checks[record["check"]],
        word=Word(record["verdict"]),
        violations=tuple(record["violations"]),
        reason=record["reason"],
        applies=record["applies"],
        see=record["see"],
        request=record["job"],
        reproduce=record["reproduce"],
        logs=tuple(record["logs"]),
    )


def _key(outcome: Outcome) -> tuple[str, str]:
    return outcome.request.name, str(outcome.variation)


def _image_record(image: Image) -> dict[str, Any]:
    return {
        "reference": image.reference,
        "id": image.id,
        "digest": image.digest,
        "platform": image.platform,
        "entrypoint": list(image.entrypoint),
        "cmd": list(image.cmd),
        "user": image.user,
        "working_directory": image.working_directory,
        "bytes": image.size,
        "facts": list(map(text.sentence, facts.of_image(image))),
    }
