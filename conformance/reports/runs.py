"""The evidence of one run as plain data, which `report.json` lists once for all verdicts that rest on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import islice
from typing import Any

from conformance import text
from conformance.job.conditions import Conditions
from conformance.outcome.calls import Calls
from conformance.outcome.gpu import Look
from conformance.outcome.outcome import Host, Outcome
from conformance.outcome.resolution import Queries
from conformance.outcome.timeline import Step
from conformance.outcome.trace import Trace
from conformance.reports import facts, logs, redaction
from conformance.rule.telling import Stream, telling

Clean = Callable[[Any], Any]
"""What takes secrets out of data."""

LOG_CHARACTERS = 16_000
"""How much of a stream's end a report holds."""

WORD_CHARACTERS = 1_000
LISTED_WORDS = 200
"""How much of a word a report holds, and of how many of a command line: a process may have megabytes of arguments."""

LISTED_SIGNALS = 100
LISTED_PROCESSES = 100
LISTED_FILES = 200
"""How many entries below /opt/ml a report lists for a host."""


def run_record(outcome: Outcome, secrets: Iterable[str] = ()) -> dict[str, Any]:
    """The evidence of one run as plain data, long logs and listings cut, without its own secrets and these."""
    clean = partial(redaction.redacted, secrets=(*secrets, *redaction.of_outcome(outcome)))
    record: dict[str, Any] = clean(_record(outcome, clean))
    return record


def _record(outcome: Outcome, clean: Clean) -> dict[str, Any]:
    """The same; what may be cut is clean before, so that no part of a secret is left at the cut."""
    return {
        "job": outcome.request.name,
        "variation": str(outcome.variation),
        "status": str(outcome.status),
        "exit_message": outcome.exit_message,
        "failure_reason": outcome.failure_reason,
        "seconds": round(outcome.seconds, 3),
        "conditions": _conditions_record(outcome.conditions),
        "request": _bounded(clean(outcome.request.document)),
        "timeline": [
            {"seconds": round(each.seconds, 3), "host": each.host, "step": str(each.step), "said": each.said}
            for each in outcome.timeline
        ],
        "trials": [
            {
                "conditions": _conditions_record(trial.conditions),
                "alone": trial.alone,
                "succeeded": trial.succeeded,
                "said": text.shortened(_shown(trial.said)),
                "asked": [_shown(name) for name in trial.asked[:LISTED_FILES]],
            }
            for trial in outcome.trials
        ],
        "facts": list(map(text.sentence, facts.of_outcome(outcome))),
        "gpu": {
            "wanted": outcome.gpus.wanted,
            "given": str(outcome.gpus.means),
            "lack": _shown(outcome.gpus.lack),
            "utilization": None if outcome.utilization is None else asdict(outcome.utilization),
        },
        "hosts": [_host_record(outcome, host, clean) for host in outcome.hosts],
        "calls": None if outcome.calls is None else _calls_record(outcome, outcome.calls),
        "queries": [] if outcome.queries is None else _query_records(outcome, outcome.queries),
        "uploads": [
            {"output": upload.output, "host": upload.host, "path": upload.path, "uri": upload.uri, "bytes": upload.size}
            for upload in outcome.uploads[:LISTED_FILES]
        ],
    }


def _conditions_record(conditions: Conditions) -> dict[str, Any]:
    return {"traced": conditions.traced, "lifted": sorted(str(choice) for choice in conditions.lifted)}


def _host_record(outcome: Outcome, host: Host, clean: Clean) -> dict[str, Any]:
    return {
        "name": host.name,
        "argv": _words(clean(host.argv)),
        "end": str(host.end),
        "exit_code": host.exit_code,
        "start_error": text.shortened(host.start_error),
        "out_of_memory": host.out_of_memory,
        "seconds": round(host.seconds, 3),
        "cut_off_seconds": None if host.cut_off_seconds is None else round(host.cut_off_seconds, 3),
        "stop": None if host.stop is None else {**asdict(host.stop), "seconds": round(host.stop.seconds, 3)},
        "untraced": host.untraced,
        "processes": [] if host.trace is None else _process_records(host.trace, clean),
        "signals": [] if host.trace is None else _signal_records(host.trace),
        "stand_in": [
            {
                "pid": witness.pid,
                "argv": _words(clean(witness.argv)),
                "variables": len(witness.variables),
                "uid": witness.uid,
                "working_directory": _shown(witness.cwd),
            }
            for witness in host.witnesses[:LISTED_PROCESSES]
        ],
        "feeds": [{"path": feed.path, "bytes": feed.size, "read": feed.read} for feed in host.feeds[:LISTED_FILES]],
        "look": None if host.look is None else _look_record(host.look),
        **{
            str(stream): {
                "bytes": log.size,
                "end": clean(log.text)[-LOG_CHARACTERS:],
                "file": logs.name(outcome, host, stream),
                "times": list(log.times),
            }
            for stream, log in ((Stream.STDOUT, host.stdout), (Stream.STDERR, host.stderr))
        },
        "telling": _telling_record(host, clean),
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


def _telling_record(host: Host, clean: Clean) -> dict[str, Any] | None:
    """The line of its log that says most of what went wrong."""
    told = telling(host)
    return (
        None
        if told is None
        else {"stream": str(told.stream), "line": text.shortened(clean(told.line), WORD_CHARACTERS)}
    )


def _look_record(look: Look) -> dict[str, Any]:
    programs = {"cuda": look.cuda, "nvidia_smi": look.smi}
    return {
        "devices": [device.path for device in look.devices],
        "variables": {name: text.shortened(_shown(value)) for name, value in look.variables.items()},
        "mounted": [_shown(path) for path in look.mounted[:LISTED_FILES]],
        **{
            name: {
                "error": program.error,
                "status": program.status,
                "output": _shown(program.output)[-LOG_CHARACTERS:],
            }
            for name, program in programs.items()
        },
    }


def _calls_record(outcome: Outcome, made: Calls) -> dict[str, Any]:
    kept = made.calls[:LISTED_FILES]
    began = _moment(outcome, Step.AWS_REACHABLE)
    return {
        "region": made.region,
        "in_all": len(made.calls) + made.more,
        "lacking": [text.shortened(_shown(reason)) for reason in made.refused[:LISTED_FILES]],
        "calls": [
            {
                "host": call.host,
                "seconds": round(call.at, 3),
                "at": None if began is None else round(began + call.at, 3),
                "service": call.service,
                "operation": _shown(call.operation),
                "resource": _shown(call.resource),
                "signer": str(call.signer),
                "region": _shown(call.region),
                "status": call.status,
                "sent": call.sent,
                "received": call.received,
                "throttled": call.throttled,
            }
            for call in kept
        ],
    }


def _query_records(outcome: Outcome, asked: Queries) -> list[dict[str, Any]]:
    names = {host.address: host.name for host in outcome.hosts}
    answered = _moment(outcome, Step.NAMES_ANSWERED)
    began = None if answered is None or asked.began is None else answered - asked.began
    return [
        {
            "host": names.get(query.client, query.client),
            "seconds": round(query.at - asked.queries[0].at, 3),
            "at": None if began is None else max(round(began + query.at, 3), 0.0),
            "name": _shown(query.name),
            "type": query.type,
            "code": query.code,
            "answer": _shown(query.answer),
            "too_early": query.delayed,
        }
        for query in asked.queries[:LISTED_FILES]
    ]


def _process_records(trace: Trace, clean: Clean) -> list[dict[str, Any]]:
    """The processes that became a program, with the signals that reached them."""
    ran = islice((process for process in trace.processes if process.executions), LISTED_PROCESSES)
    began = _beginning(trace)
    return [
        {
            "pid": process.pid,
            "parent": process.parent,
            "argv": _words(clean(process.argv)),
            "status": process.status,
            "began": round(process.began - began, 3),
            "ended": None if process.ended is None else round(process.ended - began, 3),
            "signals": [arrival.name for arrival in trace.signals_to(process)[:LISTED_SIGNALS]],
        }
        for process in ran
    ]


def _signal_records(trace: Trace) -> list[dict[str, Any]]:
    """The signals that reached processes, those of the kernel's own making among them."""
    began = _beginning(trace)
    return [
        {
            "seconds": max(round(signal.at - began, 3), 0.0),
            "name": signal.name,
            "pid": signal.receiver,
            "sender": signal.sender,
            "action": signal.action,
        }
        for signal in trace.signals[:LISTED_SIGNALS]
    ]


def _beginning(trace: Trace) -> float:
    """When the container's command began, on the clock of the trace."""
    return min((process.began for process in trace.processes), default=0.0)


def _moment(outcome: Outcome, step: Step) -> float | None:
    return next((each.seconds for each in outcome.timeline if each.step is step), None)


def _bounded(data: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(data, str):
        return text.shortened(_shown(data), WORD_CHARACTERS)
    if isinstance(data, Mapping):
        return {_shown(str(name)): _bounded(value) for name, value in data.items()}
    return [_bounded(each) for each in data[:LISTED_WORDS]] if isinstance(data, list | tuple) else data


def _words(argv: Sequence[str]) -> list[str]:
    return [text.shortened(_shown(word), WORD_CHARACTERS) for word in argv[:LISTED_WORDS]]


def _shown(word: str) -> str:
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
