"""The timeline of each run, as shapes: a lane for each host, from its container's creation to its removal.

All lengths are in the units of the drawing, which is as wide as `WIDTH` and scales to the page.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conformance.job.variation import Variation
from conformance.outcome.timeline import Step
from conformance.reports.conclusion import Document

Json = Mapping[str, Any]

WIDTH = 1000
LEFT = 96
RIGHT = 14
TOP = 26
LANE = 46
"""How high a host's lane is."""

BAR, BAR_HEIGHT = 14, 16
"""Where in its lane a container's bar begins, and how high it is."""

SHOWN_HOSTS = 20
UPON = 3
"""How near to each other marks lie upon each other."""

MOST_TICKS = 10
STEPS = (1, 2, 5)
"""The distances between ticks, times a power of ten."""

ORDER = (Step.CREATED, Step.STARTED, Step.ENDED, Step.REMOVED)


@dataclass(frozen=True)
class Phase:
    """A part of a container's life: `name` is what it is drawn as."""

    name: str
    x: float
    width: float
    title: str


@dataclass(frozen=True)
class Mark:
    """Something at one moment; `kind` is what it is drawn as."""

    kind: str
    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Lane:
    """A host's lane; `lines` are paths of short strokes, one for each line of the log, by stream."""

    host: str
    y: float
    phases: tuple[Phase, ...]
    marks: tuple[Mark, ...]
    lines: Mapping[str, str]


@dataclass(frozen=True)
class Tick:
    """A tick of the axis."""

    x: float
    label: str


@dataclass(frozen=True)
class Event:
    """A line of the table beside the drawing, for whoever does not see it."""

    seconds: float
    host: str
    said: str


@dataclass(frozen=True)
class Timeline:
    """The drawing of one run."""

    name: str
    job: str
    status: str
    seconds: float
    height: int
    ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...]
    shared: tuple[Mark, ...]
    events: tuple[Event, ...]
    left_out: int

    @property
    def bottom(self) -> int:
        """Where the lanes end."""
        return self.height - 4


def of(document: Document) -> tuple[Timeline, ...]:
    """The timelines of all runs that have one, the undisturbed ones first."""
    runs = sorted(document["runs"], key=lambda run: run["variation"] != Variation.AS_REQUESTED)
    return tuple(_of_run(run) for run in runs if run["timeline"])


def _of_run(run: Json) -> Timeline:
    most = max(*(moment["seconds"] for moment in run["timeline"]), 0.1)
    scale = (WIDTH - LEFT - RIGHT) / most
    hosts = run["hosts"][:SHOWN_HOSTS]
    lanes = tuple(_lane(run, host, TOP + LANE * number, scale) for number, host in enumerate(hosts))
    height = TOP + LANE * len(lanes) + 4
    shared = tuple(
        Mark("shared", _x(moment["seconds"], scale), TOP, f"{moment['step']} at {moment['seconds']:.2f} s")
        for moment in run["timeline"]
        if not moment["host"]
    )
    return Timeline(
        name=run["variation"],
        job=run["job"],
        status=run["status"],
        seconds=run["seconds"],
        height=height,
        ticks=tuple(_ticks(most, scale)),
        lanes=lanes,
        shared=shared,
        events=tuple(_events(run)),
        left_out=len(run["hosts"]) - len(hosts),
    )


def _x(seconds: float, scale: float) -> float:
    return round(LEFT + max(seconds, 0.0) * scale, 1)


def _ticks(most: float, scale: float) -> Iterator[Tick]:
    power = 10.0 ** math.floor(math.log10(most / MOST_TICKS))
    step = next(power * each for each in (*STEPS, 10, 20) if most / (power * each) <= MOST_TICKS)
    digits = max(-math.floor(math.log10(step)), 0)
    for number in range(int(most / step) + 1):
        yield Tick(_x(number * step, scale), f"{number * step:.{digits}f} s")


def _lane(run: Json, host: Json, y: float, scale: float) -> Lane:
    moments = [moment for moment in run["timeline"] if moment["host"] == host["name"]]
    at = {moment["step"]: moment["seconds"] for moment in reversed(moments)}
    started = at.get(Step.STARTED)
    marks = [*_marks(moments, y, scale), *_asked(run, host, y, scale)]
    if started is not None:
        marks += _arrivals(host, started, y, scale)
    lines = {} if started is None else _lines(host, started, y, scale)
    return Lane(host["name"], y, tuple(_phases(at, host, scale)), tuple(_apart(marks)), lines)


def _apart(marks: Sequence[Mark]) -> Iterator[Mark]:
    """The same marks, where several of a kind would lie upon each other one that says how many there are."""
    found: dict[tuple[str, int], list[Mark]] = {}
    for mark in marks:
        found.setdefault((mark.kind, round(mark.x / UPON)), []).append(mark)
    for first, *more in found.values():
        yield replace(first, title=f"{first.title}, and {len(more)} more") if more else first


def _phases(at: Mapping[str, float], host: Json, scale: float) -> Iterator[Phase]:
    known = [step for step in ORDER if step in at]
    names = {
        Step.CREATED: ("prepared", "container created and filled"),
        Step.STARTED: (_fate(host), f"container runs: {host['end']}, exit code {host['exit_code']}"),
        Step.ENDED: ("after", "read back and removed"),
    }
    for step, following in itertools.pairwise(known):
        name, said = names[step]
        x = _x(at[step], scale)
        width = max(round(_x(at[following], scale) - x, 1), 1.0)
        yield Phase(name, x, width, f"{host['name']}: {said}, {at[step]:.2f} s to {at[following]:.2f} s")


def _fate(host: Json) -> str:
    if host["stop"] is not None:
        return "stopped"
    return "ended-well" if host["exit_code"] == 0 else "failed"


def _marks(moments: Sequence[Json], y: float, scale: float) -> Iterator[Mark]:
    kinds = {Step.SIGNAL: "signal", Step.CUT_OFF: "cut", Step.UPLOADED: "upload"}
    for moment in moments:
        if kind := kinds.get(moment["step"]):
            x = _x(moment["seconds"], scale)
            yield Mark(kind, x, y + BAR, f"{_said(moment)} at {moment['seconds']:.2f} s")


def _arrivals(host: Json, started: float, y: float, scale: float) -> Iterator[Mark]:
    for signal in host["signals"]:
        x = _x(started + signal["seconds"], scale)
        title = f"{signal['name']} reached process {signal['pid']} ({signal['action']})"
        yield Mark("arrival", x, y + BAR + BAR_HEIGHT / 2, title)


def _asked(run: Json, host: Json, y: float, scale: float) -> Iterator[Mark]:
    below = y + BAR + BAR_HEIGHT + 5
    for query in run["queries"]:
        if query["host"] == host["name"] and query["at"] is not None:
            kind = "early" if query["too_early"] else "query"
            title = f"asked for {query['name']} ({query['type']}): {query['answer'] or query['code'] or 'no reply'}"
            yield Mark(kind, _x(query["at"], scale), below, title)
    for call in [] if run["calls"] is None else run["calls"]["calls"]:
        if call["host"] == host["name"] and call["at"] is not None:
            title = f"called {call['service']}:{call['operation']} {call['resource']}: {call['status']}"
            yield Mark("call", _x(call["at"], scale), below, title)


def _lines(host: Json, started: float, y: float, scale: float) -> dict[str, str]:
    """One path for each stream: a thousand elements would make the page heavy."""
    found = {}
    for stream, top in (("stdout", y + BAR - 8), ("stderr", y + BAR - 8)):
        places = sorted({round(_x(started + seconds, scale)) for seconds in host[stream]["times"]})
        if places:
            steps = (f"m{after - before}-6v6" for before, after in itertools.pairwise(places))
            found[stream] = f"M{places[0]} {top:g}v6{''.join(steps)}"
    return found


def _events(run: Json) -> Iterator[Event]:
    for moment in run["timeline"]:
        yield Event(moment["seconds"], moment["host"] or "all hosts", _said(moment))


def _said(moment: Json) -> str:
    if moment["step"] == Step.SIGNAL:
        return f"{moment['said']} sent"
    if moment["step"] == Step.UPLOADED:
        return f"{moment['said']} files uploaded"
    return str(moment["step"])
