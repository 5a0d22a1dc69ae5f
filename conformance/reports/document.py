"""The report as a JSON document: every verdict with its evidence, as `report.schema.json` beside this file says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import conformance
from conformance.image.image import Image
from conformance.job.gpu import Choice
from conformance.outcome.gpu import Look, Means
from conformance.outcome.outcome import Host, Outcome
from conformance.outcome.resolution import Queries
from conformance.outcome.trace import Trace
from conformance.reports import facts
from conformance.rule.declaration import Registry
from conformance.verdict.profiles import ExitStatus, Profile, exit_status, missing
from conformance.verdict.verdict import Verdict, Word

SCHEMA_VERSION = 1
FILE_NAME = "report.json"

LOG_CHARACTERS = 16_000
"""How much of a stream's end a report holds."""

LISTED_PROCESSES = 100
LISTED_FILES = 200
"""How many entries below /opt/ml a report lists for a host."""


@dataclass(frozen=True)
class Report:
    """The finished document, and what the other reports need of it beyond."""

    document: dict[str, Any]
    verdicts: tuple[Verdict, ...]
    missing: tuple[str, ...]
    profile: Profile
    exit_status: int

    def write(self, directory: Path) -> None:
        """Write `report.json` into a directory."""
        text = json.dumps(self.document, indent=2, ensure_ascii=True)
        (directory / FILE_NAME).write_text(text + "\n", encoding="utf-8")


class Recorder:
    """Collects verdicts as plain data, in a worker to be sent and in the controller to be reported."""

    def __init__(self) -> None:
        """Begin with none."""
        self.records: list[dict[str, Any]] = []
        self.runs: dict[tuple[str, str], dict[str, Any]] = {}
        self.failures = 0

    @staticmethod
    def record(verdict: Verdict, outcomes: Sequence[Outcome], *, seconds: float, failed: bool) -> dict[str, Any]:
        """A verdict with the runs that it rests on; `failed` says whether pytest counts it as a failure or an error."""
        return {
            **verdict_record(verdict),
            "seconds": round(seconds, 3),
            # Where a run would only have ended as another one did, that one stands for both.
            "runs": list(dict.fromkeys(str(outcome.variation) for outcome in outcomes)),
            "failed": failed,
            "evidence": [run_record(outcome) for outcome in outcomes],
        }

    def take(self, record: dict[str, Any]) -> None:
        """Take in what an item found."""
        self.failures += record["failed"]
        for run in record["evidence"]:
            self.runs.setdefault((run["job"], run["variation"]), run)
        self.records.append({key: value for key, value in record.items() if key not in {"failed", "evidence"}})

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
        return Report(document, verdicts, lacking + left_out, profile, status)


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
    )


def run_record(outcome: Outcome) -> dict[str, Any]:
    """The evidence of one run as plain data, long logs and listings cut."""
    return {
        "job": outcome.request.name,
        "variation": str(outcome.variation),
        "status": str(outcome.status),
        "exit_message": outcome.exit_message,
        "failure_reason": outcome.failure_reason,
        "seconds": round(outcome.seconds, 3),
        "facts": list(facts.of_outcome(outcome)),
        "gpu": {
            "wanted": outcome.gpus.wanted,
            "given": str(outcome.gpus.means),
            "lack": _shown(outcome.gpus.lack),
        },
        "hosts": [_host_record(host) for host in outcome.hosts],
        "queries": [] if outcome.queries is None else _query_records(outcome, outcome.queries),
        "uploads": [
            {"output": upload.output, "host": upload.host, "path": upload.path, "uri": upload.uri, "bytes": upload.size}
            for upload in outcome.uploads[:LISTED_FILES]
        ],
    }


def _host_record(host: Host) -> dict[str, Any]:
    return {
        "name": host.name,
        "argv": list(host.argv),
        "end": str(host.end),
        "exit_code": host.exit_code,
        "start_error": host.start_error,
        "out_of_memory": host.out_of_memory,
        "seconds": round(host.seconds, 3),
        "cut_off_seconds": None if host.cut_off_seconds is None else round(host.cut_off_seconds, 3),
        "stop": None if host.stop is None else {**asdict(host.stop), "seconds": round(host.stop.seconds, 3)},
        "untraced": host.untraced,
        "processes": [] if host.trace is None else _process_records(host.trace),
        "stand_in": [
            {
                "pid": witness.pid,
                "argv": [_shown(word) for word in witness.argv],
                "variables": len(witness.variables),
                "uid": witness.uid,
                "working_directory": _shown(witness.cwd),
            }
            for witness in host.witnesses[:LISTED_PROCESSES]
        ],
        "feeds": [{"path": feed.path, "bytes": feed.size, "read": feed.read} for feed in host.feeds[:LISTED_FILES]],
        "look": None if host.look is None else _look_record(host.look),
        "stdout": {"bytes": host.stdout.size, "end": host.stdout.text[-LOG_CHARACTERS:]},
        "stderr": {"bytes": host.stderr.size, "end": host.stderr.text[-LOG_CHARACTERS:]},
        "files": [
            {"path": file.path, "kind": str(file.kind), "mode": f"{file.mode:04o}", "bytes": file.size}
            | ({"target": file.target} if file.target else {})
            for file in list(host.files)[:LISTED_FILES]
        ],
        "files_in_all": len(host.files),
        "sightings": [
            {"seconds": round(seen.seconds, 3), "path": seen.path, "bytes": seen.size, "sha256": seen.digest}
            for seen in host.sightings[:LISTED_FILES]
        ],
    }


def _look_record(look: Look) -> dict[str, Any]:
    programs = {"cuda": look.cuda, "nvidia_smi": look.smi}
    return {
        "devices": [device.path for device in look.devices],
        "variables": {name: _shown(value) for name, value in look.variables.items()},
        "mounted": [_shown(path) for path in look.mounted],
        **{
            name: {
                "error": program.error,
                "status": program.status,
                "output": _shown(program.output)[-LOG_CHARACTERS:],
            }
            for name, program in programs.items()
        },
    }


def _query_records(outcome: Outcome, asked: Queries) -> list[dict[str, Any]]:
    names = {host.address: host.name for host in outcome.hosts}
    return [
        {
            "host": names.get(query.client, query.client),
            "seconds": round(query.at - asked.queries[0].at, 3),
            "name": _shown(query.name),
            "type": query.type,
            "code": query.code,
            "answer": _shown(query.answer),
            "too_early": query.delayed,
        }
        for query in asked.queries[:LISTED_FILES]
    ]


def _process_records(trace: Trace) -> list[dict[str, Any]]:
    """The processes that became a program, with the signals that reached them."""
    return [
        {
            "pid": process.pid,
            "parent": process.parent,
            "argv": [_shown(word) for word in process.argv],
            "status": process.status,
            "signals": [arrival.name for arrival in trace.signals_to(process)],
        }
        for process in trace.processes
        if process.executions
    ][:LISTED_PROCESSES]


def _shown(word: str) -> str:
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


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
        "facts": list(facts.of_image(image)),
    }
