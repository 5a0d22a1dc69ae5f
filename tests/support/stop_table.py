"""What the checks conclude from a stop, against what is true: `make table`.

Truth is that of `tests.support.stop_truth`. What is concluded comes from the service and the checks as a session uses
them: an undisturbed run, a run that is stopped, and the verdicts. In the run that is watched, the exit code and what
the program wrote down must be what they are in the one that is not. Where one of the two ended within its grace and the
other did not, the form is run again with more time, for that may be all it lacked.
"""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from conformance.checks import load_checks, stop
from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.outcome import JobStatus, Outcome
from conformance.rule.declaration import NotJudged
from conformance.service import engine, inspection
from conformance.service.engine import Engine
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from conformance.verdict.verdict import Verdict, Word, judge
from tests.support.stop_forms import FORMS, Form
from tests.support.stop_truth import LEAST_SECONDS, PATIENCE, Truth, can_note, image, noted, ready_at, truth

SIGNALS = {
    signal.SIGINT: (Variation.STOPPED_BY_SIGINT, "stop.ends-on-sigint"),
    signal.SIGTERM: (Variation.STOPPED_BY_SIGTERM, "stop.ends-on-sigterm"),
}

SLOWER = (1, 3, 9)
"""How many times as long a run may take, where the one before was too fast for the machine."""

REST_SECONDS = 1.0
"""How much of its work is left to the program when the grace is over."""

LIMIT_SECONDS = 60.0
"""How much longer a run may take before it is taken for one that never ends."""

AT_A_TIME = 4
"""Forms at the same time, each of which has five to seven containers that mostly wait."""

LINE = "{:36} {:8} {:>4}  {:7} {:5}  {:11} {:36}  {}"


class FormError(AssertionError):
    """A form that is no job: it does not end by itself, or its program was not ready when the last stop came."""


@dataclass(frozen=True)
class Answer:
    """What the checks say: yes, no, or None where they do not judge; `see` is the check that tells why, if any."""

    word: bool | None
    reason: str = ""
    see: str = ""

    def __str__(self) -> str:
        """As it stands in the table."""
        return f"see {self.see}" if self.see else {True: "yes", False: "no", None: "not judged"}[self.word]


@dataclass(frozen=True)
class Row:
    """One form and one signal: what is true, and what was concluded from a run that was watched.

    `exit_code` and `noted` are of that run; `noted` is None where the program cannot note the signal.
    """

    form: Form
    number: signal.Signals
    truth: Truth
    reached: Answer
    ended: Answer
    exit_code: int | None
    noted: bool | None

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is not so, and what was otherwise because it was watched."""
        found = []
        if self.reached.word not in {None, self.truth.reached}:
            found.append("reached")
        if self.ended.word not in {None, self.truth.ended}:
            found.append("ended")
        # An end that is left to the other check was concluded to fail because nothing reached the program.
        if self.ended.see == stop.REACHES and (self.truth.reached or self.truth.ended):
            found.append("ended for want of a signal")
        if self.exit_code != self.truth.exit_code:
            found.append(f"exit code {self.exit_code}")
        if self.noted not in {None, self.truth.reached}:
            found.append("noted")
        return tuple(found)

    @property
    def not_judged(self) -> tuple[str, ...]:
        """Why something was not concluded."""
        return tuple(answer.reason for answer in (self.reached, self.ended) if answer.word is None and not answer.see)

    @property
    def agrees(self) -> str:
        """The row's result."""
        if self.wrong:
            return f"WRONG: {', '.join(self.wrong)}"
        return "not judged" if self.not_judged else "yes"

    def __str__(self) -> str:
        """The row as a line of the table."""
        facts = ("yes" if fact else "no" for fact in (self.truth.reached, self.truth.ended))
        told = (str(self.reached), str(self.ended), self.agrees)
        return LINE.format(self.form.name, self.number.name, self.truth.exit_code, *facts, *told)


@dataclass(frozen=True)
class Table:
    """What rows are made with: the engine, and the image with all that the forms need."""

    engine: Engine
    image: Image

    def rows(self, form: Form) -> tuple[Row, ...]:
        """A form's two rows, whose runs are made side by side.

        Raises:
            FormError: it is no job, or the machine is far too slow for it.
        """
        with ThreadPoolExecutor() as pool:
            truths = list(pool.map(partial(truth, form), SIGNALS))
            seconds = max(LEAST_SECONDS, *(PATIENCE * true.ready_seconds for true in truths))
            for times in SLOWER:
                good, *stopped = self._outcomes(pool, form, times * seconds)
                if good.status is not JobStatus.COMPLETED:
                    raise FormError(f"{form.name}: undisturbed it is {good.status}")
                ready = all(map(_was_ready, (good, *stopped)))
                if ready and all(map(_ended_alike, truths, stopped)):
                    break
            if not ready:
                raise FormError(f"{form.name}: not ready after {times * seconds:g} s")
            return tuple(
                self._row(form, number, true, good, outcome)
                for number, true, outcome in zip(SIGNALS, truths, stopped, strict=True)
            )

    def _outcomes(self, pool: ThreadPoolExecutor, form: Form, seconds: float) -> list[Outcome]:
        """Of the undisturbed run, and of those that are stopped after so many seconds, with as many of grace."""
        asked = request(form, self.image, 2 * seconds + REST_SECONDS)
        settings = Settings(time_limit_seconds=2 * seconds + LIMIT_SECONDS, stop_grace_seconds=seconds)
        service = LocalService(self.engine, None, settings)
        try:
            runs = [pool.submit(service.run, self.image, asked, Variation.AS_REQUESTED)]
            runs += [
                pool.submit(service.run, self.image, asked, variation, stop_after_seconds=seconds)
                for variation, _ in SIGNALS.values()
            ]
            return [run.result() for run in runs]
        finally:
            service.close()

    def _row(self, form: Form, number: signal.Signals, true: Truth, good: Outcome, stopped: Outcome) -> Row:
        (host,) = stopped.hosts
        _, ends = SIGNALS[number]
        reached = Answer(None)
        if number == signal.SIGINT:
            reached = self._answer(stop.REACHES, good, stopped)
        else:  # no check speaks of it, and `ends` rests on it
            try:
                reached = Answer(stop.delivery(host, number, good.hosts[0])[1])
            except NotJudged as doubt:
                reached = Answer(None, str(doubt))
        own = number in noted(host.message or b"") if can_note(form, number) else None
        return Row(form, number, true, reached, self._answer(ends, good, stopped), host.exit_code, own)

    def _answer(self, check: str, good: Outcome, stopped: Outcome) -> Answer:
        registry = load_checks()
        job = registry[check].job
        runs = len(job.runs) if job is not None else 0
        # What stands between the two is told of and not judged.
        outcomes = (*[good] * (runs - 1), stopped)
        return _answer(judge(registry[check], self.image, (good.request,), outcomes, registry=registry))


def table() -> Table:
    """The engine and the image, which is built where it is missing."""
    reached = engine.connect()
    return Table(reached, inspection.find(reached, image()))


def request(form: Form, of: Image, seconds: float) -> JobRequest:
    """A job whose ContainerEntrypoint is the form, so that no verdict is explained by the image's own ENTRYPOINT."""
    return JobRequest(
        {
            "ProcessingJobName": "form",
            "AppSpecification": {"ImageUri": of.reference, "ContainerEntrypoint": list(form.entrypoint)},
            "Environment": {"SECONDS": str(seconds), **form.environment},
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
            },
            "RoleArn": "arn:aws:iam::123456789012:role/processing",
        }
    )


def _was_ready(outcome: Outcome) -> bool:
    """Whether the program listened before its signal came, if one did; both times are the kernel's."""
    (host,) = outcome.hosts
    ready = ready_at(host.message or b"")
    numbers = {number for number, (variation, _) in SIGNALS.items() if variation is outcome.variation}
    arrivals = [arrival.at for arrival in host.trace.signals if arrival.number in numbers] if host.trace else []
    return ready is not None and all(ready < at for at in arrivals)


def _ended_alike(true: Truth, outcome: Outcome) -> bool:
    (host,) = outcome.hosts
    return host.stop is not None and true.ended is not host.stop.killed


def _answer(verdict: Verdict) -> Answer:
    if verdict.word is Word.NOT_JUDGED:
        return Answer(None, verdict.reason, verdict.see)
    return Answer(verdict.word is Word.CONFORMS)


def closing(rows: Sequence[Row]) -> Iterator[str]:
    """The last lines: how many rows agree, how many were not judged and why, and how many are wrong."""
    results = Counter("wrong" if row.wrong else row.agrees for row in rows)
    yield f"{results['yes']} agree, {results['not judged']} not judged, {results['wrong']} wrong"
    reasons = Counter(row.not_judged[0] for row in rows if row.agrees == "not judged")
    yield from (f"  not judged {times} times: {reason}" for reason, times in reasons.items())


def main(names: Sequence[str]) -> int:
    """Print the table of the forms whose names contain one of these; the exit status is 1 where a row is wrong."""
    print(LINE.format("", "", "exit", "truth", "", "concluded", "", ""))
    print(LINE.format("form", "signal", "code", "reached", "ended", "reached", "ended", "agrees"))
    wanted = [form for form in FORMS if any(name in form.name for name in names or ("",))]
    rows: list[Row] = []
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for pair in pool.map(table().rows, wanted):
            print(*pair, sep="\n", flush=True)
            rows.extend(pair)
    print(*closing(rows), sep="\n")
    return int(any(row.wrong for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
