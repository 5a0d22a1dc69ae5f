"""What was measured, kept as a file for each day, and how it differs from the last one.

Only ratios are compared, and numbers of things: seconds tell of a machine and of what else ran on it.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.table import Row

DIRECTORY = Path(__file__).parent / "results"

NOTABLE = 0.1
"""By which part a figure has to differ to be told: less is noise of any machine."""


def figure(row: Row) -> float | None:
    """What is compared of a row; None of one that has seconds alone."""
    if row.ratio is not None:
        return row.ratio
    return None if row.unit else statistics.median(row.ours)


def last(directory: Path = DIRECTORY) -> tuple[str, Mapping[str, float]]:
    """The newest file's day, such as `2026-11-28`, and its figures by the names of their rows; empty without one."""
    files = sorted(directory.glob("*.json"))
    if not files:
        return "", {}
    kept = json.loads(files[-1].read_text(encoding="utf-8"))
    return files[-1].stem, {row["name"]: row["figure"] for row in kept["rows"] if row["figure"] is not None}


def keep(rows: Sequence[Row], engine: str, directory: Path = DIRECTORY) -> Path:
    """Write the file of today, over an earlier one of the same day; rows that were not measured now are kept in it."""
    now = datetime.now(UTC)
    path = directory / f"{now:%Y-%m-%d}.json"
    measured = {row.name: _kept(row) for row in rows}
    if path.exists():
        earlier = json.loads(path.read_text(encoding="utf-8"))["rows"]
        measured = {**{row["name"]: row for row in earlier}, **measured}
    directory.mkdir(exist_ok=True)
    document = {
        "measured": now.isoformat(timespec="seconds"),
        "engine": engine,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "rows": list(measured.values()),
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path


def differences(rows: Sequence[Row], day: str, before: Mapping[str, float]) -> Iterator[str]:
    """A line for each row that is notably better or worse than it was on that day, and one that counts the others."""
    both = [(row.name, before[row.name], found) for row in rows if (found := figure(row)) and before.get(row.name)]
    notable = [each for each in both if abs(each[2] / each[1] - 1) > NOTABLE]
    for name, was, found in notable:
        yield f"{'better' if found < was else 'worse'} than on {day}: {name}: {was:.3g} -> {found:.3g}"
    if both:
        yield f"{len(both) - len(notable)} of {len(both)} figures are within {NOTABLE:.0%} of those of {day}."


def _kept(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "figure": figure(row),
        "ours": statistics.median(row.ours),
        "theirs": statistics.median(row.theirs) if row.theirs else None,
        "unit": row.unit,
        "turns": len(row.ours),
        "most": row.most,
        "holds": row.holds,
    }
