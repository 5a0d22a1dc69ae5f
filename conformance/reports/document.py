"""The report as a JSON document: every verdict with its evidence, as `report.schema.json` beside this file says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import conformance
from conformance import text
from conformance.image.image import Image
from conformance.job.gpu import Choice
from conformance.outcome.gpu import Means
from conformance.outcome.outcome import Outcome
from conformance.reports import catalogue, directory, facts, logs, names, redaction
from conformance.reports import verdicts as reading
from conformance.reports.runs import run_record
from conformance.rule.declaration import Registry
from conformance.verdict.profiles import ExitStatus, Profile, exit_status, missing
from conformance.verdict.verdict import Verdict, Word
from conformance.verdict.waivers import NO_WAIVERS, Waivers

SCHEMA_VERSION = 2

OF_PYTEST = frozenset({"failed", "evidence", "logs_of_runs"})
"""What is recorded with a verdict and stands elsewhere in the document, or nowhere."""


@dataclass(frozen=True)
class Report:
    """The finished document, and what the other reports need of it beyond; `logs` are files by their names."""

    document: dict[str, Any]
    verdicts: tuple[Verdict, ...]
    profile: Profile
    exit_status: int
    logs: Mapping[str, str]

    def write(self, place: Path) -> Path:
        """Write `report.json` into a directory, and the logs beside it; returns the file."""
        logs.write(place, self.logs)
        directory.write(place / names.REPORT, json.dumps(self.document, indent=2, ensure_ascii=True) + "\n")
        return place / names.REPORT


class Recorder:
    """Collects verdicts as plain data, in a worker to be sent and in the controller to be reported."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        """Begin with none; `secrets` are those of the image, which stand in no record."""
        self._secrets = tuple(secrets)
        self.records: dict[tuple[str, str], dict[str, Any]] = {}
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
        secrets = [*self._secrets, *(word for each in outcomes for word in redaction.of_outcome(each))]
        return {
            **redaction.redacted(verdict_record(verdict), secrets),
            "seconds": round(seconds, 3),
            # Where a run would only have ended as another one did, that one stands for both.
            "runs": list(dict.fromkeys(str(outcome.variation) for outcome in outcomes)),
            "failed": failed,
            "evidence": [run_record(outcome, self._secrets) for outcome in new.values()],
            "logs_of_runs": [logs.of_run(outcome, self._secrets) for outcome in new.values()],
        }

    def take(self, record: dict[str, Any], *, failed: bool | None = None) -> None:
        """Take in what an item found; the last time counts where a plugin has a check run several times.

        `failed` says whether pytest counts it as a failure now, if that has changed since it was recorded.
        """
        self.failures += record["failed"] if failed is None else failed
        for run, files in zip(record["evidence"], record["logs_of_runs"], strict=True):
            # Two workers may have run the same: what is told of it comes of one of them.
            if (run["job"], run["variation"]) not in self.runs:
                self.runs[run["job"], run["variation"]] = run
                self.logs |= files
        self.records[record["check"], record["job"]] = record

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
        selected: Collection[tuple[str, str]] | None = None,
        circumstances: Mapping[str, Any] | None = None,
        waivers: Waivers = NO_WAIVERS,
        warnings: Sequence[str] = (),
    ) -> Report:
        """Make the report; `expected` are all checks, each with the request that it is to judge.

        pytest's own status stays where the session was interrupted, and where tests other than the checks failed.
        `selected` are the checks that the user chose, if any, so that no result of others is required.
        `waivers` were applied to the verdicts, and fail the session where none needs them any more.
        `circumstances` are further members of the document; with `warnings` no session conforms.
        """
        order = {check.id: index for index, check in enumerate(checks)}
        records = [self.records[key] for key in sorted(self.records, key=lambda key: (order[key[0]], key[1]))]
        verdicts = tuple(verdict_of(record, checks) for record in records)
        left_out = tuple(check for check, request in expected if (check, request) not in self.records)
        # A check that was chosen may have been skipped by others' plugins, or the session ended before it.
        absent = left_out if selected is None else tuple(key[0] for key in selected if key not in self.records)
        waiving = waivers.results(verdicts, image)
        status = pytest_status
        if pytest_status in {ExitStatus.CONFORMS, ExitStatus.VIOLATES} and tests_failed == self.failures:
            complete = not absent and not warnings
            stale = any(each.is_stale for each in waiving)
            status = int(exit_status(profile, verdicts, strict=strict, complete=complete, stale=stale))
        counts = Counter(verdict.word for verdict in verdicts)
        lacking = tuple(verdict.check.id for verdict in missing(profile, verdicts))
        lacking += absent
        secrets = redaction.of_image(image)
        document = {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "sagemaker-processing-conformance", "version": conformance.__version__},
            "contract": conformance.CONTRACT_VERSION,
            "catalogue": catalogue.described(checks),
            "profile": profile.described(),
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
            "missing": sorted(set(lacking)),
            "verdicts": [{key: record[key] for key in record if key not in OF_PYTEST} for record in records],
            "runs": [self.runs[key] for key in sorted(self.runs)],
            "waivers": [each.described() for each in waiving],
            "warnings": list(warnings),
            **(circumstances or {}),
        }
        clean: dict[str, Any] = redaction.redacted(document, secrets)
        return Report(clean, verdicts, profile, status, redaction.redacted(self.logs, secrets))


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
        "waived": waived_record(verdict),
    }


def waived_record(verdict: Verdict) -> dict[str, Any] | None:
    """What a waived verdict was, and by whom it is answered for; None for any other."""
    if verdict.waived is None:
        return None
    return {"found": str(verdict.waived.found), "by": [each.described() for each in verdict.waived.by]}


def verdict_of(record: dict[str, Any], checks: Registry) -> Verdict:
    """The verdict that a record was made of."""
    return replace(reading.of_record(record), check=checks[record["check"]])


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
        "layers": [
            {"bytes": layer.size, "created_by": text.shortened(redaction.of_instruction(layer.created_by))}
            for layer in image.layers
        ],
        "facts": list(map(text.sentence, facts.of_image(image))),
    }
