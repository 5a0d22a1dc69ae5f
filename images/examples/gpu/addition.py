"""Add the two columns of every table of a processing job, on a GPU where there is one, and write the sums.

Runs as the only program of a container on Amazon SageMaker Processing. A table is a CSV file `first,second`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import sys
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from cuda import CudaError, Gpu

OPT_ML = Path("/opt/ml")
MESSAGE_BYTES = 1024  # what DescribeProcessingJob returns of a message


class InputError(Exception):
    """An input that is of no use; the text is for whoever started the job, and quotes nothing of it."""


def read_config(name: str) -> dict[str, Any]:
    """A document that Processing writes for the container."""
    content = json.loads((OPT_ML / "config" / name).read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}


def local_paths(entries: Iterable[dict[str, Any]] | None, location: str) -> list[Path]:
    """The local path of each input or output. Optional members may be missing or null."""
    found = ((entry.get(location) or {}).get("LocalPath") for entry in entries or ())
    return [Path(path) for path in found if path]


def read_table(path: Path) -> tuple[array[float], array[float]]:
    """The two columns of a table."""
    first, second = array("d"), array("d")
    try:
        with path.open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table, strict=True):
                first.append(float(row["first"]))
                second.append(float(row["second"]))
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise InputError(f"{path.name} is no table of numbers with the columns first and second") from error
    return first, second


def read_tables(folders: Iterable[Path]) -> dict[str, tuple[array[float], array[float]]]:
    """The columns of all tables below these folders, by their names."""
    paths = sorted(path for folder in folders for path in folder.rglob("*.csv"))
    tables = {path.stem: read_table(path) for path in paths}
    if not any(len(first) for first, _ in tables.values()):
        raise InputError("there is nothing to add: no table has a row")
    return {name: columns for name, columns in tables.items() if len(columns[0])}


def add(tables: dict[str, tuple[array[float], array[float]]], times: int) -> tuple[dict[str, array[float]], str]:
    """The sums by table, and what has added them; a GPU does so as often as it is told."""
    try:
        gpu = Gpu()
        sums = {name: gpu.add(*columns, times=times) for name, columns in tables.items()}
        gpu.close()
    except CudaError as error:
        print(f"warning: no GPU is used: {error}", file=sys.stderr)
        on_cpu = {
            name: array("d", (one + two for one, two in zip(*columns, strict=True))) for name, columns in tables.items()
        }
        return on_cpu, "the CPU"
    return sums, gpu.name


def write(path: Path, text: str) -> None:
    """Write a file so that it appears complete: an output may be uploaded while the job runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
    print(f"wrote {path}")


def say(message: str) -> None:
    """Leave the message that DescribeProcessingJob returns."""
    write(OPT_ML / "output" / "message", message.encode()[:MESSAGE_BYTES].decode(errors="ignore"))


def stop(number: int, _frame: object) -> NoReturn:
    """Leave as the signal asks."""
    name = signal.Signals(number).name
    say(f"stopped by {name}")
    print(f"{name}: leaving", file=sys.stderr, flush=True)
    os._exit(128 + number)


def run(times: int) -> int:
    """Do the work; the result is the exit code."""
    request = read_config("processingjobconfig.json")
    try:
        tables = read_tables(local_paths(request.get("ProcessingInputs"), "S3Input"))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        say(str(error))
        return 1
    sums, device = add(tables, times)
    outputs = local_paths((request.get("ProcessingOutputConfig") or {}).get("Outputs"), "S3Output")
    for folder in outputs:
        for name, column in sums.items():
            write(folder / f"{name}.csv", "sum\n" + "".join(f"{number!r}\n" for number in column))
    pairs = sum(map(len, sums.values()))
    say(f"added {pairs} pairs of numbers on {device}")
    print(f"added {pairs} pairs of numbers on {device}")
    return 0


def main() -> int:
    """Run the job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="how often to add each table, to keep a GPU at work")
    options, _ = parser.parse_known_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return run(options.times)


if __name__ == "__main__":
    sys.exit(main())
