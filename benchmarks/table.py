"""What a benchmark measured, as the lines of a table: medians, quartiles, a ratio, and whether a bound held."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

NAME_WIDTH = 54
SAMPLES_WIDTH = 24


@dataclass(frozen=True)
class Row:
    """One thing that was measured several times, and where there are `theirs`, what it is compared with.

    `most` bounds the ratio of the two medians, or where nothing is compared the median alone. `unit` is `s`, or empty
    for a number of things.
    """

    name: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...] = ()
    most: float | None = None
    unit: str = "s"

    @property
    def ratio(self) -> float | None:
        """The median of ours by the median of theirs."""
        return statistics.median(self.ours) / statistics.median(self.theirs) if self.theirs else None

    @property
    def holds(self) -> bool:
        """Whether what was measured is within its bound; it is where there is none."""
        found = statistics.median(self.ours) if self.ratio is None else self.ratio
        return self.most is None or found <= self.most

    def __str__(self) -> str:
        """The line of the table."""
        ratio = "" if self.ratio is None else f"{self.ratio:.3f}"
        unit = f" {self.unit}" if self.unit and self.ratio is None else ""
        bound = "" if self.most is None else f"at most {self.most:.3g}{unit}: {'holds' if self.holds else 'MISSED'}"
        return _line(self.name, _samples(self.ours, self.unit), _samples(self.theirs, self.unit), ratio, bound)


@dataclass(frozen=True)
class Benchmark:
    """A table that can be measured: the headings of its two columns, how many turns it takes, and its rows."""

    ours: str
    theirs: str
    turns: int
    measure: Callable[[int], Iterator[Row]]

    def header(self, turns: int) -> str:
        """The first line of the table."""
        return _line(f"medians (and quartiles) of {turns} turns", self.ours, self.theirs, "ratio", "bound")


def closing(rows: Sequence[Row]) -> str:
    """The sentence that says which bounds held."""
    bounded = [row for row in rows if row.most is not None]
    missed = [row.name for row in bounded if not row.holds]
    held = f"{len(bounded) - len(missed)} of {len(bounded)} bounds held in this run"
    return f"{held}; missed: {'; '.join(missed)}." if missed else f"{held}."


def _samples(samples: Sequence[float], unit: str) -> str:
    if not samples:
        return ""
    if not unit:
        return f"{statistics.median(samples):g}"
    if len(samples) == 1:
        return f"{samples[0]:.3f} {unit}"
    first, middle, third = statistics.quantiles(samples, n=4, method="inclusive")
    return f"{middle:.3f} {unit} ({first:.3f}-{third:.3f})"


def _line(name: str, ours: str, theirs: str, ratio: str, bound: str) -> str:
    return f"{name:{NAME_WIDTH}} {ours:>{SAMPLES_WIDTH}} {theirs:>{SAMPLES_WIDTH}} {ratio:>6}   {bound}".rstrip()
