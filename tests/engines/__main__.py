"""Engines beside one another: `make engines`, or `python -m tests.engines [--sample] [ENGINE...]`.

Each engine is brought up beside the machine's own, gets the images of that one, and judges the good ones and a sample
of the flawed ones; two engines judge all flawed ones, unless `--sample` is given. It prints each difference with its
reason, and a table at the end. It ends with 1 where a difference is none that is known of this kind of engine, and with
3 where an engine could not be brought up, so that a machine that has none does not seem to have tried it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from conformance import text
from tests.engines.comparison import GOOD, Comparison, flawed, of_length
from tests.engines.debian import UnavailableError
from tests.engines.kinds import KINDS, Kind
from tests.engines.running import NotUpError, leave_on_signals, running

ALL_FLAWED = frozenset({"docker-28-containerd", "podman-5"})
"""The engines that judge all flawed images: one of each make."""

SAMPLE = "--sample"

UNAVAILABLE = 3


@dataclass(frozen=True)
class Row:
    """One line of the table; `ratio` is how long its sessions took, in those of the machine's own engine."""

    kind: Kind
    version: str = ""
    images: int = 0
    verdicts: int = 0
    known: int = 0
    unknown: int = 0
    ratio: float = 0.0
    unavailable: str = ""

    def __str__(self) -> str:
        """As it is printed."""
        name = f"{self.kind.name:22}"
        if self.unavailable:
            return f"{name} not tried: {self.unavailable}"
        same = "no difference" if self.known + self.unknown == 0 else ""
        differing = same or f"{self.known} differ for a known reason, {self.unknown} for none"
        return f"{name} {self.version:16} {self.images:4} {self.verdicts:6} {self.ratio:4.1f}  {differing}"


def _compare(kind: Kind, comparison: Comparison, *, sample: bool) -> Row:
    cases = [*GOOD, *flawed(all_of_them=kind.name in ALL_FLAWED and not sample)]
    # Built before another engine is there, which waits for nothing then.
    for case in cases:
        comparison.tag(case)
    known = unknown = verdicts = 0
    here_seconds = there_seconds = 0.0
    try:
        with running(kind) as engine:
            print(f"{kind.name}: {engine.version}; {kind.told or 'as Debian has it'}", flush=True)
            for case in cases:
                here, there, differences = comparison.on(engine, case)
                here_seconds, there_seconds = here_seconds + here.seconds, there_seconds + there.seconds
                verdicts += len(there.verdicts)
                print(
                    f"  {case.name:58} {here.seconds:6.1f} {there.seconds:6.1f} s  {len(differences) or ''}", flush=True
                )
                for each in differences:
                    reason = kind.differs.get(each.check) or kind.differs.get(case.name) or of_length(each)
                    known, unknown = known + bool(reason), unknown + (not reason)
                    because = reason or f"unexplained: {text.line(each.why)}"
                    print(f"    {each.check}: {each.other}, by default {each.default} ({because})", flush=True)
            return Row(kind, engine.version, len(cases), verdicts, known, unknown, there_seconds / here_seconds)
    except (NotUpError, UnavailableError) as error:
        return Row(kind, unavailable=str(error))


def main(words: Sequence[str]) -> int:
    """Compare the engines of these names, or all; see above for the exit status."""
    names = [word for word in words if word != SAMPLE]
    if nobody := [name for name in names if name not in KINDS]:
        print(f"no engine is called {', '.join(nobody)}; there are {', '.join(KINDS)}", file=sys.stderr)
        return 2
    leave_on_signals()
    comparison = Comparison()
    rows = [_compare(KINDS[name], comparison, sample=SAMPLE in words) for name in names or KINDS]
    print("engine, version, images, verdicts, time by that of the machine's own engine, differences from its verdicts")
    for row in rows:
        print(row)
    if any(row.unknown for row in rows):
        return 1
    return UNAVAILABLE if any(row.unavailable for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
