"""The logs of all runs as files beside `report.json`: `logs/<job>.<run>/<host>.stdout` and `.stderr`.

A file has what was kept of the stream, with a line that says what was left out; a stream that is empty has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from conformance.job.variation import Variation
from conformance.outcome.outcome import Host, Log, Outcome
from conformance.reports import redaction
from conformance.rule.evidence import failed_by_itself
from conformance.rule.telling import Stream, telling

DIRECTORY = "logs"

ODD = re.compile(r"[^\w.-]+", re.ASCII)
"""What stands in no name of a file here."""

MOST_NAMED = 3
"""How many logs a verdict names: those of its last runs."""


def name(outcome: Outcome, host: Host, stream: Stream) -> str:
    """The file of a stream, relative to `report.json`; empty where there is nothing in it."""
    if not _log(host, stream).size:
        return ""
    run = f"{_plain(outcome.request.name)}.{_plain(outcome.variation)}"
    return f"{DIRECTORY}/{run}/{_plain(host.name)}.{stream}"


def of_run(outcome: Outcome, secrets: Iterable[str] = ()) -> dict[str, str]:
    """What the files of a run hold, by their names, without its own secrets and these."""
    words = (*secrets, *redaction.of_outcome(outcome))
    return {
        path: redaction.redacted(_log(host, stream).text, words)
        for host in outcome.hosts
        for stream in Stream
        if (path := name(outcome, host, stream))
    }


def of_verdict(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """The files that tell most of what was judged: of each run one, of a host that failed if any did."""
    named: dict[str, None] = {}
    for outcome in outcomes:
        host = next((host for host in outcome.hosts if failed_by_itself(host)), outcome.hosts[0])
        told = telling(host)
        if told is not None:
            named[name(outcome, host, told.stream)] = None
    return tuple(named)[-MOST_NAMED:]


def remove(report: Path) -> None:
    """Remove the files that an earlier session left; what else there is in the folder stays."""
    for variation in Variation:
        for earlier in report.glob(f"{DIRECTORY}/*.{_plain(variation)}/*.std*"):
            if earlier.suffix in {f".{stream}" for stream in Stream}:
                earlier.unlink()
    for folder in report.glob(f"{DIRECTORY}/*.*"):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def write(report: Path, logs: Mapping[str, str]) -> None:
    """Write all files."""
    for path, text in logs.items():
        file = report / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")


def _log(host: Host, stream: Stream) -> Log:
    return host.stdout if stream is Stream.STDOUT else host.stderr


def _plain(text: str) -> str:
    """A text as a part of a file's name, which never leads out of its folder."""
    return ODD.sub("-", text).strip("-.") or "-"
