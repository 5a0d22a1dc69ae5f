"""The bar of a page that shows how many there are of each kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.verdict.verdict import Word

UNIT = 1000.0
"""The length of a bar."""

TONES = {
    Word.CONFORMS: "good",
    Word.VIOLATES: "bad",
    Word.ADVISED: "warn",
    Word.WAIVED: "warn",
    Word.NOT_JUDGED: "mute",
    Word.ERROR: "odd",
}
"""The colour of each verdict."""


@dataclass(frozen=True)
class Share:
    """A part of the bar, in thousandths of its length."""

    word: str
    tone: str
    count: int
    start: float
    width: float


def of(kinds: Iterable[tuple[str, str, int]]) -> tuple[Share, ...]:
    """The parts of a bar, of each kind with its word, its colour and how many there are of it; no part is empty."""
    there = [kind for kind in kinds if kind[2]]
    total, start, found = sum(count for _, _, count in there), 0.0, []
    for word, tone, count in there:
        width = UNIT * count / total
        found.append(Share(word, tone, count, round(start, 1), round(width, 1)))
        start += width
    return tuple(found)


def of_counts(counts: Mapping[str, int]) -> tuple[Share, ...]:
    """The same of verdicts."""
    return of((str(word), TONES[word], counts[word]) for word in Word)
