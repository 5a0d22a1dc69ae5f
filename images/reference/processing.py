"""Count the files, lines and bytes of every input of a processing job and write them to every output.

Runs as the only program of a container on Amazon SageMaker Processing.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

OPT_ML = Path("/opt/ml")
MESSAGE_BYTES = 1024  # what DescribeProcessingJob returns of a message


class InputError(Exception):
    """An input that cannot be processed; the text is for whoever started the job."""


def read_config(name: str) -> dict[str, Any]:
    """A document that Processing writes for the container."""
    with (OPT_ML / "config" / name).open(encoding="utf-8") as document:
        content = json.load(document)
    return content if isinstance(content, dict) else {}


def local_paths(entries: list[dict[str, Any]] | None, name: str, location: str) -> dict[str, Path]:
    """The local path of each input or output. Optional members may be missing or null."""
    found = {}
    for entry in entries or []:
        path = (entry.get(location) or {}).get("LocalPath")
        if path:
            found[str(entry.get(name))] = Path(path)
    return found


def input_paths(entries: list[dict[str, Any]] | None) -> dict[str, Path]:
    """Where each input is: in a directory, or in a FIFO beside it where it comes as a pipe."""
    found = local_paths(entries, "InputName", "S3Input")
    for entry in entries or []:
        name = str(entry.get("InputName"))
        if name in found and (entry.get("S3Input") or {}).get("S3InputMode") == "Pipe":
            found[name] = Path(f"{found[name]}_0")
    return found


def count(place: Path) -> dict[str, int]:
    """Files, lines and bytes below a folder, at any depth, or in a pipe, which holds all files as one."""
    files = [place] if place.is_fifo() else sorted(path for path in place.rglob("*") if path.is_file())
    contents = [path.read_bytes() for path in files]
    return {
        "files": len(files),
        "lines": sum(len(content.splitlines()) for content in contents),
        "bytes": sum(len(content) for content in contents),
    }


def count_inputs(inputs: dict[str, Path]) -> dict[str, dict[str, int]]:
    """The counts of every input."""
    counts = {}
    for name, place in inputs.items():
        if not place.is_dir() and not place.is_fifo():
            raise InputError(f"input {name} is missing: there is no directory or pipe {place}")
        counts[name] = count(place)
        if not counts[name]["files"]:
            raise InputError(f"input {name} is empty: there is no file below {place}")
        if place.is_fifo() and not counts[name]["bytes"]:
            raise InputError(f"input {name} is empty: nothing came through {place}")
        print(f"input {name}: {counts[name]}")
    return counts


def write(path: Path, text: str) -> None:
    """Write a file so that it appears complete: an output may be uploaded while the job runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".", encoding="utf-8", delete=False) as unfinished:
        unfinished.write(text)
    complete = Path(unfinished.name)
    complete.chmod(0o644)
    complete.replace(path)
    print(f"wrote {path}")


def as_csv(counts: dict[str, dict[str, int]]) -> str:
    """The counts as a table."""
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["input", "files", "lines", "bytes"])
    rows.writerows([name, *values.values()] for name, values in counts.items())
    return table.getvalue()


class Job:
    """The job as this host sees it."""

    def __init__(self) -> None:
        """Read what Processing says of the job and of its hosts."""
        request = read_config("processingjobconfig.json")
        resources = read_config("resourceconfig.json")
        self.inputs = input_paths(request.get("ProcessingInputs"))
        outputs = request.get("ProcessingOutputConfig") or {}
        self.outputs = local_paths(outputs.get("Outputs"), "OutputName", "S3Output")
        self.host = resources.get("current_host") or "algo-1"
        self.hosts = sorted(resources.get("hosts") or [self.host])

    @property
    def leads(self) -> bool:
        """Whether this is the one host that speaks for all."""
        return bool(self.host == self.hosts[0])

    def say(self, message: str) -> None:
        """Leave the message that DescribeProcessingJob returns; several hosts share its 1 KB."""
        if self.leads:
            text = message.encode()[:MESSAGE_BYTES].decode(errors="ignore")
            write(OPT_ML / "output" / "message", text)

    def stop(self, number: int, _frame: object) -> NoReturn:
        """Leave as the signal asks."""
        name = signal.Signals(number).name
        self.say(f"stopped by {name}")
        print(f"{name}: leaving", file=sys.stderr, flush=True)
        os._exit(128 + number)

    def run(self, options: argparse.Namespace) -> int:
        """Do the work; the result is the exit code."""
        try:
            counts = count_inputs(self.inputs)
        except InputError as error:
            print(f"error: {error}", file=sys.stderr)
            self.say(str(error))
            return 1
        suffix = "" if self.leads else f"-{self.host}"
        for folder in self.outputs.values():
            write(folder / f"summary{suffix}.json", json.dumps(counts, indent=2) + "\n")
            write(folder / f"summary{suffix}.csv", as_csv(counts))
        files = sum(values["files"] for values in counts.values())
        self.say(options.message or f"counted {files} files of {len(counts)} inputs")
        time.sleep(options.sleep)
        print(f"done on {self.host}, one of {len(self.hosts)} hosts")
        return int(options.exit_code)


def main() -> int:
    """Run the job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exit-code", type=int, default=0, help="leave with this code after the work")
    parser.add_argument("--sleep", type=float, default=0, metavar="SECONDS", help="wait before leaving")
    parser.add_argument("--message", default="", metavar="TEXT", help="leave this message")
    options = parser.parse_args()
    job = Job()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, job.stop)
    return job.run(options)


if __name__ == "__main__":
    sys.exit(main())
