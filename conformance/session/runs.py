"""How each run is made: what the undisturbed one requires of it, alongside which others, and how it is repeated."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from conformance.errors import LimitError
from conformance.image.image import Image
from conformance.job.conditions import Conditions
from conformance.job.request import JobRequest
from conformance.job.standin import StandIn
from conformance.job.variation import DEFAULT_COMMAND_SECONDS, Variation
from conformance.outcome.outcome import End, Outcome
from conformance.rule import causes, played, stops
from conformance.rule.declaration import NotJudged
from conformance.rule.derived import RESTING
from conformance.rule.evidence import did_its_work
from conformance.rule.programs import programs, programs_of
from conformance.rule.rerun import Rerun
from conformance.service import Service
from conformance.session.progress import Progress
from conformance.session.turns import Turns


class Runs:
    """Makes runs, each in the thread that asks for it."""

    def __init__(
        self,
        service: Service,
        found: Image,
        image: Callable[[], Image],
        turns: Turns,
        progress: Progress,
        suited: Callable[[JobRequest], JobRequest] = lambda request: request,
        further_programs: Callable[[JobRequest, Variation], frozenset[str]] | None = None,
    ) -> None:
        """Run this image; `image` returns it with its files, and may have to wait for them.

        `suited` returns the suite's own request with what the image's program asks for. `further_programs` returns
        the inputs that may bring programs beside those that are known to, or raises `NotJudged` where the service does
        not make such a run.
        """
        self._service = service
        self._found = found
        self._image = image
        self._turns = turns
        self._part: StandIn | NotJudged | None = None
        self._finding = threading.Lock()
        self._progress = progress
        self._suited = suited
        self._further_programs = further_programs

    def as_requested(self, request: JobRequest) -> Outcome:
        """Run it undisturbed; if it fails, find out whether the suite is the cause.

        Raises:
            NotJudged: the request is the suite's own, and nothing can stand in for the image's program.
        """
        if request.is_tried:
            return self._tried(request)
        tried = [causes.Tried(self._together(request, Variation.AS_REQUESTED), alone=False)]
        while (conditions := self._next_conditions(tried)) is not None:
            tried.append(causes.Tried(self._alone(request, Variation.AS_REQUESTED, conditions=conditions)))
        return causes.settled(tried)

    def by_itself(self, request: JobRequest, variation: Variation) -> Outcome:
        """Make a run that is independent of the undisturbed one."""
        return self._together(request, variation)

    def changed(self, request: JobRequest, variation: Variation, good: Callable[[], Outcome]) -> Outcome:
        """Run a variation alongside the undisturbed run.

        In rare cases that one shows that other conditions are needed; then the variation is run again.
        """
        if variation in played.OF_WRAPPERS and (part := self._played(request)) and not part.is_wrapped:
            return good()
        if request.is_tried:
            request = good().request
        outcome = self._together(request, variation)
        undisturbed = good()
        how = _as_in(undisturbed)
        if causes.is_limited(outcome) and not causes.is_limited(undisturbed):
            return self._alone(request, variation, **how)
        if undisturbed.conditions == outcome.conditions and how["programs"] == programs_of(request):
            return outcome
        return self._together(request, variation, **how)

    def resting(self, variation: Variation, good: Outcome) -> Outcome:
        """Run a job again as its undisturbed run requires; if it could only show the same, return that outcome."""
        again = RESTING[variation](self._image(), good)
        if again is None:
            return good
        how = {**_as_asked(again), **_as_in(good)}
        outcome = self._together(again.request, variation, **how)
        if variation.stop_signal and stops.shows_nothing(good, outcome, at_work=again.stop_at_work is not None):
            # It ended before it could be stopped, or had no handler yet, which at another attempt may be otherwise.
            if variation is not Variation.STOPPED_EARLY:
                how |= _as_asked(stops.stopped_sooner(good))
            return self._together(again.request, variation, **how)
        return outcome

    def repeated(self, request: JobRequest, variation: Variation, good: Outcome | None, *, traced: bool) -> Outcome:
        """Repeat a run, alone; `good` is the undisturbed one, None if the run is independent of it."""
        if good is None:
            return self._alone(request, variation)
        how = _as_in(good)
        if not traced:
            how["conditions"] = good.conditions.untraced()
        again = (RESTING[variation](self._image(), good) if variation in RESTING else None) or Rerun(
            good.request if request.is_tried else request
        )
        return self._alone(again.request, variation, **_as_asked(again), **how)

    def _tried(self, request: JobRequest) -> Outcome:
        """Let the image's own program try the suite's request, and where it fails, one that is suited to it.

        Why it fails is for nobody to find out: it need not be able to do either.
        """
        tried = self._together(request, Variation.AS_REQUESTED)
        if did_its_work(tried) or any(host.end is not End.EXITED for host in tried.hosts):
            return tried
        suited = self._suited(request)
        return tried if suited == request else self._together(suited, Variation.AS_REQUESTED)

    def _next_conditions(self, tried: list[causes.Tried]) -> Conditions | None:
        # Wait for the image's files only if something went wrong.
        if causes.is_settled(tried):
            return None
        return causes.next_conditions(self._image(), tried)

    def _together(self, request: JobRequest, variation: Variation, **how: Any) -> Outcome:  # noqa: ANN401 - as `Service.run`
        given = self._given(request, variation, how)
        with self._turns.together(), self._progress.running(request, variation), _no_verdict():
            return self._service.run(self._found, request, variation, **given)

    def _alone(self, request: JobRequest, variation: Variation, **how: Any) -> Outcome:  # noqa: ANN401 - as above
        given = self._given(request, variation, how)
        with self._turns.alone(), self._progress.running(request, variation, again=True), _no_verdict():
            return self._service.run(self._found, request, variation, **given)

    def _given(self, request: JobRequest, variation: Variation, how: dict[str, Any]) -> dict[str, Any]:
        further = frozenset[str]() if self._further_programs is None else self._further_programs(request, variation)
        part = how["played"] if "played" in how else self._played(request)
        if part is not None and request.entrypoint is not None:
            # Named by its file, it may be started by other words than its wrapper uses.
            part = replace(part, command=request.entrypoint)
        named = {"programs": programs_of(request), **how}
        return {**named, "programs": named["programs"] | further, "played": part}

    def _played(self, request: JobRequest) -> StandIn | None:
        """The program whose part the probe plays; None in what the image's own program does.

        Raises:
            NotJudged: nothing can stand in for it.
        """
        if not request.is_own or request.is_tried:
            return None
        with self._finding:
            if self._part is None:
                self._part = self._find_played(request)
        if isinstance(self._part, NotJudged):
            raise self._part
        return self._part

    def _find_played(self, request: JobRequest) -> StandIn | NotJudged:
        image = self._image()
        if part := played.direct(image):
            return part
        reason: NotJudged | None = None
        for asked, variation in played.starts(image, request):
            start = self._together(asked, variation, stop_after_seconds=DEFAULT_COMMAND_SECONDS, played=None)
            try:
                return played.started(image, start)
            except NotJudged as stop:
                reason = reason or stop
        return reason or NotJudged("the image has no command", see="image.has-command")


@contextlib.contextmanager
def _no_verdict() -> Iterator[None]:
    """Nothing is judged by a run that a limit of the suite's own ended."""
    try:
        yield
    except LimitError as error:
        raise NotJudged(str(error)) from error


def _as_in(good: Outcome) -> dict[str, Any]:
    """What further runs of a job have in common with the undisturbed one."""
    return {"conditions": good.conditions, "programs": programs(good)}


def _as_asked(again: Rerun) -> dict[str, Any]:
    return {
        "stop_after_seconds": again.stop_after_seconds,
        "stop_at_work": again.stop_at_work,
        "cut_off_after_seconds": again.cut_off_after_seconds,
        "stand_in": again.stand_in,
    }
